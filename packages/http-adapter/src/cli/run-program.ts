import { parseConfig } from '@timestream-prometheus/connector';
import { CommanderError } from 'commander';
import type { DestinationStream } from 'pino';
import { createProgram, type Flags } from './create-program.js';
import { startServing, type ServingConnector } from './start-serving.js';
import { describeStartupError, exitCodes } from './startup-error.js';

/** What the program needs of the process that it runs in. */
export interface ProgramHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  writeOut(text: string): void;
  writeErr(text: string): void;
  readonly log: DestinationStream;
  /** Called once when the server listens; resolves when it is time to stop. */
  waitForStop(serving: ServingConnector): Promise<void>;
}

/** As long as Prometheus waits for an answer (`remote_timeout`, 30 s), short of the 30 s after which Kubernetes kills. */
export const stopGraceMs = 25_000;

/** Runs the command line `args` (without program name) to its end and gives the exit code. Never rejects. */
export async function runProgram(args: readonly string[], host: ProgramHost): Promise<number> {
  async function serve(flags: Flags): Promise<void> {
    const serving = await startServing(parseConfig({ flags, env: host.env, defaultsFor: 'server' }), host);
    await host.waitForStop(serving);
    serving.logger.info({ graceMs: stopGraceMs }, 'stopping: finishing what is in flight');
    await serving.stop(stopGraceMs);
    serving.logger.info({}, 'stopped');
  }
  try {
    await createProgram(serve, host).parseAsync(args, { from: 'user' });
    return exitCodes.stopped;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.stopped : exitCodes.misused;
    const { line, exitCode } = describeStartupError(error);
    host.writeErr(`${line}\n`);
    return exitCode;
  }
}
