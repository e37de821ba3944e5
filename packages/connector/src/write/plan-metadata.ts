import type { MetricMetadata, WriteColumns } from '@timestream-prometheus/prom-codec';
import {
  batchMetadata,
  METRIC_NAME_LABEL,
  translateMetadata,
  type DroppedSamples,
  type SeriesColumns,
  type StoredMetadata,
} from '@timestream-prometheus/timestream-translator';
import type { Config } from '../config/parse-config.js';
import type { WriteVersion } from '../protocol/content-headers.js';
import { metadataOfFamily } from './metadata-family.js';
import type { SourcedBatch } from './write-batches.js';
import type { WrittenMetadata } from './write-context.js';

/** What has to be written of the metadata of a request. */
export interface MetadataPlan {
  readonly stored: readonly StoredMetadata[];
  readonly batches: readonly SourcedBatch[];
  readonly dropped: readonly DroppedSamples[];
}

export interface MetadataContext {
  readonly config: Pick<Config, 'tableLayout' | 'metadata'>;
  readonly known: Pick<WrittenMetadata, 'unknownOf'>;
  readonly version: WriteVersion;
  readonly nowMs: number;
}

/** Only what this process has not written lately becomes a record. */
export async function planMetadata(
  parts: readonly Pick<WriteColumns, 'metadata'>[],
  { config, known, version, nowMs }: MetadataContext,
): Promise<MetadataPlan> {
  const received = parts.flatMap(({ metadata }) => (version === '1.0' ? metadata : metadata.map(metadataOfFamily)));
  const isWanted = config.metadata === 'store';
  const unknown = isWanted && received.length > 0 ? await known.unknownOf(received, nowMs) : received;
  const { stored, dropped } = translateMetadata(unknown, { layout: config.tableLayout, isWanted, nowMs });
  const columns = columnsOfMetadata(unknown);
  return { stored, batches: batchMetadata(stored).map((batch) => ({ batch, columns })), dropped };
}

/** What the sources of batches of metadata refer to: for each metric family a series without samples. */
function columnsOfMetadata(entries: readonly MetricMetadata[]): SeriesColumns {
  return {
    labelSets: entries.map(({ metricFamilyName }) => ({ labels: [{ name: METRIC_NAME_LABEL, value: metricFamilyName }], byteLength: 0 })),
    sampleEnds: new Uint32Array(entries.length),
    timestampsMs: new Float64Array(0),
    values: new Float64Array(0),
    valueBits: new BigUint64Array(0),
    histograms: [],
    exemplars: [],
  };
}
