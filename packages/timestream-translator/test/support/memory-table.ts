import {
  compareLabels,
  compareUtf8,
  createSamples,
  type Label,
  type LabelMatcher,
  type TimeSeries,
} from '@timestream-prometheus/prom-codec';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { decodeLabelDimension, encodeLabelDimension } from '../../src/names/label-dimension.js';
import { decodeMeasureName, encodeMeasureName } from '../../src/names/measure-name.js';
import type { ColumnInfo, Datum, QueryPage } from '../../src/model/record.js';
import { randomRegex } from './random-regex.js';

/** A row of a table as somebody wrote it. */
export interface MemoryRow {
  readonly measureName: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly timeNs: bigint;
  readonly value: {
    readonly column: string;
    readonly scalarType: string;
    readonly text: string;
    readonly valueBits: bigint;
    readonly rank: number;
  } | null;
}

const longName = (end: string): string => `long_${'x'.repeat(300)}${end}`;
const metricNames = ['up', 'go_gc', 'go_mem', 'job:x:rate', 'time', 'ts_foo', 'mem%used', 'a\u{10400}b', longName('1'), longName('2')];
export const labelNames = ['job', 'instance', 'a_b', 'time', 'a:b', 'sample_value', 'v', 'prometheus_labels', 'Job'];
const labelValues = ['', 'a', 'b', 'ab', 'a"b', "it's", 'a%b', 'x_y', 'a\\b', '\u{1F600}', '\ufffd', 'a\nb', '{"job":"a"}', '\u0000'];
const dimensionNames = ['job', 'instance', 'a_b', 'Job', '__name__', 'v'];

const packedLabels = fc
  .record({
    labels: fc.uniqueArray(fc.record({ name: fc.constantFrom(...labelNames), value: fc.constantFrom(...labelValues) }), {
      selector: ({ name }) => name,
      maxLength: 3,
    }),
    other: fc.constantFrom('', '', '', '', ' ', 'no json', '{"job": "a"}', '{"job":"\\u0061"}', '{"b":"1","a":"2"}'),
  })
  .map(({ labels, other }) => (other === '' ? encodeLabelDimension(labels) : other));

const rowValue = fc.oneof(
  fc
    .constantFrom(
      ...['1.0', '-0.0', '4.9E-324', '1.7976931348623157E308', '35.0', '1.0E7'].map((text) => ({
        text,
        bits: createSamples([[0, Number(text)]]).valueBits[0] ?? 0n,
      })),
    )
    .chain(({ text, bits }) =>
      fc.constantFrom(
        { column: 'sample_value', scalarType: 'DOUBLE', text, valueBits: bits, rank: 1 },
        { column: 'v', scalarType: 'DOUBLE', text, valueBits: bits, rank: 1 },
        { column: 'measure_value::double', scalarType: 'DOUBLE', text, valueBits: bits, rank: 0 },
      ),
    ),
  fc.constantFrom(0x7ff0000000000002n, 0x7ff8000000000001n, 0x7ff0000000000000n, 0xfff0000000000000n).map((valueBits) => ({
    column: 'sample_bits',
    scalarType: 'BIGINT',
    text: String(BigInt.asIntN(64, valueBits)),
    valueBits,
    rank: 1,
  })),
  fc.constant({ column: 'measure_value::bigint', scalarType: 'BIGINT', text: '7', valueBits: 0x401c000000000000n, rank: 0 }),
  fc.constant(null),
);

