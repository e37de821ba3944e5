import {
  bitsFromFloat,
  encodeSnappy,
  encodeWriteRequest,
  NORMAL_NAN_BITS,
  STALE_NAN_BITS,
  type Exemplar,
  type TimeSeries,
} from '@timestream-prometheus/prom-codec';
import { describe, expect, it } from 'vitest';
import type { ContractResponse } from './contract-subject.js';
import { PROTOCOL_HEADERS, PROTOCOL_HEADERS_V2, series, writeBodyV2 } from './remote-messages.js';

/** What the cases of exemplars and metadata need of the suite that they are part of. */
export interface StoredBesideSuite {
  readonly post: (body: Uint8Array, headers: Readonly<Record<string, string>>) => Promise<ContractResponse>;
  /** GET below `/api/v1/` as a caller with a key, with the JSON of the answer. */
  readonly get: (
    path: string,
    parameters: Readonly<Record<string, string>>,
  ) => Promise<{ readonly status: number; readonly answer: unknown }>;
  /** The status of a request below `/api/v1/`, as a caller with a key or with these headers alone. */
  readonly statusOf: (method: string, path: string, headers?: Readonly<Record<string, string>>) => Promise<number>;
  /** Everything that is stored of a metric, as samples. */
  readonly readMetric: (metric: string) => Promise<readonly TimeSeries[]>;
  /** Another connector takes over, with these options and those that the first one had. */
  readonly restart: (flags?: Readonly<Record<string, string>>) => Promise<void>;
  readonly throttleNextWrite: () => void;
  readonly newMetric: () => string;
  readonly startMs: number;
}

/** What `/api/v1/query_exemplars` gives of an exemplar. */
interface AnsweredExemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: string;
  readonly timestamp: number;
}

function exemplar(timestampMs: number, value: number | bigint, labels: Readonly<Record<string, string>> = {}): Exemplar {
  return {
    labels: Object.entries(labels).map(([name, text]) => ({ name, value: text })),
    valueBits: typeof value === 'bigint' ? value : bitsFromFloat(value),
    timestampMs: BigInt(timestampMs),
  };
}

