import { query, readBody, series, writeBody } from '@timestream-prometheus/connector-testing';
import { decodeReadResponse, decodeSnappy, STALE_NAN_BITS, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { afterEach, describe, expect, it } from 'vitest';
import { METRICS, openAwsStorage, type Connector } from '../../src/index.js';
import { bodyBytes, createMemoryLogger, KEY, request, testConfig } from '../support/connector-fixture.js';
import { connectBeside, type WayToWrite } from '../support/connect-beside.js';
import { startEmbeddedSubject, type EmbeddedSubject } from '../support/embedded-subject.js';
import { RecordingMetrics } from '../support/recording-metrics.js';

const timeMs = Math.floor(Date.now() / 60_000) * 60_000 - 300_000;
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function startTable(): Promise<EmbeddedSubject> {
  const subject = await startEmbeddedSubject({});
  closing.push(() => subject.close());
  return subject;
}

interface Way extends WayToWrite {
  readonly way: string;
}

const ways: readonly Way[] = [
  { way: 'that sees the columns', seesColumns: true, hasWorkers: false },
  { way: 'with a role made for writing', seesColumns: false, hasWorkers: false },
  { way: 'that sees the columns, with workers', seesColumns: true, hasWorkers: true },
  { way: 'with a role made for writing, with workers', seesColumns: false, hasWorkers: true },
];

function connect(
  subject: EmbeddedSubject,
  flags: Readonly<Record<string, string>> = {},
  way: WayToWrite = { seesColumns: true, hasWorkers: false },
) {
  const beside = connectBeside(subject, flags, way);
  closing.push(() => beside.connector.close());
  return beside;
}

async function write(connector: Connector, ...timeseries: TimeSeries[]): Promise<string> {
  const response = await connector.handle(request({ body: writeBody(timeseries) }));
  return `${response.status} ${Buffer.from(await bodyBytes(response)).toString()}`.trim();
}

/** Labels, times since the start and bits of everything with this metric name. */
async function read(connector: Connector, metric: string): Promise<readonly (readonly [labels: string, samples: string])[]> {
  const response = await connector.handle(
    request({ path: '/read', body: readBody([query(timeMs - 60_000, timeMs + 60_000, ['__name__', '=', metric])]) }),
  );
  const { results } = decodeReadResponse(decodeSnappy(await bodyBytes(response), { maxBytes: 1e7 }));
  return (results[0]?.timeseries ?? []).map(({ labels, samples }) => [
    labels
      .filter(({ name }) => name !== '__name__')
      .map(({ name, value }) => `${name}=${value}`)
      .join(' '),
    Array.from(samples.timestampsMs, (time, index) => `${Number(time) - timeMs}:${(samples.valueBits[index] ?? 0n).toString(16)}`).join(
      ' ',
    ),
  ]);
}

async function rows({ timestream }: EmbeddedSubject, sql: string): Promise<readonly (readonly (string | null)[])[]> {
  const config = testConfig({ 'write-base-endpoint': timestream.url, 'query-base-endpoint': timestream.url });
  const storage = openAwsStorage(config, { metrics: new RecordingMetrics(), logger: createMemoryLogger([]) })(
    { kind: 'static', ...KEY },
    { database: 'db', table: 'tbl' },
  );
  const found: (string | null)[][] = [];
  for await (const { Rows } of storage.query(sql, new AbortController().signal))
    for (const { Data } of Rows) found.push((Data ?? []).map(({ ScalarValue }) => ScalarValue ?? null));
  storage.close();
  return found;
}

async function writeByHand({ timestream }: EmbeddedSubject, dimensions: Readonly<Record<string, string>>, measure: { readonly Name: string; readonly Value: string; readonly Type: 'DOUBLE' | 'BIGINT' }): Promise<void> {
  const config = testConfig({ 'write-base-endpoint': timestream.url, 'query-base-endpoint': timestream.url });
  const storage = openAwsStorage(config, { metrics: new RecordingMetrics(), logger: createMemoryLogger([]) })({ kind: 'static', ...KEY }, { database: 'db', table: 'tbl' });
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  const record = { Dimensions, MeasureName: 'by_hand', MeasureValueType: 'MULTI' as const, MeasureValues: [measure], Time: String(timeMs) };
  expect(await storage.write({ CommonAttributes: undefined, Records: [record], sources: [{ seriesIndex: 0, sampleIndex: 0 }] }, new AbortController().signal)).toEqual({ rejected: [] });
  storage.close();
} // oxfmt-ignore

const third = '3fd5555555555555';

describe('the column v of finite values', () => {
  it('is used in a new table, and a label v goes into prometheus_labels and can be asked for', async () => {
    const subject = await startTable();
    const { connector } = connect(subject);
    expect(await write(connector, series({ __name__: 'new', job: 'a', v: 'x' }, [timeMs, 1 / 3], [timeMs + 1, STALE_NAN_BITS]))).toBe(
      '204',
    );
    expect(
      await rows(subject, `SELECT v, sample_bits, prometheus_labels FROM "db"."tbl" WHERE measure_name = 'new' ORDER BY time`),
    ).toEqual([
      ['0.3333333333333333', null, '{"v":"x"}'],
      [null, '9218868437227405314', '{"v":"x"}'],
    ]);
    for (const matcher of [
      ['v', '=', 'x'],
      ['v', '=~', 'x|y'],
      ['v', '!=', 'y'],
      ['v', '!=', ''],
    ] as const) {
      const response = await connector.handle(
        request({ path: '/read', body: readBody([query(timeMs, timeMs + 9, ['__name__', '=', 'new'], matcher)]) }),
      );
      expect(decodeReadResponse(decodeSnappy(await bodyBytes(response), { maxBytes: 1e7 })).results[0]?.timeseries).toHaveLength(1);
    }
  });

  it.each(ways)('gives way to a dimension v that the table has, for a connector $way, and everything is stored and read', async ({ seesColumns, hasWorkers }) => {
    const subject = await startTable();
    await writeByHand(subject, { v: 'x', job: 'a' }, { Name: 'sample_value', Value: '7', Type: 'DOUBLE' });
    const { connector, metrics } = connect(subject, {}, { seesColumns, hasWorkers });
    const sent = [
      series({ __name__: 'clash', job: 'a' }, [timeMs, 1 / 3], [timeMs + 1, STALE_NAN_BITS]),
      series({ __name__: 'clash', job: 'b', v: 'x' }, [timeMs, 1 / 3]),
    ];
    expect(await write(connector, ...sent)).toBe('204');
    // Sent again, as after an answer that was lost.
    expect(await write(connector, ...sent)).toBe('204');
    expect(await write(connector, series({ __name__: 'clash', job: 'a' }, [timeMs + 2, 1 / 3]))).toBe('204');
    expect(metrics.sum(METRICS.rejectedRecords)).toBe(0);
    const expected = [
      ['job=a', `0:${third} 1:7ff0000000000002 2:${third}`],
      ['job=b v=x', `0:${third}`],
    ];
    expect(await read(connector, 'clash')).toEqual(expected);
    expect(await read(connect(subject, { 'read-strategy': 'rows' }).connector, 'clash')).toEqual(expected);
    expect(await read(connector, 'by_hand')).toEqual([['job=a v=x', '0:401c000000000000']]);
    expect(await rows(subject, `SELECT count(sample_value) FROM "db"."tbl" WHERE measure_name = 'clash'`)).toEqual([['3']]);
  }); // oxfmt-ignore

  it.each(ways)('gives way to a measure v of another type, for a connector $way, and a label v finds a place', async ({ seesColumns, hasWorkers }) => {
    const subject = await startTable();
    await writeByHand(subject, { job: 'a' }, { Name: 'v', Value: '7', Type: 'BIGINT' });
    const { connector } = connect(subject, {}, { seesColumns, hasWorkers });
    expect(await write(connector, series({ __name__: 'clash', job: 'a', v: 'x' }, [timeMs, 1 / 3]))).toBe('204');
    expect(await write(connector, series({ __name__: 'clash', job: 'a', v: 'x' }, [timeMs + 1, 1 / 3]))).toBe('204');
    expect(await read(connector, 'clash')).toEqual([['job=a v=x', `0:${third} 1:${third}`]]);
    expect(await read(connector, 'by_hand')).toEqual([]);
  }); // oxfmt-ignore

  it('is not given up for records that Timestream refuses for other reasons', async () => {
    const subject = await startTable();
    const { connector } = connect(subject, {}, { seesColumns: false, hasWorkers: false });
    expect(await write(connector, series({ __name__: 'm', job: 'a' }, [timeMs, 1]))).toBe('204');
    expect(await write(connector, series({ __name__: 'm', job: 'a' }, [timeMs, 2]))).toContain('conflicting-value (1)');
    expect(await write(connector, series({ __name__: 'm', job: 'a' }, [1000, 2]))).toContain('outside-retention (1)');
    expect(await write(connector, series({ __name__: 'm', job: 'a' }, [timeMs + 1, 3]))).toBe('204');
    expect(await rows(subject, `SELECT count(v) FROM "db"."tbl" WHERE measure_name = 'm'`)).toEqual([['2']]);
  });

  describe.each([
    { before: 'sample-value', after: 'multi-measure' },
    { before: 'compact', after: 'multi-measure' },
    { before: 'single-measure', after: 'multi-measure' },
    { before: 'multi-measure', after: 'sample-value' },
    { before: 'multi-measure', after: 'compact' },
  ])('a sample that was under way when the layout changed from $before to $after', ({ before, after }) => {
    it.each(['reject', 'first-wins', 'last-wins'])('is a success when it comes again and once in the answer, with %s', async (rule) => {
      const subject = await startTable();
      const old = connect(subject, { 'table-layout': before, 'on-conflict': rule });
      const sample = (value: number): TimeSeries => series({ __name__: 'm', job: 'a' }, [timeMs, value]);
      expect(await write(old.connector, sample(1 / 3))).toBe('204');
      const { connector, metrics } = connect(subject, { 'table-layout': after, 'on-conflict': rule });
      expect(await write(connector, sample(1 / 3), series({ __name__: 'm', job: 'b' }, [timeMs, 2]))).toBe('204');
      expect(metrics.sum(METRICS.rejectedRecords)).toBe(0);
      expect(await read(connector, 'm')).toEqual([
        ['job=a', `0:${third}`],
        ['job=b', '0:4000000000000000'],
      ]);
      // Another value is a conflict as ever.
      const again = await write(connector, sample(5));
      expect(again.slice(0, 3)).toBe(rule === 'reject' ? '400' : '204');
      expect((await read(connector, 'm'))[0]).toEqual(['job=a', rule === 'last-wins' ? '0:4014000000000000' : `0:${third}`]);
    });
  });
});
