import { createSamples, encodeSnappy, encodeWriteRequest } from '@timestream-prometheus/prom-codec';
import type { Browser, Locator, Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isMissing } from '../harness/requirements.js';
import { startBrowser } from '../harness/start-browser.js';
import { accessKeyId, basicAuthorization, secretAccessKey, startConnector, type RunningConnector } from '../harness/start-connector.js';
import { createPageNotes, watchPage } from '../harness/watch-page.js';

const MAX_PAGE_BYTES = 200_000;
const DESK = { width: 1400, height: 850 };
const PHONE = { width: 390, height: 800 };
const SIGN_IN = `#sign-in=${Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString('base64url')}`;
const STEP_MS = 15_000;
const STEPS = 80;
const INSTANCES = ['a.example:9201', 'b.example:9201'] as const;

/** What each of two connectors would have told a Prometheus over twenty minutes: by metric, labels, and what it grows by in a second. */
const COUNTERS: readonly (readonly [name: string, labels: Readonly<Record<string, string>>, perSecond: number])[] = [
  ['timestream_connector_received_samples_total', {}, 100],
  ['timestream_connector_stored_records_total', {}, 100],
  ['timestream_connector_responses_total', { endpoint: 'write', status: '204', error: 'none' }, 2],
  ['timestream_connector_responses_total', { endpoint: 'write', status: '503', error: 'throttled' }, 0.5],
  ['timestream_connector_request_duration_seconds_bucket', { endpoint: 'write', le: '0.1' }, 1],
  ['timestream_connector_request_duration_seconds_bucket', { endpoint: 'write', le: '+Inf' }, 1],
  ['timestream_connector_metered_write_bytes_total', {}, 2048],
  ['process_cpu_seconds_total', {}, 0.25],
];

