import {
  bitsFromFloat,
  createSamples,
  encodeSnappy,
  encodeWriteRequest,
  STALE_NAN_BITS,
  type Histogram,
  type TimeSeries,
} from '@timestream-prometheus/prom-codec';
import { describe, expect, it } from 'vitest';
import type { ContractResponse } from './contract-subject.js';
import { PROTOCOL_HEADERS, PROTOCOL_HEADERS_V2, writeBodyV2 } from './remote-messages.js';

/** What the cases of native histograms need of the suite that they are part of. */
export interface NativeHistogramSuite {
  readonly post: (body: Uint8Array, headers: Readonly<Record<string, string>>) => Promise<ContractResponse>;
  /** Everything that is stored of a metric, as SAMPLES and as STREAMED_XOR_CHUNKS. */
  readonly readMetric: (metric: string) => Promise<readonly TimeSeries[]>;
  readonly readMetricStreamed: (metric: string) => Promise<readonly TimeSeries[]>;
  /** What `/api/v1/query` answers at this time, in seconds. */
  readonly query: (expression: string, timeSeconds: number) => Promise<unknown>;
  readonly newMetric: () => string;
  readonly startMs: number;
}

const NO_DELTAS = new BigInt64Array();
const NO_BITS = new BigUint64Array();

/** A valid one with integers: buckets on both sides, with a gap. */
export function integerHistogram(timestampMs: number, changes: Partial<Histogram> = {}): Histogram {
  return {
    count: { kind: 'int', value: 9n },
    sumBits: bitsFromFloat(18.4),
    schema: 1,
    zeroThresholdBits: bitsFromFloat(2 ** -128),
    zeroCount: { kind: 'int', value: 2n },
    negativeSpans: [{ offset: -3, length: 1 }],
    negativeDeltas: BigInt64Array.of(1n),
    negativeCountBits: NO_BITS,
    positiveSpans: [
      { offset: 0, length: 2 },
      { offset: 3, length: 1 },
    ],
    positiveDeltas: BigInt64Array.of(3n, -2n, 1n),
    positiveCountBits: NO_BITS,
    resetHint: 'unknown',
    timestampMs: BigInt(timestampMs),
    customValueBits: NO_BITS,
    ...changes,
  };
}

/** A valid one with float counts in buckets of bounds of their own. */
export function customHistogram(timestampMs: number): Histogram {
  return integerHistogram(timestampMs, {
    count: { kind: 'float', valueBits: bitsFromFloat(2.5) },
    zeroCount: { kind: 'float', valueBits: 0n },
    schema: -53,
    zeroThresholdBits: 0n,
    negativeSpans: [],
    negativeDeltas: NO_DELTAS,
    positiveSpans: [{ offset: 0, length: 3 }],
    positiveDeltas: NO_DELTAS,
    positiveCountBits: BigUint64Array.from([1, 0.5, 1], bitsFromFloat),
    customValueBits: BigUint64Array.from([0.25, 1], bitsFromFloat),
  });
}

/** Of so many buckets that one record has no room for them. */
export function wideHistogram(timestampMs: number, buckets = 700): Histogram {
  return integerHistogram(timestampMs, {
    count: { kind: 'int', value: BigInt(buckets) * 1_000_003n },
    zeroCount: { kind: 'int', value: 0n },
    schema: 8,
    negativeSpans: [],
    negativeDeltas: NO_DELTAS,
    positiveSpans: [{ offset: -100, length: buckets }],
    positiveDeltas: BigInt64Array.from({ length: buckets }, (_, index) => (index === 0 ? 1_000_003n : 0n)),
  });
}

/** A series with histograms and floats. */
export function histogramSeries(
  metric: string,
  histograms: readonly Histogram[],
  pairs: readonly (readonly [number, number | bigint])[] = [],
): TimeSeries {
  return {
    labels: [
      { name: '__name__', value: metric },
      { name: 'job', value: 'h' },
    ],
    samples: createSamples(pairs),
    exemplars: [],
    histograms,
  };
}

/** The hints that a reader of chunks cannot be told are left out. */
function withoutHint(histogram: Histogram): Histogram {
  return { ...histogram, resetHint: histogram.resetHint === 'gauge' ? 'gauge' : 'unknown' };
}

