import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { expect, it } from 'vitest';
import { serveInProcess } from './serve-in-process.js';

/** Opens connections at once and prints how many the system has taken. Arguments: port, how many, how long it waits for them at most. */
const OPEN_CONNECTIONS = `
const net = require('node:net');
const [port, count, waitMs] = process.argv.slice(1).map(Number);
let connected = 0;
const end = () => { console.log(connected); process.exit(); };
for (let index = 0; index < count; index += 1)
  net.connect(port, '127.0.0.1').on('connect', () => { connected += 1; if (connected === count) end(); }).on('error', () => undefined);
setTimeout(end, waitMs);
`;

/** More than the system lets wait there will not be, whatever the server asks for. */
function mostThatMayWait(): number {
  try {
    return Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
  } catch {
    return 128;
  }
}

it('lets a thousand senders connect at once, while the server has no time to take them', { timeout: 60_000 }, async () => {
  const served = await serveInProcess('--default-database=metrics', '--default-table=prometheus', '--region=eu-west-1');
  try {
    const count = Math.min(1_000, mostThatMayWait());
    // It runs while nothing else does in this process: the server takes no connection before it has ended.
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', OPEN_CONNECTIONS, String(served.port), String(count), '20000'], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(Number(stdout)).toBe(count);
  } finally {
    await served.stop();
  }
});