describe.skipIf(isMissing('chromium'))('the dashboard on the page, in a real browser', () => {
  let connector: RunningConnector;
  let browser: Browser;
  const notes = createPageNotes();
  const { complaints, hosts } = notes;

  beforeAll(async () => {
    connector = await startConnector();
    browser = await startBrowser();
  });

  afterAll(async () => {
    await browser.close();
    await connector.program.stop();
  });

  // A page that is left open goes on asking.
  afterEach(() => Promise.all(browser.contexts().map((context) => context.close())));

  async function newPage(options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
    const page = await (await browser.newContext(options)).newPage();
    watchPage(page, notes);
    return page;
  }

  async function openDashboard(query: string, options: Parameters<Browser['newContext']>[0] = { viewport: DESK }): Promise<Page> {
    const page = await newPage(options);
    await page.goto(`${connector.url}/dashboard${query}${SIGN_IN}`);
    await page.getByRole('heading', { name: 'Prometheus on Amazon Timestream' }).waitFor();
    return page;
  }

  const panelOf = (page: Page, title: string): Locator =>
    page.locator('figure').filter({ has: page.locator('strong', { hasText: new RegExp(`^${title}$`) }) });

  /** The query of a request for a panel; undefined for any other request. */
  function askedQuery(request: Request): string | undefined {
    const { pathname, searchParams } = new URL(request.url());
    return pathname === '/api/v1/query_range' ? (searchParams.get('query') ?? '') : undefined;
  }

  async function storeCounters(): Promise<void> {
    // Five minutes ahead, which Timestream takes: so that the newest rate is a full one for as long as the tests run.
    const endMs = Date.now() + 300_000;
    const times = Array.from({ length: STEPS }, (_none, index) => endMs - (STEPS - 1 - index) * STEP_MS);
    const timeseries = INSTANCES.flatMap((instance) => {
      const series = (name: string, labels: Readonly<Record<string, string>>, valueAt: (seconds: number) => number) => ({
        labels: Object.entries({ __name__: name, instance, job: 'timestream-prometheus', ...labels })
          .map(([label, value]) => ({ name: label, value }))
          .sort((left, right) => (left.name < right.name ? -1 : 1)),
        samples: createSamples(times.map((timeMs, index) => [timeMs, valueAt((index * STEP_MS) / 1000)] as const)),
        exemplars: [],
        histograms: [],
      });
      return [
        series('timestream_connector_open_storages', {}, () => 1),
        series('process_resident_memory_bytes', {}, () => 128 * 2 ** 20),
        ...COUNTERS.map(([name, labels, perSecond]) => series(name, labels, (seconds) => seconds * perSecond)),
      ];
    });
    const written = await fetch(`${connector.url}/write`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', authorization: basicAuthorization() },
      body: Buffer.from(encodeSnappy(encodeWriteRequest({ timeseries, metadata: [] }))),
    });
    expect(written.status).toBe(204);
  }

  it('asks for an access key first, says which metrics are missing and what to type, and asks for no panel', async () => {
    const page = await newPage();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(`${connector.url}/`);
    await page.getByRole('link', { name: 'Dashboard' }).click();
    await page.getByLabel('Access key id').fill(accessKeyId);
    await page.getByLabel('Secret access key').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('status').getByText('invalid-credentials').waitFor();
    await page.getByLabel('Access key id').fill(accessKeyId);
    await page.getByLabel('Secret access key').fill(secretAccessKey);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'There is nothing to draw yet' }).waitFor();
    const notice = page.locator('.notice');
    expect(await notice.textContent()).toContain('timestream_connector_open_storages');
    expect(await notice.locator('pre').first().textContent()).toBe('--self-scrape=true');
    expect(await notice.locator('pre').last().textContent()).toContain(`- targets: ['127.0.0.1:${connector.port}']`);
    expect(asked).not.toContain('/api/v1/query_range');
    expect(await page.title()).toBe('Dashboard of timestream-prometheus');
  });

  it('draws each row with its panels, as pictures and as numbers with their units, and in words what is good news', async () => {
    await storeCounters();
    const page = await openDashboard('?from=now-15m', { viewport: { width: 1400, height: 3000 } });
    const samplesIn = panelOf(page, 'Samples in');
    await samplesIn.locator('canvas').waitFor();
    expect(await samplesIn.locator('.legend').textContent()).toBe('received 200 /sstored 200 /s');
    expect(await page.locator('summary h3').allTextContents()).toHaveLength(6);
    const lost = panelOf(page, 'Samples lost per second');
    await lost.getByText('below the limit of 0.000001 /s').waitFor();
    expect(await lost.locator('.stat').textContent()).toMatch(/^0 \/s lost/);
    await panelOf(page, 'Attempts after the first')
      .getByText('It has no samples of timestream_connector_timestream_retries_total')
      .waitFor();
    await panelOf(page, 'Answers after which a sender gives up').getByText('Nothing of the kind in this range.').waitFor();
    await panelOf(page, 'Time of a write request').getByText('p99').waitFor();
    expect(await panelOf(page, 'Memory').locator('.legend').textContent()).toBe('a.example:9201 128 MiBb.example:9201 128 MiB');
    expect(await panelOf(page, 'Written, as Timestream meters it').locator('.legend').textContent()).toBe('metered 4 KiB/s');
    const answers = panelOf(page, 'Answers to writes');
    await answers.getByText('Numbers').click();
    expect(await answers.locator('tbody tr').last().textContent()).toMatch(/4 req\/s1 req\/s$/);
    // Under the pointer the numbers of one moment, the largest first.
    await answers.locator('.u-over').hover();
    expect(await answers.locator('.tooltip').textContent()).toMatch(/204 4 req\/s503 1 req\/s$/);
  });

  it('keeps what is chosen in the address, and a bookmark of it shows the same', async () => {
    const page = await openDashboard('?from=now-15m');
    await page.getByText('Instance: all').click();
    await page.getByRole('checkbox', { name: INSTANCES[0] }).check();
    await page.getByLabel('Time range').selectOption('last 5 min');
    await page.getByLabel('Asked again').selectOption('not by itself');
    await panelOf(page, 'Samples in').getByText('100 /s').first().waitFor();
    const { search } = new URL(page.url());
    expect(new URLSearchParams(search).getAll('var-instance')).toEqual([INSTANCES[0]]);
    const again = await openDashboard(search);
    await panelOf(again, 'Samples in').getByText('100 /s').first().waitFor();
    expect(await again.getByLabel('Time range').inputValue()).toBe('300');
    await again.getByText(`Instance: ${INSTANCES[0]}`).click();
    await again.getByRole('checkbox', { name: 'all' }).check();
    await panelOf(again, 'Samples in').getByText('200 /s').first().waitFor();
  });

  it('asks only for panels that can be seen: neither far below nor in a row that is closed', async () => {
    const page = await newPage({ viewport: { width: 1400, height: 500 } });
    const asked: string[] = [];
    page.on('request', (request) => asked.push(askedQuery(request) ?? ''));
    const isAsked = (metric: string): boolean => asked.some((query) => query.includes(metric));
    await page.goto(`${connector.url}/dashboard?from=now-15m&refresh=off${SIGN_IN}`);
    await page.getByText('below the limit').waitFor();
    await page.waitForLoadState('networkidle');
    expect(isAsked('rejected_records_total')).toBe(true);
    expect(isAsked('process_resident_memory_bytes')).toBe(false);
    const row = (name: string) => page.locator('summary', { hasText: name });
    await row('Is anything lost?').press('Enter');
    await panelOf(page, 'Samples in').locator('canvas').waitFor();
    await page.waitForLoadState('networkidle');
    asked.length = 0;
    const askedAgain = page.waitForRequest((request) => askedQuery(request)?.includes('received_samples_total') === true);
    await page.getByRole('button', { name: 'Ask now' }).click();
    await askedAgain;
    await page.waitForLoadState('networkidle');
    expect(isAsked('rejected_records_total')).toBe(false);
    await page.locator('summary', { hasText: 'The connector itself' }).scrollIntoViewIfNeeded();
    await panelOf(page, 'Memory').locator('canvas').waitFor();
    expect(isAsked('process_resident_memory_bytes')).toBe(true);
  });

  it('tells an overload, leaves the server alone for as long as it says, and goes on by itself', async () => {
    const page = await newPage({ viewport: { width: 1400, height: 900 } });
    let refused = 0;
    await page.route('**/api/v1/query_range**', async (route) => {
      refused += 1;
      await route.fulfill({
        status: 503,
        headers: { 'retry-after': '1' },
        body: '{"status":"error","errorType":"unavailable","error":"overloaded"}',
      });
    });
    await page.goto(`${connector.url}/dashboard?from=now-15m${SIGN_IN}`);
    await page.getByText('The connector has too much to do (503). It is asked again at').waitFor();
    await page.waitForTimeout(2_000);
    // As many as are asked at once, whatever the number of panels.
    expect(refused).toBeLessThanOrEqual(3);
    await page.unroute('**/api/v1/query_range**');
    await panelOf(page, 'Samples in').locator('canvas').waitFor({ timeout: 15_000 });
    await page.getByText('The connector has too much to do').waitFor({ state: 'detached' });
  });

  it('says the words of a refusal in its panel, keeps the picture before it, and draws the others', async () => {
    const page = await openDashboard('?from=now-15m&refresh=off');
    const samplesIn = panelOf(page, 'Samples in');
    await samplesIn.locator('canvas').waitFor();
    await page.route('**/api/v1/query_range**', async (route) => {
      const query = askedQuery(route.request()) ?? '';
      if (query.includes('received_samples_total'))
        await route.fulfill({
          status: 422,
          body: '{"status":"error","errorType":"execution","error":"query processing would load too many samples"}',
        });
      else if (query.includes('duration_seconds')) await route.abort();
      else await route.continue();
    });
    await page.getByRole('button', { name: 'Ask now' }).click();
    await samplesIn.getByText('query processing would load too many samples What is shown is the answer before.').waitFor();
    expect(await samplesIn.locator('canvas').isVisible()).toBe(true);
    await panelOf(page, 'Time of a write request').getByText('The connector does not answer.').waitFor();
    await page.locator('figure[aria-busy="true"]').first().waitFor({ state: 'detached' });
    expect(await panelOf(page, 'Answers to writes').locator('.bad').count()).toBe(0);
  });

  it.each(['light', 'dark'] as const)('fits the width of a phone, and every control has a name, in %s colours', async (colorScheme) => {
    const page = await openDashboard('?from=now-15m', { viewport: PHONE, colorScheme });
    await panelOf(page, 'Samples lost per second').getByText('below the limit').waitFor();
    await panelOf(page, 'Samples in').scrollIntoViewIfNeeded();
    await panelOf(page, 'Samples in').locator('canvas').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    expect(await page.evaluate<string>('getComputedStyle(document.body).backgroundColor')).toBe(
      colorScheme === 'dark' ? 'rgb(20, 23, 26)' : 'rgb(255, 255, 255)',
    );
    const nameless = await page.evaluate<number>(
      `[...document.querySelectorAll('button, input, select, a, summary')].filter((element) => !(element.textContent || element.labels?.[0]?.textContent)).length`,
    );
    expect(nameless).toBe(0);
  });

  it('asks no other host, breaks no rule of its policy, and the whole page with its dashboard is small', async () => {
    expect([...hosts]).toEqual([new URL(connector.url).host]);
    expect(complaints).toEqual([]);
    let bytes = 0;
    for (const path of ['/dashboard', '/page/main.js', '/page/page.css', '/page/dashboard.json']) {
      const response = await fetch(`${connector.url}${path}`);
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
      bytes += (await response.arrayBuffer()).byteLength;
    }
    expect(bytes).toBeLessThan(MAX_PAGE_BYTES);
  });
});
