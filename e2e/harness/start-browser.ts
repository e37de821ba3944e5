import { chromium, type Browser } from 'playwright-core';

/** Debian's Chromium without a window. The flags keep it from asking its maker's hosts for anything, and let root start it. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: 'chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'], // prettier-ignore
  });
}
