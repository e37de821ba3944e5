import { ConfigError, type ListenAddress } from '@timestream-prometheus/connector';

/** Why the program could not start, in one line for a person. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}

/** Exit codes: 2 for a wrong command line or environment, 1 for everything else that keeps the program from running. */
export const exitCodes = { stopped: 0, failed: 1, misused: 2 } as const;

/** The code that the operating system gave a failure, e.g. `EADDRINUSE`. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What the operating system said about an address, in words that say what to do. */
export function listenError(error: unknown, option: string, { host, port }: ListenAddress): StartupError {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'the port is in use by another program; stop it or choose another port',
    EACCES: 'this user may not listen on that port; choose one above 1023',
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOTFOUND: 'the host name is not known',
  };
  const code = errnoOf(error);
  const reason = code === undefined ? undefined : reasons[code];
  return new StartupError(`--${option}: cannot listen on ${host ?? ''}:${port}: ${reason ?? messageOf(error)}`, { cause: error });
}

/** Arguments of a command that name a file: they are given without a name. */
const FILE_ARGUMENTS: ReadonlySet<string> = new Set(['source', 'file']);

/** What the operating system said about a file named by an option or by an argument of a command. */
export function fileError(error: unknown, option: string, file: string): StartupError {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'this user may not read it',
    EISDIR: 'it is a directory',
  };
  const code = errnoOf(error);
  const reason = code === undefined ? undefined : reasons[code];
  const place = FILE_ARGUMENTS.has(option) ? '' : `--${option}: `;
  return new StartupError(`${place}cannot ${option === 'file' ? 'open' : 'read'} ${file}: ${reason ?? messageOf(error)}`, { cause: error });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The one line on standard error with which the program ends, and its exit code. */
export function describeStartupError(error: unknown, command = 'serve'): { readonly line: string; readonly exitCode: number } {
  const [firstLine = ''] = messageOf(error).split('\n', 1);
  const isMisuse = error instanceof ConfigError;
  const hint = isMisuse ? ` (see timestream-prometheus ${command} --help)` : '';
  return { line: `timestream-prometheus: ${firstLine}${hint}`, exitCode: isMisuse ? exitCodes.misused : exitCodes.failed };
}
