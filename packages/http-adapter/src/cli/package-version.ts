import { readFileSync } from 'node:fs';

export const PROGRAM_NAME = 'timestream-prometheus';

/** The version of the package, for `--version` and the banner. */
export function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  return manifest.version;
}
