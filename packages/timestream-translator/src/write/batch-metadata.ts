import { METADATA_COLUMN } from '../model/layout.js';
import type { WriteBatch } from '../model/record.js';
import { batchTextRecords } from './batch-text-records.js';
import type { StoredMetadata } from './translate-metadata.js';

/** Groups metadata into WriteRecords calls, see `batchTextRecords`. They need no version: equal times mean equal texts. */
export function batchMetadata(stored: readonly StoredMetadata[]): WriteBatch[] {
  const entries = stored.map(({ series, seriesIndex, metadata, timestampMs, nanoseconds, texts }) => ({
    series,
    timestampMs,
    nanoseconds,
    texts,
    source: { seriesIndex, sampleIndex: -1, metadata },
  }));
  return batchTextRecords(METADATA_COLUMN, entries);
}
