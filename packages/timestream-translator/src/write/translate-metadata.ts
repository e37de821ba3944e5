import type { MetricMetadata } from '@timestream-prometheus/prom-codec';
import { LABELS_DIMENSION, METADATA_COLUMN, METADATA_MEASURE_NAME, METRIC_NAME_LABEL, type Layout } from '../model/layout.js';
import { MAX_RECORD_BYTES, NANOSECONDS_PER_MILLISECOND } from '../model/limits.js';
import { encodeLabelDimension } from '../names/label-dimension.js';
import { contentHash } from '../text/content-hash.js';
import { encodeMetadataText } from '../text/metadata-text.js';
import { cutIntoParts, MAX_PARTS } from '../text/text-parts.js';
import type { DroppedSamples } from './drop-reason.js';
import { createDropTally } from './drop-tally.js';
import { InternedLabels, StoredMeasure } from './interned-label.js';
import { tooLargeProblem } from './series-labels.js';
import { StoredSeries } from './stored-series.js';

/**
 * The time of a record is the last whole quarter of an hour, so that connectors that start within one of them write the same record: a table
 * keeps that once. A table's memory store takes an hour at the least (developer guide, quotas).
 */
export const METADATA_TIME_GRID_MS = 15 * 60_000;

/** After that, less than this by content, for a metric may have several. Far below the quarter of an hour that a time may be ahead (quotas). */
const SPREAD_MS = 60_000;

export interface StoredMetadata {
  /** The place among those that were given. */
  readonly seriesIndex: number;
  readonly metadata: MetricMetadata;
  readonly series: StoredSeries;
  readonly timestampMs: number;
  readonly nanoseconds: number;
  /** What `prometheus_metadata` holds in each of its records. */
  readonly texts: readonly string[];
}

export interface MetadataTranslation {
  readonly stored: readonly StoredMetadata[];
  readonly dropped: readonly DroppedSamples[];
}

export interface TranslateMetadataOptions {
  readonly layout: Layout;
  /** False: the operator wants none of them. */
  readonly isWanted: boolean;
  readonly nowMs: number;
}

const METADATA_MEASURE = new StoredMeasure(METADATA_MEASURE_NAME);

/** Translates metadata to records, of which each metric family has one series of its own. Never throws because of its input. */
export function translateMetadata(
  entries: readonly MetricMetadata[],
  { layout, isWanted, nowMs }: TranslateMetadataOptions,
): MetadataTranslation {
  const drops = createDropTally();
  const stored: StoredMetadata[] = [];
  const interned = new InternedLabels();
  const gridMs = Math.floor(nowMs / METADATA_TIME_GRID_MS) * METADATA_TIME_GRID_MS;
  for (const [seriesIndex, metadata] of entries.entries()) {
    const labels = [{ name: METRIC_NAME_LABEL, value: metadata.metricFamilyName }];
    if (!isWanted || layout === 'single-measure') {
      drops.add('metadata', 1, labels, isWanted ? 'the table layout is single-measure, which has no place for metadata' : 'metadata=drop');
      continue;
    }
    if (metadata.metricFamilyName === '') {
      drops.add('missing-metric-name', 1, labels, 'metadata without the name of a metric');
      continue;
    }
    const series = new StoredSeries(METADATA_MEASURE, [interned.intern(LABELS_DIMENSION, encodeLabelDimension(labels))]);
    const text = encodeMetadataText(metadata);
    const roomBytes = MAX_RECORD_BYTES - series.baseBytes - METADATA_COLUMN.length;
    const texts = cutIntoParts(text, roomBytes);
    if (texts === null) {
      if (roomBytes < MAX_RECORD_BYTES / 2) drops.add('record-too-large', 1, labels, tooLargeProblem(MAX_RECORD_BYTES - roomBytes));
      else {
        const problem = `its metadata has ${text.length} bytes, of which a record has room for ${roomBytes}: more than the limit of ${MAX_PARTS} records`;
        drops.add('metadata-too-large', 1, labels, problem);
      }
      continue;
    }
    const hash = contentHash(text);
    stored.push({
      seriesIndex,
      metadata,
      series,
      timestampMs: gridMs + (hash % SPREAD_MS),
      // Room for the parts behind it.
      nanoseconds: contentHash(text, 1) % (NANOSECONDS_PER_MILLISECOND - MAX_PARTS),
      texts,
    });
  }
  return { stored, dropped: drops.list() };
}
