import { SAMPLE_HISTOGRAM_COLUMN } from '../model/layout.js';
import type { WriteBatch } from '../model/record.js';
import { batchTextRecords } from './batch-text-records.js';
import type { StoredHistogram } from './translate-histograms.js';

/**
 * Groups histograms into WriteRecords calls, see `batchTextRecords`.
 *
 * @param version of the records, 1 if not given
 */
export function batchHistograms(stored: readonly StoredHistogram[], version?: number): WriteBatch[] {
  const entries = stored.map(({ series, seriesIndex, histogram, timestampMs, texts }) => ({
    series,
    timestampMs,
    texts,
    source: { seriesIndex, sampleIndex: -1, histogram: { histogram, recordCount: texts.length } },
  }));
  return batchTextRecords(SAMPLE_HISTOGRAM_COLUMN, entries, version);
}