/** Native histograms: stored by both versions, given back by both kinds of answers and computed with. */
export function nativeHistogramContract(suite: NativeHistogramSuite): void {
  const { startMs, newMetric } = suite;

  const writers = {
    '1.0': (timeseries: readonly TimeSeries[]) =>
      suite.post(encodeSnappy(encodeWriteRequest({ timeseries, metadata: [] })), PROTOCOL_HEADERS),
    '2.0': (timeseries: readonly TimeSeries[]) => suite.post(writeBodyV2(timeseries), PROTOCOL_HEADERS_V2),
  };

  function writtenOf({ headers }: ContractResponse): readonly (string | undefined)[] {
    return ['samples', 'histograms', 'exemplars'].map((kind) => headers[`x-prometheus-remote-write-${kind}-written`]);
  }

  describe('native histograms', () => {
    it.each(['1.0', '2.0'] as const)(
      'are stored by %s and given back to the last bit, integers, floats, gauges, custom buckets and wide ones',
      async (version) => {
        const metric = newMetric();
        const sent = [
          integerHistogram(startMs),
          integerHistogram(startMs + 1, { resetHint: 'yes', sumBits: bitsFromFloat(-Infinity) }),
          wideHistogram(startMs + 2),
          customHistogram(startMs + 3),
          integerHistogram(startMs + 4, {
            resetHint: 'gauge',
            sumBits: 0x7ff8000000000001n,
            count: { kind: 'int', value: 2n ** 64n - 1n },
          }),
          wideHistogram(startMs + 5, 1500),
        ];
        const response = await writers[version]([histogramSeries(metric, sent)]);
        expect({ status: response.status, text: textOf(response) }).toEqual({ status: 204, text: '' });
        expect(writtenOf(response)).toEqual(version === '2.0' ? ['0', '6', '0'] : [undefined, undefined, undefined]);
        const [series, ...others] = await suite.readMetric(metric);
        expect(others).toEqual([]);
        expect(series?.histograms).toEqual(sent);
        const [streamed] = await suite.readMetricStreamed(metric);
        expect(streamed?.histograms.map(withoutHint)).toEqual(sent.map(withoutHint));
      },
    );

    it('may be sent again, and stand in one series with floats and with its staleness marker', async () => {
      const metric = newMetric();
      const series = histogramSeries(metric, [integerHistogram(startMs + 1), customHistogram(startMs + 3)], [[startMs, 1], [startMs + 2, 0.5], [startMs + 4, STALE_NAN_BITS]]); // oxfmt-ignore
      for (let attempt = 0; attempt < 2; attempt++) {
        const response = await writers['2.0']([series]);
        expect(response.status).toBe(204);
        expect(writtenOf(response)).toEqual(['3', '2', '0']);
      }
      for (const read of [suite.readMetric, suite.readMetricStreamed]) {
        const [found] = await read(metric);
        expect([...(found?.samples.valueBits ?? [])]).toEqual([...series.samples.valueBits]);
        expect(found?.histograms).toEqual(series.histograms);
      }
    });

    it.each(['1.0', '2.0'] as const)(
      'are refused by %s when they are not valid or the time has another one, by name and after the rest is stored',
      async (version) => {
        const metric = newMetric();
        expect((await writers[version]([histogramSeries(metric, [integerHistogram(startMs)])])).status).toBe(204);
        const bad = [
          integerHistogram(startMs, { resetHint: 'no' }),
          integerHistogram(startMs + 1, { count: { kind: 'int', value: 8n } }),
          integerHistogram(startMs + 2, { schema: -9 }),
          integerHistogram(startMs + 3),
        ];
        const response = await writers[version]([histogramSeries(metric, bad, [[startMs + 4, 1]])]);
        expect(response.status).toBe(400);
        expect(textOf(response)).toMatch(
          /^samples-rejected: 3 samples .*invalid-histogram \(2\): .*9 observations found in buckets, but the Count field is 8/,
        );
        expect(textOf(response)).toContain('conflicting-value (1)');
        expect(writtenOf(response)).toEqual(version === '2.0' ? ['1', '1', '0'] : [undefined, undefined, undefined]);
        const [found] = await suite.readMetric(metric);
        expect(found?.histograms).toEqual([integerHistogram(startMs), integerHistogram(startMs + 3)]);
      },
    );

    it('with more buckets than there is room for are refused with the limit', async () => {
      const metric = newMetric();
      const labels = [
        { name: '__name__', value: metric },
        { name: 'long', value: 'x'.repeat(1800) },
      ];
      const response = await writers['2.0']([{ ...histogramSeries(metric, [wideHistogram(startMs, 1500)]), labels }]);
      expect(response.status).toBe(400);
      expect(textOf(response)).toContain('histogram-too-large (1)');
      expect(textOf(response)).toContain('the limit of 64 records');
    });

    it('are what a query computes with', async () => {
      const metric = newMetric();
      await writers['2.0']([
        histogramSeries(metric, [
          integerHistogram(startMs),
          integerHistogram(startMs + 10_000, { count: { kind: 'int', value: 29n }, zeroCount: { kind: 'int', value: 22n } }),
        ]),
      ]);
      const atSeconds = (startMs + 10_000) / 1000;
      const value = async (expression: string) =>
        (await suite.query(expression, atSeconds)) as { result: { value?: [number, string]; histogram?: [number, object] }[] };
      expect((await value(`histogram_count(${metric})`)).result[0]?.value?.[1]).toBe('29');
      expect((await value(`histogram_sum(${metric})`)).result[0]?.value?.[1]).toBe('18.4');
      expect((await value(`histogram_count(increase(${metric}[10s1ms]))`)).result[0]?.value?.[1]).toMatch(/^20(\.\d+)?$/);
      expect((await value(metric)).result[0]?.histogram?.[1]).toMatchObject({ count: '29', sum: '18.4' });
    });

    it('that are too wide for one record are what a query computes with, too', async () => {
      const metric = newMetric();
      await writers['1.0']([histogramSeries(metric, [integerHistogram(startMs), wideHistogram(startMs + 10_000)])]);
      const answer = (await suite.query(`histogram_count(${metric})`, (startMs + 10_000) / 1000)) as {
        result: { value?: [number, string] }[];
      };
      expect(answer.result[0]?.value?.[1]).toBe(String(700 * 1_000_003));
    });
  });
}

function textOf(response: ContractResponse): string {
  return Buffer.from(response.body).toString();
}
