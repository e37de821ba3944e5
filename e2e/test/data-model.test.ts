import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { bitsFromFloat, createSamples, STALE_NAN_BITS, type TimeSeries } from '@timestream-prometheus/prom-codec';
import type { Layout } from '@timestream-prometheus/timestream-translator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startInProcessConnector, type InProcessConnector } from '../differential/in-process-connector.js';
import { select, series, stored, text } from '../differential/series-text.js';
import { runAwsCli } from '../harness/aws-cli.js';
import { openRawTable, type RawTable } from '../harness/raw-table.js';
import { isMissing } from '../harness/requirements.js';

const page = readFileSync(new URL('../../docs/data-model.md', import.meta.url), 'utf8');
/** The line before a block says what it is for. */
const sqlBlocks = Array.from(page.matchAll(/\n([^\n]+):\n\n```sql\n([^`]+)```/g), ([, purpose = '', sql = '']) => ({ purpose, sql }));
const shellBlocks = Array.from(page.matchAll(/```shell\n([^`]+)```/g), ([, command = '']) => command);

/** The beginning of a minute that is over, well inside the 15 minutes that the statements look back. */
const minuteMs = (Math.floor(Date.now() / 60_000) - 2) * 60_000;

function timeText(timestampMs: number): string {
  return new Date(timestampMs).toISOString().replace('T', ' ').replace('Z', '000000');
}

const metadata = [{ type: 'histogram', metricFamilyName: 'request_seconds', help: 'How long.', unit: '' }] as const;

let subject: InProcessConnector;
let table: RawTable;

beforeAll(async () => {
  subject = await startInProcessConnector({ 'default-database': 'PrometheusDatabase', 'default-table': 'PrometheusMetricsTable' });
  await subject.timestream.createTable({ databaseName: 'PrometheusDatabase', tableName: 'PrometheusMetricsTable' });
  table = openRawTable(subject.timestream.url, 'PrometheusDatabase', 'PrometheusMetricsTable');
});

afterAll(async () => {
  table.close();
  await subject.close();
});

async function write(layout: Layout, ...timeseries: TimeSeries[]): Promise<void> {
  expect(await subject.write({ timeseries, metadata }, layout)).toEqual({ status: 204, text: '' });
}

async function read(...query: Parameters<typeof select>): Promise<string[]> {
  const [result = []] = await subject.readEveryWay([select(...query)]);
  return text(result);
}

function statementFor(words: string): string {
  const [only, ...others] = sqlBlocks.filter(({ purpose }) => purpose.includes(words));
  if (only === undefined || others.length > 0) throw new Error(`docs/data-model.md has not exactly one statement for "${words}"`);
  return only.sql;
}

