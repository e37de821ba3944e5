import { parseConfig } from '@timestream-prometheus/connector';
import { CommanderError } from 'commander';
import type { Flags } from './command-definition.js';
import type { ProgramHost } from './program-host.js';
import { createProgram, SERVE } from './create-program.js';
import { startServing } from './start-serving.js';
import { describeStartupError, exitCodes } from './startup-error.js';

export type { ProgramHost } from './program-host.js';

/** As long as Prometheus waits for an answer (`remote_timeout`, 30 s), short of the 30 s after which Kubernetes kills. */
export const stopGraceMs = 25_000;

/** Runs the command line `args` (without program name) to its end and gives the exit code. Never rejects. */
export async function runProgram(args: readonly string[], host: ProgramHost): Promise<number> {
  let exitCode: number = exitCodes.stopped;
  async function serve(flags: Flags): Promise<void> {
    const serving = await startServing(parseConfig({ flags, env: host.env, defaultsFor: 'server' }), host);
    await host.waitForStop(serving);
    serving.logger.info({ graceMs: stopGraceMs }, 'stopping: finishing what is in flight');
    await serving.stop(stopGraceMs);
    serving.logger.info({}, 'stopped');
  }
  // A server stays for long and needs none of the others: they are not loaded for it.
  const definitions = args[0] === SERVE ? [] : (await import('./commands/commands.js')).COMMANDS;
  const commands = definitions.map((definition) => ({
    definition,
    run: async (input: Parameters<typeof definition.run>[0]) => {
      exitCode = await definition.run(input, host);
    },
  }));
  // A word that comes first is a command; options alone serve, as they always did.
  const namesCommand = args[0] !== undefined && !args[0].startsWith('-');
  try {
    await createProgram(serve, host, commands, !namesCommand).parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.stopped : exitCodes.misused;
    const command = namesCommand
      ? (commands.find(({ definition }) => definition.name.split(' ')[0] === args[0])?.definition.name ?? SERVE)
      : SERVE;
    const { line, exitCode: code } = describeStartupError(error, command);
    host.writeErr(`${line}\n`);
    return code;
  }
}
