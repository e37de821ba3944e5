import { compareLabels } from '@timestream-prometheus/prom-codec';
import type { PackedLayout } from '../sql/compile-packed.js';
import { assertWholeSamples } from './assert-whole-samples.js';
import { BoundedSink } from './bounded-sink.js';
import { readPackedRows, type PackedRow } from './packed-reader.js';
import { ReadLimitError } from './read-limit-error.js';
import type { SeriesAssembler, SeriesAssemblerOptions } from './series-assembler.js';
import { createSeriesIndex } from './series-index.js';
import { isEmpty, SeriesPoints } from './series-points.js';

/**
 * Reads the pages of packed answers, in any order, as `createSeriesAssembler` reads rows: the same table gives the same series.
 *
 * `addPage` and `finish` also throw PackedAnswerError: then the table has to be asked in another way.
 */
export function createPackedAssembler(
  { matchers, startMs, endMs, limits, only }: SeriesAssemblerOptions,
  layout: PackedLayout,
): SeriesAssembler {
  const points = new SeriesPoints();
  const index = createSeriesIndex({ matchers, maxSeries: limits.maxSeries, only });
  const firstRows: PackedRow[] = [];
  const sink = new BoundedSink(points, Number(BigInt.asIntN(64, startMs)), Number(BigInt.asIntN(64, endMs)));
  return {
    get heldSamples() {
      return points.weight;
    },
    addPage(page) {
      for (const row of readPackedRows(page, layout)) {
        const series = index.identify(row.dimensions, row.measureName);
        if (series === null) continue;
        assertWholeSamples((firstRows[series] ??= row), row, layout);
        if (points.weight + row.pointCount > limits.maxSamples) throw new ReadLimitError('too-many-samples', limits.maxSamples);
        sink.series = series;
        row.readPoints(sink);
        if (points.weight > limits.maxSamples) throw new ReadLimitError('too-many-samples', limits.maxSamples);
      }
    },
    finish() {
      return points
        .finish(index.labelSets.length)
        .map((found, series) => ({ labels: index.labelSets[series] ?? [], ...found, exemplars: [] }))
        .filter((found) => !isEmpty(found))
        .sort((left, right) => compareLabels(left.labels, right.labels));
    },
  };
}