describe('the statements of docs/data-model.md', () => {
  beforeAll(async () => {
    await write(
      'multi-measure',
      series({ __name__: 'up', job: 'api', instance: 'a' }, [[minuteMs + 1_000, 1], [minuteMs + 2_000, 0]]), // oxfmt-ignore
      series({ __name__: 'up', job: 'api', instance: 'b' }, [[minuteMs + 1_000, 1], [minuteMs + 2_000, STALE_NAN_BITS]]), // oxfmt-ignore
      series({ __name__: 'job:up:sum', job: 'api' }, [[minuteMs, 2]]),
      series({ __name__: 'weather', job: 'api', time: 'utc' }, [[minuteMs, 7]]),
      {
        labels: Object.entries({ __name__: 'request_seconds', instance: 'a' }).map(([name, value]) => ({ name, value })),
        samples: createSamples([]),
        exemplars: [
          { labels: [{ name: 'trace_id', value: '4bf92f35' }], valueBits: bitsFromFloat(0.25), timestampMs: BigInt(minuteMs) },
          { labels: [], valueBits: bitsFromFloat(3), timestampMs: BigInt(minuteMs + 1) },
        ],
        histograms: [
          {
            count: { kind: 'int', value: 10n },
            sumBits: bitsFromFloat(12.5),
            schema: 1,
            zeroThresholdBits: bitsFromFloat(2 ** -128),
            zeroCount: { kind: 'int', value: 1n },
            positiveSpans: [
              { offset: -1, length: 2 },
              { offset: 1, length: 1 },
            ],
            positiveDeltas: BigInt64Array.of(2n, 1n, 1n),
            negativeSpans: [],
            negativeDeltas: new BigInt64Array(),
            positiveCountBits: new BigUint64Array(),
            negativeCountBits: new BigUint64Array(),
            resetHint: 'unknown',
            timestampMs: BigInt(minuteMs),
            customValueBits: new BigUint64Array(),
          },
        ],
      },
    );
  });

  it('say which column is missing on a table that holds no value outside the default layout', async () => {
    await expect(table.query(statementFor('rows of any layout'))).rejects.toThrow("Column 'sample_value' does not exist");
    expect(page).toContain("the error `Column 'sample_value' does not exist`");
    await write('sample-value', series({ __name__: 'up', job: 'api', instance: 'd' }, [[minuteMs + 1_000, 0]]));
    await write('single-measure', series({ __name__: 'up', job: 'api', instance: 'c' }, [[minuteMs + 1_000, 1], [minuteMs + 3_000, 1]])); // oxfmt-ignore
  });

  const expectedRows: Readonly<Record<string, readonly (readonly (string | null)[])[]>> = {
    'newest value': [
      ['a', timeText(minuteMs + 2_000), '0.0'],
      ['b', timeText(minuteMs + 1_000), '1.0'],
    ],
    'average per minute': [[timeText(minuteMs), 'api', '0.6666666666666666']],
    'rows of any layout': [[timeText(minuteMs), 'api', '0.6666666666666666']],
    'Where series ended': [[timeText(minuteMs + 2_000), 'up', 'api', 'b']],
    'recording rule': [[timeText(minuteMs), '2.0']],
    'A label that had to go into': [[timeText(minuteMs), 'weather', '7.0']],
    'Count, sum and average': [[timeText(minuteMs), 'a', '10.0', '12.5', '1.25']],
    'Their positive buckets': [[timeText(minuteMs), 'a', '0.7071067811865476=2 1.0=3 2.0=4']],
    'How many observations': [[timeText(minuteMs), 'a', '4.0']],
    'Exemplars of one metric': [
      ['a', '0.25', '4bf92f35'],
      ['a', '3.0', null],
    ],
    'Types and help texts': [['{"__name__":"request_seconds"}', '{"type":"histogram","help":"How long.","unit":""}']],
  };

  it.each(Object.entries(expectedRows))('find what they are for: %s', async (words, rows) => {
    const found = await table.query(statementFor(words));
    // Where in its millisecond an exemplar stands is a matter of its content.
    expect(words.startsWith('Exemplars') ? found.map(([, ...others]) => others) : found).toEqual(rows);
  });

  it('are all tested here', () => {
    expect(sqlBlocks).toHaveLength(page.split('```sql').length - 1);
    expect(Object.keys(expectedRows)).toHaveLength(sqlBlocks.length);
  });
});

describe('the names of docs/data-model.md', () => {
  it('stand in the table as the page says, and come back as they were', async () => {
    const written = [
      series({ __name__: 'names:job:sum' }, [[minuteMs, 1]]),
      series({ __name__: 'time', job: 'x' }, [[minuteMs, 2]]),
      series({ __name__: `long_${'x'.repeat(300)}`, job: 'x' }, [[minuteMs, 3]]),
      series({ __name__: 'names_empty', job: '', pod: 'p' }, [[minuteMs, 4]]),
    ];
    await write('multi-measure', ...written);
    const rows = await table.query(
      `SELECT measure_name, prometheus_labels, v FROM "PrometheusDatabase"."PrometheusMetricsTable"
       WHERE measure_name = 'names%3Ajob%3Asum' OR measure_name = '%74ime' OR measure_name LIKE 'long_x%' OR measure_name = 'names_empty'
       ORDER BY v`,
    );
    expect(rows).toEqual([
      ['names%3Ajob%3Asum', '{}', '1.0'],
      ['%74ime', null, '2.0'],
      [expect.stringMatching(/^long_x{233}%~[0-9a-f]{16}$/), `{"__name__":"long_${'x'.repeat(300)}"}`, '3.0'],
      ['names_empty', null, '4.0'],
    ]);
    for (const one of written) expect(await read(one.labels[0]?.value ?? '', minuteMs, minuteMs)).toEqual([stored(one)]);
  });
});

describe('the command of docs/data-model.md for writing by hand', () => {
  const [command = ''] = shellBlocks;

  /** What the shell makes of the command. */
  function argumentsOf(shellCommand: string): string[] {
    const words = execFileSync('sh', ['-c', `aws() { for word in "$@"; do printf '%s\\0' "$word"; done; }\n${shellCommand}`], {
      encoding: 'utf8',
    });
    return words.split('\0').slice(0, -1);
  }

  it('gives a record that PromQL sees under its measure name', async () => {
    expect(shellBlocks).toHaveLength(1);
    const words = argumentsOf(command);
    expect(words.slice(0, -1)).toEqual([
      'timestream-write', 'write-records', '--database-name', 'PrometheusDatabase', '--table-name', 'PrometheusMetricsTable', '--records',
    ]); // oxfmt-ignore
    const records = JSON.parse(words.at(-1) ?? '') as { readonly Time: string }[];
    await table.write(records);
    const timestampMs = Number(records[0]?.Time);
    expect(await read('room_temperature', timestampMs, timestampMs)).toEqual([
      stored(series({ __name__: 'room_temperature', job: 'by-hand' }, [[timestampMs, 21.5]])),
    ]);
  });

  it.skipIf(isMissing('awsCli'))('is taken by the real aws command line', async () => {
    expect(await runAwsCli(subject.timestream.url, argumentsOf(command))).toContain('"Total": 1');
  });
});

