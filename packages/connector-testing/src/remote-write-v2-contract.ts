import {
  createSamples,
  encodeSnappy,
  encodeWriteRequest,
  encodeWriteRequestV2,
  STALE_NAN_BITS,
  type Label,
  type TimeSeries,
  type TimeSeriesV2,
} from '@timestream-prometheus/prom-codec';
import { describe, expect, it } from 'vitest';
import type { ContractResponse } from './contract-subject.js';
import { PROTOCOL_HEADERS, PROTOCOL_HEADERS_V2, series, writeBodyV2 } from './remote-messages.js';

/** What the cases of remote write 2.0 need of the suite that they are part of. */
export interface RemoteWriteV2Suite {
  /** Posts to the write path as a caller with a key; `headers` beside those. */
  readonly post: (body: Uint8Array, headers: Readonly<Record<string, string>>) => Promise<ContractResponse>;
  /** Everything that is stored of a metric. */
  readonly readMetric: (metric: string) => Promise<readonly TimeSeries[]>;
  readonly newMetric: () => string;
  readonly throttleNextWrite: () => void;
  readonly startMs: number;
}

/** Remote write 2.0: what the sender is told, and that it is true. */
export function remoteWriteV2Contract(suite: RemoteWriteV2Suite): void {
  const { startMs, newMetric, readMetric } = suite;

  function write(timeseries: readonly TimeSeriesV2[], headers: Readonly<Record<string, string>> = {}): Promise<ContractResponse> {
    return suite.post(writeBodyV2(timeseries), { ...PROTOCOL_HEADERS_V2, ...headers });
  }

  /** Samples, histograms and exemplars written, as the answer says; undefined where it does not. */
  function writtenOf({ headers }: ContractResponse): readonly (string | undefined)[] {
    return ['samples', 'histograms', 'exemplars'].map((kind) => headers[`x-prometheus-remote-write-${kind}-written`]);
  }

  async function storedSamplesOf(metric: string): Promise<number> {
    return (await readMetric(metric)).reduce((sum, { samples }) => sum + samples.timestampsMs.length, 0);
  }

  /** A message with symbols and one series of these references, with one sample. */
  function bodyWithReferences(symbols: readonly string[], references: readonly number[], sampleMs: number): Uint8Array {
    const time: number[] = [];
    for (let rest = BigInt(sampleMs); ; rest >>= 7n) {
      if (rest < 0x80n) {
        time.push(Number(rest));
        break;
      }
      time.push(Number(rest & 0x7fn) | 0x80);
    }
    const field = (tag: number, bytes: readonly number[]) => [tag, bytes.length, ...bytes];
    const sample = [0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x10, ...time];
    return encodeSnappy(
      Uint8Array.from([
        ...symbols.flatMap((symbol) => field(0x22, [...Buffer.from(symbol)])),
        ...field(0x2a, [...field(0x0a, references), ...field(0x12, sample)]),
      ]),
    );
  }

  describe('remote write 2.0', () => {
    it('stores samples with 204, gives them back to the last bit, and says how many are written', async () => {
      const metric = newMetric();
      const sent = series({ __name__: metric, job: 'a' }, [startMs, 0.1 + 0.2], [startMs + 1, STALE_NAN_BITS], [startMs + 2, -0]);
      const response = await write([sent, series({ __name__: metric, job: 'b' }, [startMs, 1])]);
      expect({ status: response.status, bytes: response.body.length }).toEqual({ status: 204, bytes: 0 });
      expect(writtenOf(response)).toEqual(['4', '0', '0']);
      const [first] = await readMetric(metric);
      expect(first?.labels).toEqual(sent.labels);
      expect([...(first?.samples.valueBits ?? [])]).toEqual([...sent.samples.valueBits]);
      expect(await storedSamplesOf(metric)).toBe(4);
    });

    it('says nothing of that to a sender of 1.0', async () => {
      const metric = newMetric();
      const body = encodeSnappy(encodeWriteRequest({ timeseries: [series({ __name__: metric }, [startMs, 1])], metadata: [] }));
      const response = await suite.post(body, PROTOCOL_HEADERS);
      expect(response.status).toBe(204);
      expect(writtenOf(response)).toEqual([undefined, undefined, undefined]);
    });

    it('takes unsorted labels, one series in several parts, names in UTF-8, and a sample that comes twice', async () => {
      const metric = newMetric();
      const unsorted: Label[] = [
        { name: 'zone', value: 'é' },
        { name: '__name__', value: metric },
        { name: 'a.ü', value: 'b' },
      ];
      const part = (ms: number): TimeSeriesV2 => ({ labels: unsorted, samples: createSamples([[ms, 7]]), exemplars: [], histograms: [] });
      const response = await write([part(startMs), part(startMs + 1), part(startMs)]);
      expect(response.status).toBe(204);
      expect(writtenOf(response)).toEqual(['3', '0', '0']);
      const stored = await readMetric(metric);
      expect(stored.map(({ samples }) => samples.timestampsMs.length)).toEqual([2]);
      expect(stored[0]?.labels.map(({ name }) => name)).toEqual(['__name__', 'a.ü', 'zone']);
    });

    it('takes metadata along, and says that the start timestamp of a sample is not stored, but the sample is', async () => {
      const metric = newMetric();
      const sent: TimeSeriesV2 = {
        ...series({ __name__: metric }, [startMs, 3]),
        metadata: { type: 'counter', help: 'How many.', unit: '' },
        startTimestampsMs: BigInt64Array.of(BigInt(startMs - 1)),
      };
      const response = await write([sent]);
      expect(response.status).toBe(204);
      expect(response.headers['x-timestream-connector-not-stored']).toBe('start-timestamp=1');
      expect(await storedSamplesOf(metric)).toBe(1);
    });

    it('answers 204 with zeros to a request without series', async () => {
      const response = await write([]);
      expect(response.status).toBe(204);
      expect(writtenOf(response)).toEqual(['0', '0', '0']);
    });

    it.each<[string, readonly Label[], string]>([
      ['no name', [{ name: 'job', value: 'x' }], 'missing-metric-name'],
      [
        'an empty label name',
        [
          { name: '', value: 'x' },
          { name: '__name__', value: 'bad' },
        ],
        'empty-label-name',
      ],
      [
        'a label twice',
        [
          { name: '__name__', value: 'bad' },
          { name: 'a', value: '1' },
          { name: 'a', value: '2' },
        ],
        'duplicate-label-name',
      ],
    ])('refuses a series with %s by 400, and stores the others', async (_case, labels, reason) => {
      const metric = newMetric();
      const bad: TimeSeriesV2 = { labels, samples: createSamples([[startMs, 1]]), exemplars: [], histograms: [] };
      const response = await write([bad, series({ __name__: metric }, [startMs, 1], [startMs + 1, 2])]);
      expect(response.status).toBe(400);
      expect(textOf(response)).toContain(reason);
      expect(writtenOf(response)).toEqual(['2', '0', '0']);
      expect(await storedSamplesOf(metric)).toBe(2);
    });

    it.each<[string, readonly number[], string]>([
      ['a reference past the symbols', [1, 99], '99 is outside of the symbols, of which there are 3'],
      ['an odd number of references', [1, 2, 1], '3 references are no pairs'],
    ])('refuses %s by 400', async (_case, references, text) => {
      const response = await suite.post(bodyWithReferences(['', '__name__', 'bad'], references, startMs), PROTOCOL_HEADERS_V2);
      expect(response.status).toBe(400);
      expect(textOf(response)).toMatch(/^samples-rejected: 1 sample .*malformed-series/);
      expect(textOf(response)).toContain(text);
      expect(writtenOf(response)).toEqual(['0', '0', '0']);
    });

    it('refuses another value for a time that has one, and counts what it stored beside it', async () => {
      const metric = newMetric();
      expect((await write([series({ __name__: metric }, [startMs, 1])])).status).toBe(204);
      const response = await write([series({ __name__: metric }, [startMs, 2], [startMs + 1, 3])]);
      expect(response.status).toBe(400);
      expect(writtenOf(response)).toEqual(['1', '0', '0']);
      expect(await storedSamplesOf(metric)).toBe(2);
    });

    it('refuses a series that holds nothing by name, stores the others, and takes one with an exemplar alone', async () => {
      const metric = newMetric();
      const only: TimeSeriesV2 = {
        ...series({ __name__: metric, a: '1' }),
        exemplars: [{ labels: [], valueBits: 0n, timestampMs: BigInt(startMs) }],
      };
      const response = await write([series({ __name__: metric, a: '2' }), only, series({ __name__: metric, a: '3' }, [startMs, 1])]);
      expect(response.status).toBe(400);
      expect(textOf(response)).toMatch(/empty-series \(1\): .*a="2".*neither a sample nor a histogram nor an exemplar/);
      expect(writtenOf(response)).toEqual(['1', '0', '1']);
      expect(await storedSamplesOf(metric)).toBe(1);
    });

    it('refuses a body that is the other version than its content type says, both ways', async () => {
      const timeseries = [series({ __name__: newMetric() }, [startMs, 1])];
      const old = encodeSnappy(encodeWriteRequest({ timeseries, metadata: [] }));
      const asNew = await suite.post(old, PROTOCOL_HEADERS_V2);
      expect(asNew.status).toBe(400);
      expect(textOf(asNew)).toMatch(/^malformed-body: .*remote write 1\.0/);
      expect(writtenOf(asNew)).toEqual(['0', '0', '0']);
      for (const headers of [PROTOCOL_HEADERS, { ...PROTOCOL_HEADERS, 'x-prometheus-remote-write-version': '2.0.0' }]) {
        const asOld = await suite.post(encodeSnappy(encodeWriteRequestV2({ timeseries })), headers);
        expect(asOld.status).toBe(400);
        expect(textOf(asOld)).toMatch(/^malformed-body: .*remote write 2\.0/);
      }
    });

    it('asks for the whole again when Timestream is busy, and says of no part that it is written', async () => {
      const metric = newMetric();
      suite.throttleNextWrite();
      const busy = await write([series({ __name__: metric }, [startMs, 1])]);
      expect(busy.status).toBe(503);
      expect(busy.headers['retry-after']).toBeDefined();
      expect(writtenOf(busy)).toEqual([undefined, undefined, undefined]);
      const again = await write([series({ __name__: metric }, [startMs, 1])], { 'retry-attempt': '1' });
      expect(again.status).toBe(204);
      expect(writtenOf(again)).toEqual(['1', '0', '0']);
    });
  });
}

function textOf(response: ContractResponse): string {
  return Buffer.from(response.body).toString();
}
