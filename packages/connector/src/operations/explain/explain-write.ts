import { decodeSnappy, decodeWriteColumns, decodeWriteColumnsV2, type WriteColumns } from '@timestream-prometheus/prom-codec';
import {
  batchExemplars,
  batchHistograms,
  batchMetadata,
  batchRecords,
  createDimensionBudget,
  expandBatch,
  findRefusal,
  MAX_DIMENSIONS_PER_TABLE,
  METRIC_NAME_LABEL,
  meteredWriteBytes,
  recordCountOf,
  SeriesCache,
  translateColumns,
  translateExemplars,
  translateHistograms,
  translateMetadata,
  type WriteBatch,
  WRITE_METERING_UNIT_BYTES,
} from '@timestream-prometheus/timestream-translator';
import type { Config } from '../../config/parse-config.js';
import { ConnectorError } from '../../errors/connector-error.js';
import type { WriteVersion } from '../../protocol/content-headers.js';
import { decodeChecked } from '../../protocol/read-message.js';
import { emptySeriesDrops } from '../../write/empty-series.js';
import { isRefused } from '../../write/is-refused.js';
import { metadataOfFamily } from '../../write/metadata-family.js';
import { malformedDrops } from '../../write/malformed-drops.js';
import { sliceColumns } from '../../write/slice-columns.js';
import type { TableDescription } from '../table-admin.js';

export interface WriteRefusal {
  readonly reason: string;
  readonly count: number;
  readonly example: string;
  /** `left out`: a sender of remote write 1.0 is told 204; `rejected`: 400. */
  readonly outcome: 'left out' | 'rejected' | 'whole request refused';
}

export interface WriteExplanation {
  readonly series: number;
  readonly samples: number;
  readonly histograms: number;
  readonly exemplars: number;
  readonly metadata: number;
  readonly metricNames: number;
  readonly records: number;
  readonly batches: number;
  /** What Timestream charges for: each call rounded up to a KiB. */
  readonly meteredKiB: number;
  /** Dimensions of the records that the table does not have yet; undefined if the table was not looked at. */
  readonly newDimensions: readonly string[] | undefined;
  readonly refused: readonly WriteRefusal[];
  readonly minTimeMs: number | undefined;
  readonly maxTimeMs: number | undefined;
}

export interface WriteExplainer {
  readonly config: Pick<
    Config,
    'tableLayout' | 'exemplars' | 'metadata' | 'onConflict' | 'failOnLongLabel' | 'failOnInvalidSampleValue' | 'maxDecodedBytes'
  >;
  /** Undefined: not looked at. */
  readonly tableDimensions: readonly string[] | undefined;
  readonly table: Pick<TableDescription, 'memoryStoreRetentionHours' | 'magneticStoreRetentionDays' | 'magneticStoreWrites'> | undefined;
  readonly nowMs: number;
}

const SLICE_SAMPLES = 10_000;
const SERIES_CACHE_BYTES = 64 * 1024 * 1024;
const HOUR_MS = 3_600_000;
/** Developer guide, quotas: "Future ingestion period: 15 minutes". */
const FUTURE_MS = 15 * 60_000;