/** Rows of all layouts and written by hand, close enough to each other for series to meet. */
export const memoryTable: fc.Arbitrary<readonly MemoryRow[]> = fc
  .array(
    fc.record({
      metricName: fc.constantFrom(...metricNames),
      writtenByHand: fc.constantFrom('', '', '', '', '', 'a%3', 'x%~0123456789abcdef', 'a:b'),
      keepsFullName: fc.boolean(),
      packed: fc.option(packedLabels, { freq: 2 }),
      dimensions: fc.dictionary(fc.constantFrom(...dimensionNames), fc.constantFrom(...labelValues), { maxKeys: 3 }),
      timeNs: fc
        .tuple(fc.constantFrom(0, 1000, 1001, 1002), fc.constantFrom(0, 1, 999_999))
        .map(([ms, ns]) => BigInt(ms) * 1_000_000n + BigInt(ns)),
      value: rowValue,
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((rows) =>
    rows.map(({ metricName, writtenByHand, keepsFullName, packed, dimensions, timeNs, value }) => {
      const measureName = writtenByHand || encodeMeasureName(metricName);
      const kept = keepsFullName
        ? encodeLabelDimension([{ name: '__name__', value: metricName }, ...(decodeLabelDimension(packed ?? '{}') ?? [])])
        : packed;
      return { measureName, dimensions: { ...dimensions, ...(kept === null ? {} : { prometheus_labels: kept }) }, timeNs, value };
    }),
  )
  // A name is a dimension's or a measure's, never both: whichever came first.
  .map((rows) => {
    const first = rows.find((row) => 'v' in row.dimensions || row.value?.column === 'v');
    if (first === undefined) return rows;
    if (!('v' in first.dimensions)) return rows.map((row) => ({ ...row, dimensions: withoutV(row.dimensions) }));
    return rows.map((row) => (row.value?.column === 'v' ? { ...row, value: { ...row.value, column: 'sample_value' } } : row));
  })
  // Timestream holds one value for the same dimensions, measure name and time.
  .map((rows) => [
    ...new Map(
      rows.map((row) => [
        JSON.stringify([row.measureName, Object.entries(row.dimensions).sort(), String(row.timeNs), row.value?.column]),
        row,
      ]),
    ).values(),
  ]);

function withoutV(dimensions: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(dimensions).filter(([name]) => name !== 'v'));
}

const matcherValue = fc.oneof(
  fc.constantFrom(...labelValues, ...metricNames),
  fc.constantFrom(
    'a.*',
    '.*',
    '.+',
    '',
    'a|b',
    'go_.*',
    '[ab]+',
    '.*b',
    'a(%|")b',
    '(?i)A.?b',
    'long_.*1',
    '.*:.*',
    't.*',
    'm.*|g.*',
    'a\\x{10400}.',
    '\\pL+',
    '.*[0-9a-f]',
    '.*3A.*',
  ),
  randomRegex,
);

export const validMatcher: fc.Arbitrary<LabelMatcher> = fc
  .record({
    type: fc.constantFrom('=' as const, '!=' as const, '=~' as const, '!~' as const),
    name: fc.oneof(fc.constant('__name__'), fc.constantFrom(...labelNames, 'nowhere', '__name__', 'measure_name')),
    value: matcherValue,
  })
  .filter(({ type, value }) => type === '=' || type === '!=' || isRegex(value));

/** What Prometheus would answer if the rows were its samples: slow, and short enough to be believed. */
export function plainAnswer(
  rows: readonly MemoryRow[],
  matchers: readonly LabelMatcher[],
  startMs: bigint,
  endMs: bigint,
): readonly TimeSeries[] {
  const bySeries = new Map<string, { labels: readonly Label[]; best: Map<bigint, MemoryRow> }>();
  for (const row of rows) {
    const timeMs = row.timeNs / 1_000_000n;
    const labels = plainLabels(row);
    if (row.value === null || timeMs < startMs || timeMs > endMs || !selects(matchers, labels)) continue;
    const series = bySeries.get(JSON.stringify(labels)) ?? { labels, best: new Map<bigint, MemoryRow>() };
    bySeries.set(JSON.stringify(labels), series);
    const other = series.best.get(timeMs);
    if (other === undefined || isBetter(row, other)) series.best.set(timeMs, row);
  }
  return [...bySeries.values()]
    .map(({ labels, best }) => ({
      labels,
      samples: createSamples(
        [...best].sort(([left], [right]) => Number(left - right)).map(([timeMs, row]) => [timeMs, row.value?.valueBits ?? 0n]),
      ),
      exemplars: [],
      histograms: [],
    }))
    .sort((left, right) => compareLabels(left.labels, right.labels));
}

export function plainLabels(row: MemoryRow): readonly Label[] {
  const { prometheus_labels: packed, ...own } = row.dimensions;
  const unpacked = packed === undefined ? [] : decodeLabelDimension(packed);
  const labels: Record<string, string> =
    unpacked === null ? { prometheus_labels: packed ?? '' } : Object.fromEntries(unpacked.map(({ name, value }) => [name, value]));
  const fullName = labels['__name__'];
  Object.assign(labels, own);
  labels['__name__'] =
    fullName !== undefined && encodeMeasureName(fullName) === row.measureName ? fullName : decodeMeasureName(row.measureName);
  return Object.entries(labels)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => ({ name, value }))
    .sort((left, right) => compareUtf8(left.name, right.name));
}

export function selects(matchers: readonly LabelMatcher[], labels: readonly Label[]): boolean {
  return matchers.every(({ type, name, value }) => {
    const actual = labels.find((label) => label.name === name)?.value ?? '';
    const isMatch = type === '=' || type === '!=' ? actual === value : RE2JS.compile(`^(?s:${value})$`).test(actual);
    return isMatch === (type === '=' || type === '=~');
  });
}

function isBetter(row: MemoryRow, other: MemoryRow): boolean {
  if (row.timeNs !== other.timeNs) return row.timeNs > other.timeNs;
  const [value, otherValue] = [row.value, other.value];
  if (value?.rank !== otherValue?.rank) return (value?.rank ?? 0) > (otherValue?.rank ?? 0);
  return (value?.valueBits ?? 0n) > (otherValue?.valueBits ?? 0n);
}

function isRegex(pattern: string): boolean {
  try {
    RE2JS.compile(pattern);
    RE2JS.compile(`^(?s:${pattern})$`);
    return true;
  } catch {
    return false;
  }
}

export function dimensionsOfTable(rows: readonly MemoryRow[]): ReadonlySet<string> {
  return new Set(rows.flatMap(({ dimensions }) => Object.keys(dimensions)));
}

/** The rows as Timestream would answer `SELECT *` over them. */
export function pageOf(rows: readonly MemoryRow[]): QueryPage {
  const dimensions = [...dimensionsOfTable(rows)];
  const values = [...new Map(rows.flatMap(({ value }) => (value === null ? [] : [[value.column, value.scalarType] as const])))];
  const column = (Name: string, ScalarType: string): ColumnInfo => ({ Name, Type: { ScalarType } });
  const datum = (text: string | undefined): Datum => (text === undefined ? { NullValue: true } : { ScalarValue: text });
  return {
    ColumnInfo: [
      ...dimensions.map((name) => column(name, 'VARCHAR')),
      column('measure_name', 'VARCHAR'),
      column('time', 'TIMESTAMP'),
      ...values.map(([name, scalarType]) => column(name, scalarType)),
    ],
    Rows: rows.map((row) => ({
      Data: [
        ...dimensions.map((name) => datum(row.dimensions[name])),
        datum(row.measureName),
        datum(timestampText(row.timeNs)),
        ...values.map(([name]) => datum(row.value?.column === name ? row.value.text : undefined)),
      ],
    })),
  };
}

export function timestampText(timeNs: bigint): string {
  const timeMs = timeNs / 1_000_000n;
  const fraction = String(timeNs % 1_000_000_000n).padStart(9, '0');
  return `${new Date(Number(timeMs)).toISOString().slice(0, 19).replace('T', ' ')}.${fraction}`;
}
