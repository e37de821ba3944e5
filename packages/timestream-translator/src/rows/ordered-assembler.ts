import { compareLabels, type Label, type TimeSeries } from '@timestream-prometheus/prom-codec';
import type { QueryPage } from '../model/record.js';
import type { PackedLayout } from '../sql/compile-packed.js';
import { isIrregular } from '../sql/label-order.js';
import { assertWholeSamples, isSameSeries } from './assert-whole-samples.js';
import { BoundedSink } from './bounded-sink.js';
import { PackedAnswerError } from './packed-answer-error.js';
import { readPackedRows, type PackedRow } from './packed-reader.js';
import { ReadLimitError } from './read-limit-error.js';
import { labelsKey, labelsOfRow } from './row-labels.js';
import type { SeriesAssemblerOptions } from './series-assembler.js';
import { matchLabels } from './series-index.js';
import { isEmpty, SeriesPoints } from './series-points.js';

export interface OrderedAssemblerOptions extends Omit<SeriesAssemblerOptions, 'only'> {
  /** Samples of series that have to wait because the query cannot tell their place: see `labelOrder`. */
  readonly maxWaitingSamples: number;
}

/** Series of a packed answer in the order of their labels, each as soon as it is whole: little more than one page is held. */
export interface OrderedAssembler {
  /**
   * @returns the series that are whole now; each comes once, and after all that stand before it in Prometheus' order
   * @throws PackedAnswerError if the answer shows that it is not to be used, or its order is not the one that was asked for
   * @throws ReadLimitError, RowFormatError
   */
  addPage(page: QueryPage): readonly TimeSeries[];
  /** The others. */
  finish(): readonly TimeSeries[];
  /** Samples in memory of series that are not whole; a record of a histogram counts as many of them. */
  readonly heldSamples: number;
  /** Of what was read so far: rows of the table, and points that stand for them. */
  readonly rowCounts: { readonly seen: number; readonly kept: number };
}

interface OpenSeries {
  readonly labels: readonly Label[];
  readonly firstRow: PackedRow;
  readonly points: SeriesPoints;
  readonly sink: BoundedSink;
}

/** Reads the answer to a `compilePackedSelect` with `isOrdered`. */
export function createOrderedAssembler(
  { matchers, startMs, endMs, limits, maxWaitingSamples }: OrderedAssemblerOptions,
  layout: PackedLayout,
): OrderedAssembler {
  /** Series out of order, until the first regular row has come; then sorted in `queue`, and taken from its front. */
  const waiting = new Map<string, OpenSeries>();
  let queue: OpenSeries[] | null = null;
  let nextInQueue = 0;
  let current: OpenSeries | null = null;
  let lastLabels: readonly Label[] | null = null;
  let sampleCount = 0;
  let givenCount = 0;
  let seriesCount = 0;
  const rowCounts = { seen: 0, kept: 0 };
  let waitingCount = 0;
  let knownRow: { readonly row: PackedRow; readonly labels: readonly Label[] | null } | null = null;
  const firstMs = Number(BigInt.asIntN(64, startMs));
  const lastMs = Number(BigInt.asIntN(64, endMs));

  /** Null if they do not match. The rows of a series follow each other. */
  const labelsOf = (row: PackedRow): readonly Label[] | null => {
    if (knownRow !== null && isSameSeries(knownRow.row, row)) return knownRow.labels;
    const labels = labelsOfRow(row.dimensions, row.measureName);
    const matching = matchLabels(matchers, labels) ? labels : null;
    knownRow = { row, labels: matching };
    return matching;
  };

  const open = (labels: readonly Label[], firstRow: PackedRow): OpenSeries => {
    if (seriesCount >= limits.maxSeries) throw new ReadLimitError('too-many-series', limits.maxSeries);
    seriesCount++;
    const points = new SeriesPoints(Math.max(1, firstRow.pointCount));
    return { labels, firstRow, points, sink: new BoundedSink(points, firstMs, lastMs) };
  };

  const add = (row: PackedRow, { firstRow, points, sink }: OpenSeries): void => {
    assertWholeSamples(firstRow, row, layout);
    if (sampleCount + row.pointCount > limits.maxSamples) throw new ReadLimitError('too-many-samples', limits.maxSamples);
    const before = points.weight;
    row.readPoints(sink);
    sampleCount += points.weight - before;
    if (sampleCount > limits.maxSamples) throw new ReadLimitError('too-many-samples', limits.maxSamples);
  };

  const close = ({ labels, points }: OpenSeries, whole: TimeSeries[]): void => {
    if (lastLabels !== null && compareLabels(lastLabels, labels) >= 0) {
      throw new PackedAnswerError('order', 'series came in another order than that of their labels');
    }
    lastLabels = labels;
    givenCount += points.weight;
    const [found] = points.finish(1);
    if (found !== undefined && !isEmpty(found)) whole.push({ labels, ...found, exemplars: [] });
  };

  /** Hands over what waits and stands before the labels; returns the waiting series that has them. */
  const passWaiting = (labels: readonly Label[] | null, whole: TimeSeries[]): OpenSeries | null => {
    queue ??= [...waiting.values()].sort((left, right) => compareLabels(left.labels, right.labels));
    for (let next = queue[nextInQueue]; next !== undefined; next = queue[nextInQueue]) {
      const order = labels === null ? -1 : compareLabels(next.labels, labels);
      if (order > 0) return null;
      nextInQueue++;
      if (order === 0) return next;
      close(next, whole);
    }
    return null;
  };

  const addIrregular = (row: PackedRow, labels: readonly Label[]): void => {
    if (queue !== null) throw new PackedAnswerError('order', 'a series without a place in the order came after one with a place');
    waitingCount += row.pointCount;
    if (waitingCount > maxWaitingSamples) {
      throw new PackedAnswerError('waiting', `more than ${maxWaitingSamples} samples are of series without a place in the order`);
    }
    const key = labelsKey(labels);
    let series = waiting.get(key);
    if (series === undefined) {
      series = open(labels, row);
      waiting.set(key, series);
    }
    add(row, series);
  };

  return {
    get heldSamples() {
      return sampleCount - givenCount;
    },
    rowCounts,
    addPage(page) {
      const whole: TimeSeries[] = [];
      for (const row of readPackedRows(page, layout)) {
        const labels = labelsOf(row);
        if (labels === null) continue;
        rowCounts.seen += row.seenCount;
        rowCounts.kept += row.pointCount;
        if (isIrregular(row.dimensions, row.measureName)) addIrregular(row, labels);
        else {
          if (current === null || (current.labels !== labels && compareLabels(current.labels, labels) !== 0)) {
            if (current !== null) close(current, whole);
            current = passWaiting(labels, whole) ?? open(labels, row);
          }
          add(row, current);
        }
      }
      return whole;
    },
    finish() {
      const whole: TimeSeries[] = [];
      if (current !== null) close(current, whole);
      current = null;
      passWaiting(null, whole);
      return whole;
    },
  };
}