/** Exemplars: stored by both versions, given back as Prometheus gives them, and in nobody's way. */
export function exemplarContract(suite: StoredBesideSuite): void {
  const { startMs, newMetric, readMetric } = suite;
  const versions = ['1.0', '2.0'] as const;

  function write(version: (typeof versions)[number], timeseries: readonly TimeSeries[]): Promise<ContractResponse> {
    return version === '1.0'
      ? suite.post(encodeSnappy(encodeWriteRequest({ timeseries, metadata: [] })), PROTOCOL_HEADERS)
      : suite.post(writeBodyV2(timeseries), PROTOCOL_HEADERS_V2);
  }

  function writtenOf({ headers }: ContractResponse): readonly (string | undefined)[] {
    return ['samples', 'histograms', 'exemplars'].map((kind) => headers[`x-prometheus-remote-write-${kind}-written`]);
  }

  function withExemplars(labels: Readonly<Record<string, string>>, ...exemplars: readonly Exemplar[]): TimeSeries {
    return { ...series(labels), exemplars };
  }

  function ask(
    query: string,
    times: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number; readonly answer: unknown }> {
    return suite.get('query_exemplars', { query, start: String(startMs / 1000 - 60), end: String(startMs / 1000 + 60), ...times });
  }

  async function exemplarsOf(query: string): Promise<readonly unknown[]> {
    const { status, answer } = await ask(query);
    expect({ status, answer }).toMatchObject({ status: 200, answer: { status: 'success' } });
    return (answer as { readonly data: readonly unknown[] }).data; // oxlint-disable-line id-denylist -- Prometheus' own name
  }

  describe('exemplars', () => {
    it.each(versions)('are stored by %s and given back whole, hostile labels and every kind of value among them', async (version) => {
      const metric = newMetric();
      const labels = { __name__: metric, a: 'it\'s "q"\\\n', [`l${'o'.repeat(70)}ng`]: 'x', 'x:y': '%41', ü: '\u{1f600}' };
      const sent = [
        exemplar(startMs, 0.1 + 0.2, { trace_id: 'abc', 'sp"an': "it's\n\\" }),
        exemplar(startMs + 1, -0, { ü: '\u{1f600}', time: '<&>', '2': 'two' }),
        exemplar(startMs + 2, Infinity, { trace_id: '' }),
        exemplar(startMs + 3, -Infinity),
        exemplar(startMs + 4, NORMAL_NAN_BITS, { trace_id: 'n' }),
        exemplar(startMs + 5, STALE_NAN_BITS, { __proto: 'p', span_id: '%41 ;|{}' }),
        exemplar(startMs + 6, 5e-324, { trace_id: 'd' }),
      ];
      const response = await write(version, [{ ...series(labels, [startMs, 7]), exemplars: sent }]);
      expect({ status: response.status, text: Buffer.from(response.body).toString() }).toEqual({ status: 204, text: '' });
      expect(writtenOf(response)).toEqual(version === '2.0' ? ['1', '0', '7'] : [undefined, undefined, undefined]);
      const values = ['0.30000000000000004', '-0', '+Inf', '-Inf', 'NaN', 'NaN', '5e-324'];
      expect(await exemplarsOf(metric)).toEqual([
        {
          seriesLabels: labels,
          exemplars: sent.map((one, index): AnsweredExemplar => ({
            // An empty one is none.
            labels: Object.fromEntries(one.labels.filter(({ value }) => value !== '').map(({ name, value }) => [name, value])),
            value: values[index] ?? '',
            timestamp: (startMs + index) / 1000,
          })),
        },
      ]);
    });

    it('are in the way of no sample: series, labels, names and reads are those of samples alone', async () => {
      const [metric, only] = [newMetric(), newMetric()];
      const times = { start: String(startMs / 1000 - 60), end: String(startMs / 1000 + 60) };
      const timeseries = [
        { ...series({ __name__: metric, job: 'e' }, [startMs, 1]), exemplars: [exemplar(startMs, 9, { trace_id: 'a' })] },
        withExemplars({ __name__: only, job: 'only' }, exemplar(startMs, 9, { trace_id: 'a' })),
      ];
      const response = await write('2.0', timeseries);
      expect(response.status).toBe(204);
      expect(writtenOf(response)).toEqual(['1', '0', '2']);
      const stored = await readMetric(metric);
      expect(stored.map(({ labels, samples }) => [labels.length, ...samples.valueBits])).toEqual([[2, bitsFromFloat(1)]]);
      expect(await readMetric(only)).toEqual([]);
      const answers = await Promise.all([
        suite.get('series', { ...times, 'match[]': '{job=~"e|only"}' }),
        suite.get('label/job/values', { ...times, 'match[]': `{__name__=~"${metric}|${only}"}` }),
        suite.get('query', { query: `count({__name__=~"${metric}|${only}|%.*"})`, time: String(startMs / 1000) }),
      ]);
      expect(answers.map(({ answer }) => answer)).toMatchObject([
        { ['data']: [{ __name__: metric, job: 'e' }] },
        { ['data']: ['e'] },
        { ['data']: { result: [{ value: [startMs / 1000, '1'] }] } },
      ]);
      const { answer } = await suite.get('label/__name__/values', times);
      const names = (answer as { readonly data: readonly string[] }).data; // oxlint-disable-line id-denylist -- Prometheus' own name
      expect(names.filter((name) => name === only || name.startsWith('%'))).toEqual([]);
    });

    it.each(versions)(
      'are stored once when they come again by %s, whatever their order, and several of one millisecond all',
      async (version) => {
        const metric = newMetric();
        const sent = [
          exemplar(startMs + 5, 1, { trace_id: 'late' }),
          exemplar(startMs, 2, { trace_id: 'b' }),
          exemplar(startMs, 2, { trace_id: 'a' }),
          exemplar(startMs, 1, { trace_id: 'c' }),
          exemplar(startMs, 1, { trace_id: 'c' }),
        ];
        for (let round = 0; round < 2; round += 1) {
          const response = await write(version, [withExemplars({ __name__: metric, job: 'x' }, ...sent)]);
          expect(response.status).toBe(204);
          if (version === '2.0') expect(writtenOf(response)).toEqual(['0', '0', '5']);
        }
        const [found] = (await exemplarsOf(metric)) as readonly { readonly exemplars: readonly AnsweredExemplar[] }[];
        expect(found?.exemplars.map(({ labels, value }) => `${labels['trace_id']}=${value}`)).toEqual(['c=1', 'a=2', 'b=2', 'late=1']);
      },
    );

    it.each(versions)('of more than 128 characters are refused by name by %s, and the rest is stored', async (version) => {
      const metric = newMetric();
      const longest = exemplar(startMs, 1, { trace_id: 'ü'.repeat(119) + '\u{1f600}' });
      const tooLong = exemplar(startMs + 1, 1, { trace_id: 'x'.repeat(121) });
      const response = await write(version, [{ ...series({ __name__: metric }, [startMs, 1]), exemplars: [longest, tooLong] }]);
      expect(response.status).toBe(400);
      expect(Buffer.from(response.body).toString()).toMatch(/exemplar-too-long \(1\): .*its labels have 129 characters, the limit is 128/);
      if (version === '2.0') expect(writtenOf(response)).toEqual(['1', '0', '1']);
      expect(await exemplarsOf(metric)).toMatchObject([{ exemplars: [{ timestamp: startMs / 1000 }] }]);
      expect(await readMetric(metric)).toHaveLength(1);
    });

    it('are found by every selector of an expression, by all of its matchers and within the times', async () => {
      const [first, second] = [newMetric(), `${newMetric()}:sum`];
      const one = exemplar(startMs, 1, { trace_id: 'a' });
      const sent = [
        withExemplars({ __name__: second, le: '0.5', 'x:y': 'z' }, one, exemplar(startMs + 30_000, 2)),
        withExemplars({ __name__: first, le: '0.5' }, one),
        withExemplars({ __name__: first, le: '+Inf' }, one),
      ];
      expect((await write('1.0', sent)).status).toBe(204);
      const found = async (query: string, times: Readonly<Record<string, string>> = {}): Promise<readonly string[]> => {
        const { answer } = await ask(query, times);
        const { data: all } = answer as { readonly data: readonly { seriesLabels: Record<string, string>; exemplars: unknown[] }[] }; // oxlint-disable-line id-denylist -- Prometheus' own name
        return all.map(({ seriesLabels, exemplars }) => `${seriesLabels['__name__']} ${seriesLabels['le']} ${exemplars.length}`);
      };
      expect(await found(`rate(${first}[5m]) / on () ${second} + ${first}{le="0.5"}`)).toEqual([
        `${first} +Inf 1`,
        `${first} 0.5 1`,
        `${second} 0.5 2`,
      ]);
      expect(await found(`{__name__=~"${first}|.*:sum",le!="+Inf"}`)).toEqual([`${first} 0.5 1`, `${second} 0.5 2`]);
      expect(await found(`${second}{x:y="z"}`.replace('x:y', '"x:y"'))).toEqual([`${second} 0.5 2`]);
      expect(await found(`${second}{le="0.5",nobody=""}`, { end: String(startMs / 1000) })).toEqual([`${second} 0.5 1`]);
      expect(await found(second, { start: String(startMs / 1000 + 31) })).toEqual([]);
      expect(await found(`${first}{nobody="x"}`)).toEqual([]);
    });

    it('are refused to be looked for as Prometheus refuses it', async () => {
      expect(await suite.statusOf('GET', 'query_exemplars?query=1')).toBe(204);
      expect(await ask('{')).toMatchObject({ status: 400, answer: { status: 'error', errorType: 'bad_data' } });
      expect(await ask('up', { end: '1' })).toEqual({
        status: 400,
        answer: { status: 'error', errorType: 'bad_data', error: 'end timestamp must not be before start timestamp' },
      });
      expect(await suite.statusOf('GET', 'query_exemplars?query=up', {})).toBe(401);
    });

    it('come again as a whole when Timestream is busy, outlive a restart, and are left out where the operator says so', async () => {
      const metric = newMetric();
      const sent = [{ ...series({ __name__: metric }, [startMs, 1]), exemplars: [exemplar(startMs, 1, { trace_id: 'a' })] }];
      suite.throttleNextWrite();
      const busy = await write('2.0', sent);
      expect({ status: busy.status, written: writtenOf(busy) }).toEqual({ status: 503, written: [undefined, undefined, undefined] });
      expect(writtenOf(await write('2.0', sent))).toEqual(['1', '0', '1']);
      await suite.restart({ exemplars: 'drop' });
      expect(await exemplarsOf(metric)).toMatchObject([{ exemplars: [{ labels: { trace_id: 'a' } }] }]);
      const others = [{ ...series({ __name__: metric }, [startMs + 1, 1]), exemplars: [exemplar(startMs + 1, 1)] }];
      for (const version of versions) {
        const response = await write(version, others);
        expect(response.status).toBe(204);
        expect(response.headers['x-timestream-connector-not-stored']).toBe('exemplar=1');
        if (version === '2.0') expect(writtenOf(response)).toEqual(['1', '0', '0']);
      }
      await suite.restart();
      expect(await exemplarsOf(metric)).toMatchObject([{ exemplars: [{ labels: { trace_id: 'a' } }] }]);
    });

    it('stand beside the samples of the compact layout as beside those of the default one, in one table', async () => {
      const metric = newMetric();
      const sent = (timestampMs: number, trace: string): TimeSeries[] => [
        { ...series({ __name__: metric }, [timestampMs, 0.5]), exemplars: [exemplar(timestampMs, 0.25, { trace_id: trace })] },
      ];
      expect(writtenOf(await write('2.0', sent(startMs, 'default')))).toEqual(['1', '0', '1']);
      await suite.restart({ 'table-layout': 'compact' });
      expect(writtenOf(await write('2.0', sent(startMs + 1, 'compact')))).toEqual(['1', '0', '1']);
      expect((await write('1.0', sent(startMs + 2, 'compact, 1.0'))).status).toBe(204);
      const traces = [{ labels: { trace_id: 'default' } }, { labels: { trace_id: 'compact' } }, { labels: { trace_id: 'compact, 1.0' } }];
      expect(await exemplarsOf(metric)).toMatchObject([{ exemplars: traces }]);
      expect((await readMetric(metric))[0]).toMatchObject({
        samples: { timestampsMs: BigInt64Array.from([0n, 1n, 2n], (ms) => BigInt(startMs) + ms) },
      });
      await suite.restart();
      expect(await exemplarsOf(metric)).toMatchObject([{ exemplars: traces }]);
    });
  });
}
