import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ProgramProcess {
  out(): string;
  err(): string;
  signal(name: 'SIGTERM' | 'SIGINT'): void;
  /** Resolves when standard output matches; rejects when the process ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves when standard error matches; rejects when the process ends before. */
  logged(pattern: RegExp): Promise<RegExpExecArray>;
  readonly exitCode: Promise<number | null>;
}

/** Runs the program in an empty folder and an environment with nothing of AWS in it. It does not outlive the test process. */
export function startProgram(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ProgramProcess {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: mkdtempSync(join(tmpdir(), 'timestream-prometheus-cli-')),
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()));
  const exitCode = new Promise<number | null>((resolve) => child.once('close', resolve));

  function matched(stream: 'out' | 'err', pattern: RegExp): Promise<RegExpExecArray> {
    const source = stream === 'out' ? child.stdout : child.stderr;
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(text[stream]);
        if (match === null) return;
        source.off('data', look);
        resolve(match);
      };
      source.on('data', look);
      look();
      void exitCode.then((code) => reject(new Error(`the program ended with ${code ?? 'a signal'}: ${text.out}${text.err}`)));
    });
  }

  return {
    out: () => text.out,
    err: () => text.err,
    signal: (name) => void child.kill(name),
    printed: (pattern) => matched('out', pattern),
    logged: (pattern) => matched('err', pattern),
    exitCode,
  };
}
