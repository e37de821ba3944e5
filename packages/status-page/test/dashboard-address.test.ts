import { describe, expect, it } from 'vitest';
import { durationText, momentsOf, parseDuration, readChoice, writeChoice } from '../src/browser/dashboard-address.js';

const defaults = { rangeSeconds: 21_600, refreshSeconds: 30, scrapeSeconds: 15, chosen: {} };

describe('the address of the dashboard', () => {
  it('holds what was chosen, so that a bookmark shows it again', () => {
    const choice = { rangeSeconds: 900, refreshSeconds: 0, scrapeSeconds: 60, chosen: { job: ['a&b', 'c'], instance: [] } };
    expect(writeChoice(choice)).toBe('?from=now-15m&to=now&refresh=off&scrape=1m&var-job=a%26b&var-job=c');
    expect(readChoice(writeChoice(choice), ['job', 'instance'], defaults)).toEqual(choice);
  });

  it('takes a range that is not among those offered, and what Grafana writes for all values', () => {
    expect(readChoice('?from=now-3h&var-job=$__all', ['job'], defaults)).toEqual({
      ...defaults,
      rangeSeconds: 10_800,
      chosen: { job: [] },
    });
  });

  it.each(['', '?from=yesterday&refresh=often&scrape=0s', '?from=now-9999999d', '?from=now-500w', '?from=%00'])(
    'is the default for %j',
    (search) => {
      expect(readChoice(search, [], defaults)).toEqual(defaults);
    },
  );

  it('writes a duration in the largest unit that fits, and reads it back', () => {
    expect([30, 90, 900, 5_400, 21_600, 86_400, 604_800].map(durationText)).toEqual(['30s', '90s', '15m', '90m', '6h', '1d', '7d']);
    for (const seconds of [30, 90, 604_800]) expect(parseDuration(durationText(seconds))).toBe(seconds);
  });
});

describe('the moments that panels are asked for', () => {
  it('lie at whole steps, at most 240 of them and the first, and cover the range', () => {
    for (const rangeSeconds of [300, 900, 3_600, 21_600, 86_400, 604_800, 31_536_000]) {
      const { startSeconds, endSeconds, stepSeconds } = momentsOf(1_700_000_001_234, { rangeSeconds, scrapeSeconds: 15 });
      expect([startSeconds % stepSeconds, endSeconds % stepSeconds]).toEqual([0, 0]);
      expect((endSeconds - startSeconds) / stepSeconds).toBeLessThanOrEqual(240);
      expect(endSeconds - startSeconds).toBeGreaterThanOrEqual(rangeSeconds);
      expect(1_700_000_001 - endSeconds).toBeLessThan(stepSeconds);
    }
  });

  it('are never closer than two scrapes, and a rate has four scrapes in its window, or a step and one', () => {
    expect(momentsOf(0, { rangeSeconds: 300, scrapeSeconds: 60 })).toMatchObject({ stepSeconds: 60, intervals: { __rate_interval: 240 } });
    expect(momentsOf(0, { rangeSeconds: 86_400, scrapeSeconds: 15 })).toMatchObject({
      stepSeconds: 600,
      intervals: { __rate_interval: 615 },
    });
  });
});
