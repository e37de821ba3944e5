import { compareLabels } from '@timestream-prometheus/prom-codec';
import type { PackedLayout } from '../sql/compile-packed.js';
import { readPackedRows } from './packed-reader.js';
import { ReadLimitError } from './read-limit-error.js';
import { createSampleColumns } from './sample-columns.js';
import type { SeriesAssembler, SeriesAssemblerOptions } from './series-assembler.js';
import { createSeriesIndex } from './series-index.js';

/**
 * Reads the pages of packed answers, in any order, as `createSeriesAssembler` reads rows: the same table gives the same series.
 *
 * `addPage` and `finish` also throw PackedAnswerError: then the table has to be asked in another way.
 */
export function createPackedAssembler(
  { matchers, startMs, endMs, limits, only }: SeriesAssemblerOptions,
  layout: PackedLayout,
): SeriesAssembler {
  const samples = createSampleColumns();
  const index = createSeriesIndex({ matchers, maxSeries: limits.maxSeries, only });
  const firstMs = Number(BigInt.asIntN(64, startMs));
  const lastMs = Number(BigInt.asIntN(64, endMs));
  return {
    addPage(page) {
      for (const row of readPackedRows(page, layout)) {
        const series = index.identify(row.dimensions, row.measureName);
        if (series === null) continue;
        if (samples.length + row.pointCount > limits.maxSamples) throw new ReadLimitError('too-many-samples', limits.maxSamples);
        row.readPoints({
          addFloat(timeMs, rank, value) {
            if (timeMs >= firstMs && timeMs <= lastMs) samples.addFloat(series, timeMs, rank, value);
          },
          addBits(timeMs, rank, valueBits) {
            if (timeMs >= firstMs && timeMs <= lastMs) samples.addBits(series, timeMs, rank, valueBits);
          },
        });
      }
    },
    finish() {
      return samples
        .finish(index.labelSets.length)
        .map((columns, series) => ({ labels: index.labelSets[series] ?? [], samples: columns, exemplars: [], histograms: [] }))
        .filter((series) => series.samples.timestampsMs.length > 0)
        .sort((left, right) => compareLabels(left.labels, right.labels));
    },
  };
}
