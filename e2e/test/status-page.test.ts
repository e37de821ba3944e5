import { createSamples, encodeSnappy, encodeWriteRequest } from '@timestream-prometheus/prom-codec';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMissing } from '../harness/requirements.js';
import { startBrowser } from '../harness/start-browser.js';
import { accessKeyId, basicAuthorization, secretAccessKey, startConnector, type RunningConnector } from '../harness/start-connector.js';
import { createPageNotes, watchPage } from '../harness/watch-page.js';

const MAX_PAGE_BYTES = 200_000;
const PHONE = { width: 390, height: 800 };

describe.skipIf(isMissing('chromium'))('the status page in a real browser', () => {
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

  async function openPage(path = '/', options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
    const page = await (await browser.newContext(options)).newPage();
    watchPage(page, notes);
    await page.goto(`${connector.url}${path}`);
    await page.getByRole('heading', { name: 'What runs' }).waitFor();
    return page;
  }

  it('says what runs and what to paste, before anything has happened', async () => {
    const page = await openPage();
    expect(await page.getByRole('status').first().textContent()).toMatch(/^version \d+\.\d+\.\d+, running for/);
    expect(await page.locator('dl').textContent()).toContain('embedded Timestream, on this machine');
    await page.getByText('Lines for prometheus.yml').click();
    expect(await page.locator('pre').textContent()).toContain(`- url: ${connector.url}/write`);
    expect(await page.locator('section', { has: page.getByRole('heading', { name: 'Errors since the start' }) }).textContent()).toContain(
      'None.',
    );
  });

  it('shows what happened within its last hour, as a plot and as a table, and each error in words', async () => {
    for (let index = 0; index < 3; index += 1) await fetch(`${connector.url}/nowhere`);
    await fetch(`${connector.url}/write`, { method: 'POST' });
    // The history takes a point every ten seconds; the second one is the first that can show a rate.
    const page = await openPage();
    const plot = page.locator('figure', { hasText: 'Answers' });
    await plot.locator('canvas').waitFor({ timeout: 40_000 });
    await page.getByRole('rowheader', { name: 'not-found' }).waitFor({ timeout: 40_000 });
    await plot.getByText('Numbers').click();
    expect(await plot.locator('thead').textContent()).toContain('other 404');
    await page.getByRole('link', { name: 'not-found' }).click();
    expect(page.url()).toBe(`${connector.url}/page/errors.html#not-found`);
    expect(await page.locator('#not-found').textContent()).toBe('not-found');
  });

  it('asks for an access key before it asks for data, and takes a link that signs in out of the address', async () => {
    const page = await openPage();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    const pair = Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString('base64url');
    const signedIn = await openPage(`/#sign-in=${pair}`);
    await signedIn.getByRole('combobox', { name: 'PromQL expression' }).waitFor();
    expect(signedIn.url()).toBe(`${connector.url}/`);
  });

  it('completes metrics, labels and functions, and draws what a query answers', async () => {
    const nowMs = Date.now();
    const timeseries = ['a', 'b'].map((shelf) => ({
      labels: [
        { name: '__name__', value: 'greenhouse_temperature_celsius' },
        { name: 'shelf', value: shelf },
      ],
      samples: createSamples(Array.from({ length: 20 }, (_, index) => [nowMs - index * 15_000, 20 + index] as const)),
      exemplars: [],
      histograms: [],
    }));
    const written = await fetch(`${connector.url}/write`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', authorization: basicAuthorization() },
      body: Buffer.from(encodeSnappy(encodeWriteRequest({ timeseries, metadata: [] }))),
    });
    expect(written.status).toBe(204);
    const page = await openPage(`/#sign-in=${Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString('base64url')}`);
    const box = page.getByRole('combobox', { name: 'PromQL expression' });
    await box.waitFor();
    await page.waitForLoadState('networkidle');
    await box.pressSequentially('max_ov');
    await page.getByRole('option', { name: /max_over_time/ }).waitFor();
    await box.fill('');
    await box.pressSequentially('greenh');
    await page.getByRole('option', { name: /greenhouse_temperature_celsius/ }).click();
    expect(await box.inputValue()).toBe('greenhouse_temperature_celsius');
    await box.press('End');
    await box.pressSequentially('{she');
    await page.getByRole('option', { name: /shelf/ }).waitFor();
    await box.fill('sum by (shelf) (greenhouse_temperature_celsius{shelf=~"a|b"})');
    await page.getByRole('button', { name: 'Show' }).click();
    const plot = page.locator('figure', { hasText: '2 series' });
    await plot.locator('canvas').waitFor();
    await plot.getByText('Numbers').click();
    expect(await plot.locator('thead').textContent()).toContain('{shelf="a"}');
    await box.fill('sum(');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByText('parse error').waitFor();
  });

  it.each(['light', 'dark'] as const)(
    'fits the width of a phone, and every control has a name that is read aloud, in %s colours',
    async (colorScheme) => {
      const page = await openPage('/', { viewport: PHONE, colorScheme });
      expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
      const background = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
      expect(background).toBe(colorScheme === 'dark' ? 'rgb(20, 23, 26)' : 'rgb(255, 255, 255)');
      const nameless = await page.evaluate<number>(
        `[...document.querySelectorAll('button, input, select, a')].filter((element) => !(element.textContent || element.labels?.[0]?.textContent || element.getAttribute('aria-label'))).length`,
      );
      expect(nameless).toBe(0);
    },
  );

  it('can be worked by keyboard alone: the first stop leads to the content', async () => {
    const page = await openPage();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent.trim()')).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
  });

  it('keeps what it has and says so while the server does not answer', async () => {
    const page = await openPage();
    await page.route('**/-/status', (route) => route.abort());
    await page.getByText('The connector does not answer').waitFor({ timeout: 20_000 });
    expect(await page.getByRole('heading', { name: 'What runs' }).isVisible()).toBe(true);
  });

  it('asks no other host, breaks no rule of its policy, and is small', async () => {
    expect([...hosts]).toEqual([new URL(connector.url).host]);
    expect(complaints).toEqual([]);
    let bytes = 0;
    for (const path of ['/', '/page/main.js', '/page/page.css']) {
      const response = await fetch(`${connector.url}${path}`);
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
      bytes += (await response.arrayBuffer()).byteLength;
    }
    expect(bytes).toBeLessThan(MAX_PAGE_BYTES);
  });

  it('tells no secret in its state', async () => {
    const text = await (await fetch(`${connector.url}/-/status`)).text();
    expect(text).not.toContain(secretAccessKey);
    expect(text).not.toContain(accessKeyId);
  });
});
