import { compareLabels } from '@timestream-prometheus/prom-codec';
import type { QueryPage } from '../../src/model/record.js';
import type { PackedLayout } from '../../src/sql/compile-packed.js';
import { isIrregular } from '../../src/sql/label-order.js';
import { SAMPLE_COLUMNS } from '../../src/model/sample-column.js';
import { plainLabels, type MemoryRow } from './memory-table.js';

export const packedColumns = ['measure_name', 'packed:row', 'packed:count', 'packed:others', 'packed:inexact', 'packed:points'];

/** One row of a packed answer, as texts. */
export type PackedTexts = readonly (string | null)[];

export function packedPage(layout: PackedLayout, rows: readonly PackedTexts[]): QueryPage {
  return {
    ColumnInfo: [...layout.dimensionColumns, ...packedColumns].map((Name) => ({ Name, Type: { ScalarType: 'VARCHAR' } })),
    Rows: rows.map((texts) => ({ Data: texts.map((text) => (text === null ? { NullValue: true } : { ScalarValue: text })) })),
  };
}

/** What Timestream answers to a packed query over these rows, if it does what is documented; in the order of the labels, irregular rows first. */
export function packedRows(rows: readonly MemoryRow[], layout: PackedLayout): readonly PackedTexts[] {
  const groups = new Map<string, { row: MemoryRow; span: bigint; points: PackedPoint[] }>();
  for (const row of rows) {
    const column = SAMPLE_COLUMNS.find(({ name }) => name === row.value?.column);
    const sinceStartNs = row.timeNs - BigInt(layout.fromMs) * 1_000_000n;
    if (row.value === null || column === undefined || sinceStartNs < 0n) continue;
    const spanNs = BigInt(layout.rowSpanMs) * 1_000_000n;
    const span = sinceStartNs / spanNs;
    const sinceSpanNs = sinceStartNs % spanNs;
    const nanoseconds = sinceSpanNs % 1_000_000n;
    const point = { timeMs: sinceSpanNs / 1_000_000n, nanoseconds, mark: column.mark, value: row.value.text };
    const key = JSON.stringify([row.measureName, layout.dimensionColumns.map((name) => row.dimensions[name] ?? null), String(span)]);
    const group = groups.get(key) ?? { row, span, points: [] };
    group.points.push(point);
    groups.set(key, group);
  }
  return [...groups.values()]
    .sort((left, right) => {
      const [leftRank, rightRank] = [left, right].map(({ row }) =>
        isIrregular(Object.entries(row.dimensions), row.measureName) ? 0 : 1,
      ) as [number, number];
      return leftRank - rightRank || compareLabels(plainLabels(left.row), plainLabels(right.row)) || Number(left.span - right.span);
    })
    .map(({ row, span, points }) => [
      ...layout.dimensionColumns.map((name) => row.dimensions[name] ?? null),
      row.measureName,
      String(span),
      String(points.length),
      '0',
      '0',
      layout.leavesTimesOut ? pointsOfSteps(points) : textOf(points),
    ]);
}

interface PackedPoint {
  readonly timeMs: bigint;
  readonly nanoseconds: bigint;
  readonly mark: string;
  readonly value: string;
}

function textOf(points: readonly PackedPoint[]): string {
  return points
    .map(({ timeMs, nanoseconds, mark, value }) => `${timeMs}${nanoseconds === 0n ? '' : `+${nanoseconds}`}${mark}${value};`)
    .join('');
}

/** Without their times where these are equally far apart. */
function pointsOfSteps(points: readonly PackedPoint[]): string {
  const sorted = points.toSorted((left, right) => Number(left.timeMs - right.timeMs));
  const [first, second] = sorted;
  const stepMs = (second?.timeMs ?? 0n) - (first?.timeMs ?? 0n);
  const isOfSteps =
    first !== undefined &&
    first.mark !== '~' &&
    (sorted.length === 1 || stepMs > 0n) &&
    sorted.every(
      ({ timeMs, nanoseconds, mark }, index) =>
        nanoseconds === 0n && mark === first.mark && timeMs === first.timeMs + BigInt(index) * stepMs,
    );
  if (!isOfSteps) return textOf(points);
  const onlyStepMs = sorted.length === 1 ? 0n : stepMs;
  return `@${first.timeMs},${onlyStepMs}${first.mark};${sorted.map(({ value }) => `${value};`).join('')}`;
}
