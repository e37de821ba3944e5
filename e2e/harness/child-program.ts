import { spawn, type ChildProcess } from 'node:child_process';

/** A program that a test started, its output, and the ways to end it. Only the process that was started here is ever signalled. */
export interface ChildProgram {
  readonly pid: number;
  /** Everything written to stdout and stderr so far. */
  output(): string;
  /** Asks it to stop and waits; after ten seconds it is killed. Gives the exit code, null if a signal ended it. */
  stop(): Promise<number | null>;
  /** `kill -9`, and waits until it is gone. */
  kill(): Promise<void>;
  hasExited(): boolean;
}

export interface ChildOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const maxKeptOutputCharacters = 4_000_000;

export function startChildProgram(command: string, args: readonly string[], options: ChildOptions = {}): ChildProgram {
  const child: ChildProcess = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ? { ...process.env, ...options.env } : process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-maxKeptOutputCharacters);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  child.on('error', (error) => {
    output += `\n${String(error)}`;
  });
  const hasExited = (): boolean => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const killWithUs = (): void => {
    if (!hasExited()) child.kill('SIGKILL');
  };
  process.once('exit', killWithUs);
  void exited.then(() => process.off('exit', killWithUs));
  return {
    pid: child.pid ?? -1,
    output: () => output,
    hasExited,
    async stop() {
      if (!hasExited()) {
        child.kill('SIGTERM');
        const deadline = setTimeout(() => child.kill('SIGKILL'), 10_000);
        await exited;
        clearTimeout(deadline);
      }
      return child.exitCode;
    },
    async kill() {
      if (hasExited()) return;
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Polls until `check` gives something, or fails with `what` and the last error after `timeoutMs`. */
export async function eventually<Result>(
  what: string,
  check: () => Promise<Result | undefined | false>,
  timeoutMs = 30_000,
  everyMs = 100,
): Promise<Result> {
  const deadline = Date.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const result = await check();
      if (result !== undefined && result !== false) return result;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${timeoutMs} ms`, { cause: lastError });
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
