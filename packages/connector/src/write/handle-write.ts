import type { WriteColumns } from '@timestream-prometheus/prom-codec';
import { findRefusal, type DroppedSamples, type SeriesColumns } from '@timestream-prometheus/timestream-translator';
import { ConnectorError, isRetryable } from '../errors/connector-error.js';
import { METRICS } from '../metrics/metric-catalogue.js';
import type { MetricsSink } from '../ports.js';
import { columnsOfSamples } from './columns-of-samples.js';
import { describeMetadataRejections, describeRejections, describeSample } from './describe-rejections.js';
import { emptySeriesDrops } from './empty-series.js';
import { rejectionClassOf } from './rejection-reason.js';
import { malformedCountOf, malformedDrops } from './malformed-drops.js';
import { planMetadata, type MetadataPlan } from './plan-metadata.js';
import { isRefused } from './is-refused.js';
import type { LeftOut } from './written-headers.js';
import { settleConflicts, settleEqualValues, settleValueColumn } from './settle-rejections.js';
import { noteStartTimestamps } from './start-timestamps.js';
import { countDrop, receivedCountOf, sumOf, writeColumns } from './write-columns.js';
import type { WriteContext } from './write-context.js';
import { WriteTally } from './write-tally.js';

/**
 * Stores what a request holds, which came in one or several parts. Returns when everything is stored or is in a documented drop class that counts
 * as success.
 *
 * @returns what is in such a class
 * @throws ConnectorError retryable if any part may succeed later; otherwise what is final, after everything else is stored
 */
export async function handleWrite(parts: readonly WriteColumns[], context: WriteContext): Promise<readonly LeftOut[]> {
  const { metrics, dimensions, written } = context;
  noteReceived(parts, metrics);
  assertNotRefused(parts, context);
  const tally = new WriteTally();
  const metadata = await planMetadata(parts, { ...context, known: context.knownMetadata });
  for (const { reason, count } of metadata.dropped) metrics.add(METRICS.droppedMetadata, count, { reason });
  const first = await writeColumns(parts, tally, context, metadata.batches);
  const tooLarge = await settleValueColumn(tally, context);
  const withoutDimension = tally.rejected.filter(({ reason }) => rejectionClassOf(reason) === 'table-dimensions');
  const unreadable = [...malformedDrops(parts), ...(context.version === '2.0' ? emptySeriesDrops(parts) : [])];
  for (const drop of unreadable) countDrop(drop, metrics);
  let dropped = [...unreadable, ...first.dropped, ...tooLarge];
  if (withoutDimension.length > 0 && !tally.shouldStop) {
    metrics.add(METRICS.relearnedDimensions, 1);
    await dimensions.refreshWhenFull();
    tally.rejected = tally.rejected.filter(({ reason }) => rejectionClassOf(reason) !== 'table-dimensions');
    // With its labels together in one dimension a record may have become too large.
    const second = await writeColumns([columnsOfSamples(withoutDimension)], tally, context);
    dropped = [...dropped, ...second.dropped];
  }
  await settleEqualValues(tally, context);
  const outdone = await settleConflicts(tally, context);
  // A sample that repeats another is stored with it, if all are.
  const isAllStored = tally.failure === undefined && tally.rejected.length === 0 && outdone.length === 0;
  written.samples = tally.storedSampleCount + (isAllStored ? first.identicalCounts.samples : 0);
  written.histograms = tally.storedHistogramCount + (isAllStored ? first.identicalCounts.histograms : 0);
  written.exemplars = tally.storedExemplarCount + (isAllStored ? first.identicalCounts.exemplars : 0);
  for (const { reason } of tally.rejected) metrics.add(METRICS.rejectedRecords, 1, { reason: rejectionClassOf(reason) });
  noteMetadata(metadata, tally, context);
  const failure = describeFailure(tally, first.notTried + first.recordCount - tally.storedCount, metrics);
  if (failure !== undefined) throw failure;
  const isRejected = ({ reason }: DroppedSamples): boolean => isRefused(reason, context);
  const leftOut: LeftOut[] = [...dropped, ...metadata.dropped].filter((drop) => !isRejected(drop));
  const [example] = outdone;
  if (example !== undefined) leftOut.push({ reason: 'conflicting-value', count: outdone.length, example: describeSample(example) });
  leftOut.push(...noteStartTimestamps(parts, metrics));
  for (const { reason, count, example: one } of leftOut) context.acceptedDrops.note(reason, count, one);
  const refusals = [
    ...describeRejections(tally.rejected, dropped.filter(isRejected)),
    ...describeMetadataRejections([...tally.rejectedMetadata.values()], metadata.dropped.filter(isRejected)),
  ];
  if (refusals.length > 0) throw new ConnectorError('samples-rejected', refusals.join(' | '));
  return leftOut;
}

function noteReceived(parts: readonly WriteColumns[], metrics: MetricsSink): void {
  const metadataCount = sumOf(parts, ({ metadata }) => metadata.length);
  if (metadataCount > 0) metrics.add(METRICS.receivedMetadata, metadataCount);
  if (parts.every(({ labelSets }) => labelSets.length === 0)) {
    if (metadataCount > 0) metrics.add(METRICS.metadataOnlyRequests, 1);
    return;
  }
  metrics.add(
    METRICS.receivedSamples,
    sumOf(parts, (part) => receivedCountOf(part) + malformedCountOf(part)),
  );
}

/** What is stored need not be written again for a while. */
function noteMetadata({ stored }: MetadataPlan, tally: WriteTally, { knownMetadata, nowMs, metrics }: WriteContext): void {
  for (const { reason } of tally.rejectedMetadata.values()) {
    metrics.add(METRICS.droppedMetadata, 1, { reason: rejectionClassOf(reason) });
  }
  // After a failure it is not known which of them were tried.
  if (tally.failure !== undefined) return;
  const written = stored.filter(({ metadata }) => !tally.rejectedMetadata.has(metadata));
  for (const { metadata } of written) knownMetadata.noteWritten(metadata, nowMs);
  if (written.length > 0) metrics.add(METRICS.writtenMetadata, written.length);
}

/** Before anything is written: an option may demand that a request with one such sample is not stored at all. */
function assertNotRefused(parts: readonly SeriesColumns[], { config, metrics }: WriteContext): void {
  for (const part of parts) {
    const refused = findRefusal(part, config);
    if (refused === null) continue;
    const count = sumOf(parts, receivedCountOf);
    metrics.add(METRICS.droppedSamples, count, { reason: refused.reason });
    metrics.add(METRICS.ignoredSamples, count);
    throw new ConnectorError('samples-refused', `${refused.reason}: ${refused.example}; nothing of this request was stored`);
  }
}

/** A sender gives up what it sent for a failure that is final: then the answer and a metric say how much of it was not stored. */
function describeFailure({ failure, rejected }: WriteTally, unstoredCount: number, metrics: MetricsSink): ConnectorError | undefined {
  if (failure === undefined || isRetryable(failure.code) || failure.code === 'client-gone' || unstoredCount === 0) return failure;
  // Rejected records have a metric of their own.
  if (unstoredCount > rejected.length) metrics.add(METRICS.unstoredSamples, unstoredCount - rejected.length, { error: failure.code });
  const were = unstoredCount === 1 ? 'sample of this request was' : 'samples of this request were';
  return new ConnectorError(failure.code, `${failure.message}; ${unstoredCount} ${were} not stored`, { cause: failure.cause });
}
