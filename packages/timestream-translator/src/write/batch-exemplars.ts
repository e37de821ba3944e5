import { EXEMPLAR_COLUMN } from '../model/layout.js';
import type { WriteBatch } from '../model/record.js';
import { batchTextRecords } from './batch-text-records.js';
import type { StoredExemplar } from './translate-exemplars.js';

/**
 * Groups exemplars into WriteRecords calls, see `batchTextRecords`.
 *
 * @param version of the records, 1 if not given
 */
export function batchExemplars(stored: readonly StoredExemplar[], version?: number): WriteBatch[] {
  const entries = stored.map(({ series, seriesIndex, exemplar, timestampMs, nanoseconds, text }) => ({
    series,
    timestampMs,
    nanoseconds,
    texts: [text],
    source: { seriesIndex, sampleIndex: -1, exemplar },
  }));
  return batchTextRecords(EXEMPLAR_COLUMN, entries, version);
}
