/**
 * Takes the pictures of the README, docs/status-page.png and docs/dashboard.png, from a running product: the built server with its demo and
 * its own metrics, six minutes of writes and reads, and a real Chromium.
 *
 *   npm run pictures -w @timestream-prometheus/e2e
 */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { query, readBody, writeBody } from '@timestream-prometheus/connector-testing';
import { series } from '../differential/series-text.js';
import { post } from '../harness/remote-client.js';
import { startBrowser } from '../harness/start-browser.js';
import { accessKeyId, secretAccessKey, startConnector } from '../harness/start-connector.js';

const MINUTES = Number(process.env['MINUTES'] ?? 6);
const ROOMS = 400;
const identity = { basic: { accessKeyId, secretAccessKey } };
// The bundle lies in e2e/dist.
const docs = fileURLToPath(new URL('../../docs/', import.meta.url));

const connector = await startConnector({ extraArguments: ['--demo=true', '--self-scrape=true'] });
const endMs = Date.now() + MINUTES * 60_000;
for (let round = 0; Date.now() < endMs; round += 1) {
  const nowMs = Date.now();
  // More and fewer of them, as a fleet that is scaled up and down.
  const rooms = Math.round(ROOMS * (0.6 + 0.4 * Math.sin(round / 25)));
  const samples = Array.from({ length: rooms }, (_none, room) =>
    series({ __name__: 'room_temperature_celsius', room: String(room) }, [[nowMs, 20 + Math.sin(room + round / 10)]]),
  );
  await post(`${connector.url}/write`, writeBody(samples), identity);
  if (round % 3 === 0) {
    const selected = query(nowMs - 120_000, nowMs, ['__name__', '=', 'room_temperature_celsius'], ['room', '=~', '1.']);
    await post(`${connector.url}/read`, readBody([selected]), identity);
  }
  // A sender that is broken for half a minute, so that the first row shows what it is for.
  if (round >= 90 && round < 120) await post(`${connector.url}/write`, Buffer.from('no snappy'), identity);
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, nowMs + 1000 - Date.now())));
}

const browser = await startBrowser();
const signIn = `#sign-in=${Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString('base64url')}`;
for (const [urlPath, width, height, file] of [
  ['/', 1280, 1010, 'status-page.png'],
  ['/dashboard?from=now-5m&scrape=10s&refresh=off', 1400, 1300, 'dashboard.png'],
] as const) {
  const page = await browser.newPage({ viewport: { width, height } });
  await page.goto(`${connector.url}${urlPath}${signIn}`);
  await page.locator('canvas').first().waitFor();
  await page.waitForLoadState('networkidle');
  await page.locator('figure[aria-busy="true"]').first().waitFor({ state: 'detached' });
  await page.screenshot({ path: `${docs}${file}` });
  await page.close();
}
await browser.close();
await connector.program.stop();
rmSync(connector.dataDir, { recursive: true });