/** What would become of a remote-write body, without writing it. @throws ConnectorError malformed-body, decoded-body-too-large */
export function explainWrite(body: Uint8Array, version: WriteVersion, explainer: WriteExplainer): WriteExplanation {
  const { config } = explainer;
  const bytes = decodeChecked(() => decodeSnappy(body, { maxBytes: config.maxDecodedBytes }));
  const columns = decodeChecked(() => (version === '1.0' ? decodeWriteColumns(bytes) : decodeWriteColumnsV2(bytes)));
  if (columns.labelSets.length === 0 && columns.metadata.length === 0 && columns.malformedSeries.length === 0) {
    throw new ConnectorError('malformed-body', 'the body holds no series: is it of the other version (--remote-write-version)?');
  }
  const dimensionBudget = createDimensionBudget();
  dimensionBudget.learn(explainer.tableDimensions ?? []);
  const series = new SeriesCache({ maxBytes: SERIES_CACHE_BYTES });
  const refused: WriteRefusal[] = [];
  const totals = { records: 0, batches: 0, meteredBytes: 0 };
  const dimensions = new Set<string>();
  const dropped = [...malformedDrops([columns])];
  if (version === '2.0') dropped.push(...emptySeriesDrops([columns]));
  const options = { layout: config.tableLayout, dimensionBudget, series };
  for (const slice of sliceColumns(columns, SLICE_SAMPLES)) {
    const translation = translateColumns(slice, options);
    dropped.push(...translation.dropped);
    countBatches(batchRecords(translation.records));
  }
  const histograms = translateHistograms(columns, options);
  countBatches(batchHistograms(histograms.stored));
  const exemplars = translateExemplars(columns, { ...options, isWanted: config.exemplars === 'store' });
  countBatches(batchExemplars(exemplars.stored));
  // As if none of it had been written before.
  const families = version === '1.0' ? columns.metadata : columns.metadata.map(metadataOfFamily);
  const metadata = translateMetadata(families, {
    layout: config.tableLayout,
    isWanted: config.metadata === 'store',
    nowMs: explainer.nowMs,
  });
  countBatches(batchMetadata(metadata.stored));
  dropped.push(...histograms.dropped, ...exemplars.dropped, ...metadata.dropped);
  const refusal = findRefusal(columns, config);
  if (refusal !== null) refused.push({ ...refusal, count: columns.timestampsMs.length, outcome: 'whole request refused' });
  for (const { reason, count, example } of dropped) {
    const isRejected = isRefused(reason, { config, version });
    refused.push({ reason, count, example, outcome: isRejected ? 'rejected' : 'left out' });
  }
  refused.push(...outsideRetention(columns, explainer));
  const known = explainer.tableDimensions;
  const newDimensions = known === undefined ? undefined : [...dimensions].filter((name) => !known.includes(name)).sort();
  if (known !== undefined && newDimensions !== undefined && known.length + newDimensions.length > MAX_DIMENSIONS_PER_TABLE) {
    refused.push({
      reason: 'table-dimensions',
      count: 0,
      example: 'the table has no room for all of these labels as dimensions',
      outcome: 'rejected',
    });
  }
  const { min, max } = boundsOf(columns.timestampsMs);
  return {
    series: columns.labelSets.length,
    samples: columns.timestampsMs.length,
    histograms: columns.histograms.length,
    exemplars: columns.exemplars.length,
    metadata: columns.metadata.length,
    metricNames: new Set(columns.labelSets.map(({ labels }) => labels.find(({ name }) => name === METRIC_NAME_LABEL)?.value)).size,
    records: totals.records,
    batches: totals.batches,
    meteredKiB: totals.meteredBytes / WRITE_METERING_UNIT_BYTES,
    newDimensions,
    refused,
    minTimeMs: min,
    maxTimeMs: max,
  };

  function countBatches(batches: readonly WriteBatch[]): void {
    for (const batch of batches) {
      totals.batches += 1;
      totals.records += recordCountOf(batch);
      totals.meteredBytes += meteredWriteBytes(batch);
      for (const { Dimensions } of expandBatch(batch)) for (const { Name } of Dimensions ?? []) dimensions.add(Name);
    }
  }
}

/** Samples that Timestream would reject for their time, by the retention that the table has now. */
function outsideRetention({ timestampsMs }: WriteColumns, { table, nowMs }: WriteExplainer): readonly WriteRefusal[] {
  if (table === undefined) return [];
  const memoryMs = table.memoryStoreRetentionHours * HOUR_MS;
  const oldestMs = nowMs - (table.magneticStoreWrites ? Math.max(memoryMs, table.magneticStoreRetentionDays * 24 * HOUR_MS) : memoryMs);
  const count = timestampsMs.filter((timestampMs) => timestampMs < oldestMs || timestampMs > nowMs + FUTURE_MS).length;
  if (count === 0) return [];
  const window = `${new Date(oldestMs).toISOString()} to ${new Date(nowMs + FUTURE_MS).toISOString()}`;
  return [{ reason: 'outside-retention', count, example: `the table takes times from ${window}`, outcome: 'rejected' }];
}

function boundsOf(values: Float64Array): { readonly min: number | undefined; readonly max: number | undefined } {
  if (values.length === 0) return { min: undefined, max: undefined };
  return { min: values.reduce((low, value) => Math.min(low, value)), max: values.reduce((high, value) => Math.max(high, value)) };
}