describe('a table that others have written to as well', () => {
  const timeMs = minuteMs + 10_000;
  const single = (
    measureName: string,
    dimensions: Readonly<Record<string, string>>,
    value: string,
    time: bigint | number,
    more: object = {},
  ) => ({
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    MeasureName: measureName,
    MeasureValue: value,
    MeasureValueType: 'DOUBLE',
    Time: String(time),
    TimeUnit: 'MILLISECONDS',
    ...more,
  });

  it('gives one series of the records of the earlier Go connector, of both layouts and of hand-written integers', async () => {
    const labels = { instance: 'i', job: 'go' };
    await table.write([
      single('mixed', labels, '0.333333', timeMs),
      single('mixed', labels, '1000000.000000', timeMs + 1),
      single('mixed', labels, '9007199254740993', timeMs + 2, { MeasureValueType: 'BIGINT' }),
      single('mixed', labels, '-7', timeMs + 3, { MeasureValueType: 'BIGINT' }),
    ]);
    await write('single-measure', series({ __name__: 'mixed', ...labels }, [[timeMs + 4, 1 / 3]]));
    await write('multi-measure', series({ __name__: 'mixed', ...labels }, [[timeMs + 5, STALE_NAN_BITS], [timeMs + 6, 0x8000000000000000n]])); // oxfmt-ignore
    const wanted = series({ __name__: 'mixed', ...labels }, [
      [timeMs, 0.333333], [timeMs + 1, 1e6], [timeMs + 2, 9007199254740992], [timeMs + 3, -7], [timeMs + 4, 1 / 3], [timeMs + 5, STALE_NAN_BITS], [timeMs + 6, 0x8000000000000000n],
    ]); // oxfmt-ignore
    expect(await read('mixed', timeMs, timeMs + 10)).toEqual([stored(wanted)]);
    expect(await read('mixed', timeMs, timeMs + 10, { type: '=', name: 'job', value: 'go' }, { type: '!=', name: 'pod', value: 'x' })).toEqual([stored(wanted)]); // oxfmt-ignore
  });

  it('goes on with a table of the default layout in other layouts, and back, value for value', async () => {
    const labels = { instance: 'i', job: 'compact' };
    const writePair = (layout: Layout, startMs: number) => write(layout, series({ __name__: 'changed', ...labels }, [[startMs, 1 / 3], [startMs + 1, STALE_NAN_BITS]])); // oxfmt-ignore
    await writePair('multi-measure', timeMs);
    await writePair('compact', timeMs + 2);
    await writePair('multi-measure', timeMs + 4);
    await writePair('sample-value', timeMs + 6);
    // The same value of another layout is no conflict, another value is.
    const other = await subject.write(
      {
        timeseries: [
          series({ __name__: 'changed', ...labels }, [
            [timeMs, 1 / 3],
            [timeMs + 1, STALE_NAN_BITS],
            [timeMs + 3, 5],
            [timeMs + 4, 6],
          ]),
        ],
        metadata: [],
      },
      'compact',
    );
    expect(other).toEqual({ status: 400, text: expect.stringContaining('conflicting-value (2)') as string });
    const wanted = series({ __name__: 'changed', ...labels }, [0, 2, 4, 6].flatMap((offset): [number, number | bigint][] => [[timeMs + offset, 1 / 3], [timeMs + offset + 1, STALE_NAN_BITS]])); // oxfmt-ignore
    expect(await read('changed', timeMs, timeMs + 10)).toEqual([stored(wanted)]);
    expect(await table.query(`SELECT count(v), count(sample_value), count("measure_value::double"), count(sample_bits) FROM "PrometheusDatabase"."PrometheusMetricsTable" WHERE measure_name = 'changed'`)).toEqual([['2', '1', '1', '4']]); // oxfmt-ignore
  });

  it('cuts times to the millisecond, and takes the later of two rows that then meet', async () => {
    const ns = BigInt(timeMs) * 1_000_000n;
    const fine = { TimeUnit: 'NANOSECONDS' };
    await table.write([
      single('fine', { a: 'b' }, '1', ns + 100n, fine),
      single('fine', { a: 'b' }, '2', ns + 999_999n, fine),
      single('fine', { a: 'b' }, '3', ns + 500n, fine),
      single('fine', { a: 'b' }, '4', BigInt(timeMs + 1) * 1_000n + 1n, { TimeUnit: 'MICROSECONDS' }),
      single('fine', { a: 'b' }, '5', Math.floor(timeMs / 1_000) - 1, { TimeUnit: 'SECONDS' }),
    ]);
    expect(await read('fine', timeMs - 10_000, timeMs + 10)).toEqual([
      stored(series({ __name__: 'fine', a: 'b' }, [[Math.floor(timeMs / 1_000) * 1_000 - 1_000, 5], [timeMs, 2], [timeMs + 1, 4]])), // oxfmt-ignore
    ]);
  });

  it('takes the multi-measure record at the same nanosecond, and then the greater bits', async () => {
    const multi = (dimensions: Readonly<Record<string, string>>, value: string, time: number) => ({
      ...single('same_time', dimensions, '', time),
      MeasureValue: undefined,
      MeasureValueType: 'MULTI',
      MeasureValues: [{ Name: 'sample_value', Value: value, Type: 'DOUBLE' }],
    });
    await table.write([
      single('same_time', { a: 'b', prometheus_labels: '{}' }, '100', timeMs),
      multi({ a: 'b' }, '1', timeMs),
      multi({ a: 'b' }, '1', timeMs + 1),
      multi({ a: 'b', prometheus_labels: '{}' }, '2', timeMs + 1),
      // Of two zeros the negative one has the greater bits.
      multi({ a: 'b' }, '-0.0', timeMs + 2),
      multi({ a: 'b', prometheus_labels: '{}' }, '0', timeMs + 2),
    ]);
    expect(await read('same_time', timeMs, timeMs + 10)).toEqual([
      stored(series({ __name__: 'same_time', a: 'b' }, [[timeMs, 1], [timeMs + 1, 2], [timeMs + 2, 0x8000000000000000n]])), // oxfmt-ignore
    ]);
  });

  it('reads prometheus_labels as labels only in the one spelling that the connector writes, and as a label of that name otherwise', async () => {
    const texts = [
      '{"time":"utc"}',
      '{ "time": "utc" }',
      '{"time":"\\u0075tc"}',
      '{"time":1}',
      '{"b":"1","a":"2"}',
      '{"time":"utc"',
      'none',
      '[]',
      '{"":"x"}',
    ];
    await table.write(texts.map((packed, index) => single('packed', { n: String(index), prometheus_labels: packed }, '1', timeMs)));
    const wanted = texts.map((packed, index) =>
      stored(
        series({ __name__: 'packed', n: String(index), ...(index === 0 ? { time: 'utc' } : { prometheus_labels: packed }) }, [[timeMs, 1]]),
      ),
    );
    expect(await read('packed', timeMs, timeMs)).toEqual(wanted);
    expect(await read('packed', timeMs, timeMs, { type: '=', name: 'time', value: 'utc' })).toEqual(wanted.slice(0, 1));
    expect(await read('packed', timeMs, timeMs, { type: '=', name: 'prometheus_labels', value: 'none' })).toEqual([wanted[6]]);
  });

  it('leaves out rows without a sample, and takes text columns of the others for labels', async () => {
    const foreign = (values: readonly object[], n: string) => ({ ...single('foreign', { n }, '', timeMs), MeasureValue: undefined, MeasureValueType: 'MULTI', MeasureValues: values }); // oxfmt-ignore
    await table.write([
      foreign([{ Name: 'cpu', Value: '1', Type: 'DOUBLE' }, { Name: 'is_on', Value: 'true', Type: 'BOOLEAN' }], 'no sample'),
      foreign([{ Name: 'sample_value', Value: '5', Type: 'DOUBLE' }, { Name: 'cpu', Value: '1', Type: 'DOUBLE' }], 'with numbers'),
      foreign([{ Name: 'sample_value', Value: '6', Type: 'DOUBLE' }, { Name: 'note', Value: 'by hand', Type: 'VARCHAR' }], 'with text'),
      { ...single('foreign', { n: 'text' }, 'a text', timeMs), MeasureValueType: 'VARCHAR' },
      { ...single('foreign', { n: 'boolean' }, 'true', timeMs), MeasureValueType: 'BOOLEAN' },
    ]); // oxfmt-ignore
    expect(await read('foreign', timeMs, timeMs)).toEqual([
      stored(series({ __name__: 'foreign', n: 'with numbers' }, [[timeMs, 5]])),
      stored(series({ __name__: 'foreign', n: 'with text', note: 'by hand' }, [[timeMs, 6]])),
    ]);
  });

  it('finds metric names that only a hand could have written', async () => {
    const names = ['a%b', '%', '50%3a', '%41', "it's"];
    await table.write(names.map((name) => single(name, { by: 'hand' }, '1', timeMs)));
    for (const name of names)
      expect(await read(name, timeMs, timeMs)).toEqual([stored(series({ __name__: name, by: 'hand' }, [[timeMs, 1]]))]);
  });
});
