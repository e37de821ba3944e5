import { runProgram } from '../../src/cli/run-program.js';

export interface ServedInProcess {
  readonly port: number;
  readonly log: () => string;
  readonly out: () => string;
  /** Asks it to end, and gives its exit code. */
  readonly stop: () => Promise<number>;
}

/** A server on a port of its own, run by its command line in this process. Rejects with what it wrote to standard error if it does not start. */
export async function serveInProcess(...args: readonly string[]): Promise<ServedInProcess> {
  let log = '';
  let out = '';
  let end = (): void => undefined;
  let ended: Promise<number> = Promise.resolve(0);
  const url = await new Promise<string>((resolve, reject) => {
    ended = runProgram(['serve', '--web.listen-address=127.0.0.1:0', '--self-scrape=false', ...args], {
      env: {},
      isErrTerminal: false,
      stopSignal: new AbortController().signal,
      writeOut: (text) => (out += text),
      writeErr: (text) => reject(new Error(text)),
      readSecret: () => Promise.resolve(''),
      log: { write: (line) => (log += line) },
      waitForStop: (serving) => {
        resolve(serving.url);
        return new Promise((finish) => (end = finish));
      },
    });
  });
  let stopped: Promise<number> | undefined;
  const stop = (): Promise<number> => {
    if (stopped === undefined) end();
    return (stopped ??= ended);
  };
  return { port: Number(new URL(url).port), log: () => log, out: () => out, stop };
}
