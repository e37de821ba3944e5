import { runProgram } from '../../src/cli/run-program.js';

export interface CommandRun {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process to its end, as a shell without a terminal would; `secret` is what standard input gives. */
export async function runCommand(
  args: readonly string[],
  {
    env = {},
    stopSignal = new AbortController().signal,
    secret = '',
  }: { readonly env?: Readonly<Record<string, string>>; readonly stopSignal?: AbortSignal; readonly secret?: string } = {},
): Promise<CommandRun> {
  let out = '';
  let err = '';
  const exitCode = await runProgram(args, {
    env,
    writeOut: (text) => (out += text),
    writeErr: (text) => (err += text),
    readSecret: () => Promise.resolve(secret),
    isErrTerminal: false,
    log: { write: () => undefined },
    waitForStop: () => Promise.resolve(),
    stopSignal,
  });
  return { exitCode, out, err };
}
