import { bitsFromFloat } from '@timestream-prometheus/prom-codec';
import type { QueryPage } from '../model/record.js';
import type { PackedRow } from './packed-reader.js';
import { createRowReader, sampleRank } from './row-reader.js';
import { createTimestampParser } from './timestamp-text.js';

/** A point as it lies in the table. */
export interface PhysicalPoint {
  readonly timeMs: number;
  readonly rank: number;
  /** A packed answer has histograms and numbers in different rows. */
  readonly isHistogram: boolean;
  /** Null for a histogram. */
  readonly valueBits: bigint | null;
  /** Equal for equal points and for no others. Only for comparing a few. */
  readonly text: string;
}

/** The points of a packed row, in the order of time. */
export function pointsOfPackedRow(row: PackedRow): readonly PhysicalPoint[] {
  const points: PhysicalPoint[] = [];
  row.readPoints({
    addFloat: (timeMs, rank, value) => points.push(pointOf(timeMs, rank, bitsFromFloat(value))),
    addSteps: (firstMs, stepMs, rank, values) =>
      values.forEach((value, index) => points.push(pointOf(firstMs + index * stepMs, rank, bitsFromFloat(value)))),
    addBits: (timeMs, rank, valueBits) => points.push(pointOf(timeMs, rank, valueBits)),
    addHistogram: (timeMs, rank, text) => {
      if (text !== '') points.push(histogramPointOf(timeMs, rank, text));
    },
  });
  return points.sort((left, right) => left.timeMs - right.timeMs || left.rank - right.rank);
}

/** The points of a page of plain rows, of whatever series. */
export function pointsOfRows({ ColumnInfo, Rows }: QueryPage): readonly PhysicalPoint[] {
  if (Rows.length === 0) return [];
  const reader = createRowReader(ColumnInfo);
  const timestamp = createTimestampParser();
  return Rows.flatMap((row) => {
    const value = reader.valueOf(row);
    if (value === null) return [];
    timestamp.parse(reader.timeTextOf(row));
    const rank = sampleRank(timestamp.subMillisecondNanoseconds, value.isMultiMeasure);
    if (value.kind === 'histogram') return [histogramPointOf(timestamp.timeMs, rank, value.text)];
    return [pointOf(timestamp.timeMs, rank, value.kind === 'bits' ? value.valueBits : bitsFromFloat(value.value))];
  });
}

function pointOf(timeMs: number, rank: number, valueBits: bigint): PhysicalPoint {
  return { timeMs, rank, isHistogram: false, valueBits, text: `${timeMs}/${rank}/${valueBits.toString(16)}` };
}

function histogramPointOf(timeMs: number, rank: number, text: string): PhysicalPoint {
  return { timeMs, rank, isHistogram: true, valueBits: null, text: `${timeMs}/${rank}/~${text}` };
}
