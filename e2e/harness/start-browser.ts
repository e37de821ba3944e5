import { existsSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser } from 'playwright-core';

/** Playwright wants a file, not a name that is looked for. */
function fileOnPath(program: string): string {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders.map((folder) => path.join(folder, program)).find((file) => existsSync(file)) ?? program;
}

/** Debian's Chromium without a window. The flags keep it from asking its maker's hosts for anything, and let root start it. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: fileOnPath('chromium'),
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'], // oxfmt-ignore
  });
}
