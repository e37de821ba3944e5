import { describe, expect, it } from 'vitest';
import { DEMO_STEP_MS, demoSamplesAt } from '../src/demo-fleet.js';

describe('the invented fleet', () => {
  const startMs = Date.UTC(2026, 0, 1);

  it('gives the same samples for the same seed and time', () => {
    expect(demoSamplesAt(startMs, 1)).toEqual(demoSamplesAt(startMs, 1));
    expect(demoSamplesAt(startMs, 1)).not.toEqual(demoSamplesAt(startMs, 2));
  });

  it('has counters that never fall, over a whole day', () => {
    const earlier = new Map<string, number>();
    const fallen: string[] = [];
    for (let timeMs = startMs; timeMs < startMs + 86_400_000; timeMs += DEMO_STEP_MS) {
      for (const { labels, value } of demoSamplesAt(timeMs, 1)) {
        if (!/_(?:total|bucket|count|sum)$/.test(labels['__name__'] ?? '')) continue;
        const key = JSON.stringify(labels);
        if (!(value >= (earlier.get(key) ?? 0))) fallen.push(key);
        earlier.set(key, value);
      }
    }
    expect(fallen).toEqual([]);
    expect(earlier.size).toBeGreaterThan(20);
  });

  it('has no series twice, and histograms whose buckets rise', () => {
    const samples = demoSamplesAt(startMs, 1);
    expect(new Set(samples.map(({ labels }) => JSON.stringify(labels))).size).toBe(samples.length);
    const buckets = samples.filter(
      ({ labels }) => labels['__name__'] === 'http_request_duration_seconds_bucket' && labels['instance'] === 'web-1:9100',
    );
    expect(buckets.map(({ value }) => value)).toEqual(buckets.map(({ value }) => value).sort((left, right) => left - right));
  });
});
