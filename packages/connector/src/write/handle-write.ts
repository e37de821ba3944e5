import type { TimeSeries, WriteRequest } from '@timestream-prometheus/prom-codec';
import { batchRecords, dropReasons, translateSeries, type Translation } from '@timestream-prometheus/timestream-translator';
import type { Config } from '../config/parse-config.js';
import { ConnectorError } from '../errors/connector-error.js';
import type { Limiter } from '../concurrency/create-limiter.js';
import { METRICS } from '../metrics/metric-catalogue.js';
import type { MetricsSink, RecordWriter } from '../ports.js';
import { describeRejections } from './describe-rejections.js';
import { rejectionClassOf } from './rejection-reason.js';
import { selectSamples } from './select-samples.js';
import type { TableDimensions } from './table-dimensions.js';
import { writeBatches } from './write-batches.js';
import { WriteTally } from './write-tally.js';

export interface WriteContext {
  readonly config: Pick<Config, 'tableLayout' | 'failOnLongLabel' | 'failOnInvalidSampleValue' | 'maxWriteConcurrencyPerRequest'>;
  readonly writer: RecordWriter;
  readonly dimensions: TableDimensions;
  readonly limiter: Limiter;
  readonly metrics: MetricsSink;
  readonly signal: AbortSignal;
}

/**
 * Stores the samples of a request. Returns when every one is stored or is in a documented drop class that counts as success.
 *
 * @throws ConnectorError retryable if any part may succeed later; otherwise what is final, after everything else is stored
 */
export async function handleWrite(request: WriteRequest, context: WriteContext): Promise<void> {
  const { metrics, dimensions } = context;
  if (request.metadata.length > 0) metrics.add(METRICS.receivedMetadata, request.metadata.length);
  if (request.timeseries.length === 0) {
    if (request.metadata.length > 0) metrics.add(METRICS.metadataOnlyRequests, 1);
    return;
  }
  const tally = new WriteTally();
  const translation = await translateAndWrite(request.timeseries, tally, context);
  countTranslation(translation, metrics);
  if (translation.refused !== undefined) {
    throw new ConnectorError(
      'samples-refused',
      `${translation.refused.reason}: ${translation.refused.example}; nothing of this request was stored`,
    );
  }

  const withoutDimension = tally.rejected.filter(({ reason }) => rejectionClassOf(reason) === 'table-dimensions');
  if (withoutDimension.length > 0 && !tally.shouldStop) {
    metrics.add(METRICS.relearnedDimensions, 1);
    await dimensions.refreshWhenFull();
    tally.rejected = tally.rejected.filter(({ reason }) => rejectionClassOf(reason) !== 'table-dimensions');
    const selection = selectSamples(
      request.timeseries,
      withoutDimension.map(({ source }) => source),
    );
    const secondTally = new WriteTally();
    const again = await translateAndWrite(selection.timeseries, secondTally, context);
    tally.rejected.push(...secondTally.rejected.map(({ source, reason }) => ({ source: selection.originOf(source), reason })));
    if (secondTally.failure !== undefined) tally.addFailure(secondTally.failure);
    // With its labels together in one dimension a record may have become too large.
    countDrops(again, metrics);
    concludeWrite(request.timeseries, tally, [...translation.dropped, ...again.dropped], metrics);
    return;
  }
  concludeWrite(request.timeseries, tally, translation.dropped, metrics);
}

async function translateAndWrite(timeseries: readonly TimeSeries[], tally: WriteTally, context: WriteContext): Promise<Translation> {
  const { config, dimensions, writer, limiter, metrics, signal } = context;
  const translation = translateSeries(timeseries, {
    layout: config.tableLayout,
    dimensionBudget: await dimensions.budget(),
    failOnLongLabel: config.failOnLongLabel,
    failOnInvalidSampleValue: config.failOnInvalidSampleValue,
  });
  await writeBatches(batchRecords(translation.records), tally, {
    writer,
    limiter,
    maxConcurrency: config.maxWriteConcurrencyPerRequest,
    metrics,
    signal,
    onStored: (batch, rejectedIndexes) => dimensions.noteStored(batch, rejectedIndexes),
  });
  return translation;
}

function countTranslation(translation: Translation, metrics: MetricsSink): void {
  metrics.add(METRICS.receivedSamples, translation.receivedCount);
  if (translation.refused !== undefined) {
    metrics.add(METRICS.droppedSamples, translation.refusedCount, { reason: translation.refused.reason });
    metrics.add(METRICS.ignoredSamples, translation.refusedCount);
  }
  countDrops(translation, metrics);
}

function countDrops({ dropped }: Translation, metrics: MetricsSink): void {
  for (const { reason, count } of dropped) {
    metrics.add(METRICS.droppedSamples, count, { reason });
    metrics.add(METRICS.ignoredSamples, count);
  }
}

function concludeWrite(timeseries: readonly TimeSeries[], tally: WriteTally, dropped: Translation['dropped'], metrics: MetricsSink): void {
  for (const { reason } of tally.rejected) metrics.add(METRICS.rejectedRecords, 1, { reason: rejectionClassOf(reason) });
  if (tally.failure !== undefined) throw tally.failure;
  const isAnyDropRejected = dropped.some(({ reason }) => dropReasons[reason].outcome === 'rejected');
  if (tally.rejected.length > 0 || isAnyDropRejected) {
    throw new ConnectorError('samples-rejected', describeRejections(timeseries, tally.rejected, dropped));
  }
}
