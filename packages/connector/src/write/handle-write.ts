import type { WriteColumns } from '@timestream-prometheus/prom-codec';
import {
  batchHistograms,
  batchRecords,
  dropReasons,
  findRefusal,
  MAX_RECORDS_PER_WRITE,
  translateColumns,
  translateHistograms,
  type DroppedSamples,
  type SeriesCache,
  type SeriesColumns,
} from '@timestream-prometheus/timestream-translator';
import type { CallQueue } from '../concurrency/call-queue.js';
import type { RequestScope } from '../concurrency/request-scope.js';
import type { Turns } from '../concurrency/turns.js';
import type { Config } from '../config/parse-config.js';
import { ConnectorError, isRetryable } from '../errors/connector-error.js';
import { METRICS } from '../metrics/metric-catalogue.js';
import type { MetricsSink, RecordWriter } from '../ports.js';
import type { AcceptedDropLog } from './accepted-drop-log.js';
import { columnsOfSamples } from './columns-of-samples.js';
import { describeRejections, describeSample } from './describe-rejections.js';
import { rejectionClassOf } from './rejection-reason.js';
import { sliceColumns } from './slice-columns.js';
import type { WriteVersion } from '../protocol/content-headers.js';
import { malformedCountOf, malformedDrops } from './malformed-drops.js';
import type { WrittenCount } from './written-headers.js';
import type { StoredBatches } from './stored-batches.js';
import type { TableDimensions } from './table-dimensions.js';
import { writeBatches, type SourcedBatch } from './write-batches.js';
import { WriteTally, type RejectedSample } from './write-tally.js';

export interface WriteContext {
  readonly config: Pick<
    Config,
    'tableLayout' | 'onConflict' | 'failOnLongLabel' | 'failOnInvalidSampleValue' | 'maxWriteConcurrencyPerRequest'
  >;
  readonly writer: RecordWriter;
  readonly dimensions: TableDimensions;
  readonly stored: StoredBatches;
  /** What is known of series from earlier requests. */
  readonly series: SeriesCache;
  readonly calls: CallQueue;
  readonly turns: Turns;
  readonly metrics: MetricsSink;
  readonly acceptedDrops: AcceptedDropLog;
  /** The version of the records, if `on-conflict` is `last-wins`: when the request came, in milliseconds. */
  readonly recordVersion?: number;
  readonly scope: RequestScope;
  /** To a sender of 2.0 nothing may be a success that is not stored; one of 1.0 has no way to tell what was not. */
  readonly version: WriteVersion;
  readonly written: WrittenCount;
}

/** Samples that are translated and batched in one turn of the event loop: a tenth of a second on a slow core. What most senders send is one slice. */
const SLICE_SAMPLES = 10_000;
/** The same for native histograms, of which each is some tens of numbers. */
const SLICE_HISTOGRAMS = 500;

/**
 * Stores the samples of a request, which came in one or several parts. Returns when every one is stored or is in a documented drop class that
 * counts as success.
 *
 * @throws ConnectorError retryable if any part may succeed later; otherwise what is final, after everything else is stored
 */
export async function handleWrite(parts: readonly WriteColumns[], context: WriteContext): Promise<void> {
  const { metrics, dimensions } = context;
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
  assertNotRefused(parts, context);
  const tally = new WriteTally();
  const first = await writeColumns(parts, tally, context);
  const withoutDimension = tally.rejected.filter(({ reason }) => rejectionClassOf(reason) === 'table-dimensions');
  const malformed = malformedDrops(parts);
  for (const drop of malformed) countDrop(drop, metrics);
  let dropped = [...malformed, ...first.dropped];
  if (withoutDimension.length > 0 && !tally.shouldStop) {
    metrics.add(METRICS.relearnedDimensions, 1);
    await dimensions.refreshWhenFull();
    tally.rejected = tally.rejected.filter(({ reason }) => rejectionClassOf(reason) !== 'table-dimensions');
    // With its labels together in one dimension a record may have become too large.
    const second = await writeColumns([columnsOfSamples(withoutDimension)], tally, context);
    dropped = [...dropped, ...second.dropped];
  }
  const outdone = await settleConflicts(tally, context);
  // A sample that repeats another is stored with it, if all are.
  const isAllStored = tally.failure === undefined && tally.rejected.length === 0 && outdone.length === 0;
  context.written.samples = tally.storedSampleCount + (isAllStored ? first.identicalCount : 0);
  context.written.histograms = tally.storedHistogramCount + (isAllStored ? first.identicalHistogramCount : 0);
  for (const { reason } of tally.rejected) metrics.add(METRICS.rejectedRecords, 1, { reason: rejectionClassOf(reason) });
  const failure = describeFailure(tally, first.notTried + first.recordCount - tally.storedCount, metrics);
  if (failure !== undefined) throw failure;
  const isRejected = ({ reason }: DroppedSamples): boolean =>
    reason === 'conflicting-sample' && context.config.onConflict !== 'reject'
      ? false
      : context.version === '2.0' || dropReasons[reason].outcome === 'rejected';
  const rejectedDrops = dropped.filter(isRejected);
  for (const drop of dropped) if (!isRejected(drop)) context.acceptedDrops.note(drop.reason, drop.count, drop.example);
  const [example] = outdone;
  if (example !== undefined) context.acceptedDrops.note('conflicting-value', outdone.length, describeSample(example));
  if (tally.rejected.length > 0 || rejectedDrops.length > 0) {
    throw new ConnectorError('samples-rejected', describeRejections(tally.rejected, rejectedDrops));
  }
}

/**
 * What `on-conflict` says of samples for which the table has another value. Those that are to win are written again, above the version that is in
 * the way; those that may lose are taken out of the tally, counted as rejected records all the same.
 *
 * @returns the ones that have lost, which are no failure
 */
async function settleConflicts(tally: WriteTally, context: WriteContext): Promise<readonly RejectedSample[]> {
  const { config, metrics, recordVersion } = context;
  if (config.onConflict === 'reject' || tally.shouldStop) return [];
  const takeConflicts = (): readonly RejectedSample[] => {
    const conflicts = tally.rejected.filter(isConflict);
    tally.rejected = tally.rejected.filter((sample) => !isConflict(sample));
    return conflicts;
  };
  let lost = takeConflicts();
  if (lost.length > 0 && recordVersion !== undefined) {
    // The clock of another connector is ahead, or both wrote within one millisecond: what comes later is to count all the same.
    const existing = lost.reduce((highest, sample) => Math.max(highest, sample.existingVersion ?? 0), recordVersion);
    await writeColumns([columnsOfSamples(lost)], tally, { ...context, recordVersion: existing + 1 });
    // Somebody was still later.
    lost = takeConflicts();
  }
  if (lost.length > 0) metrics.add(METRICS.rejectedRecords, lost.length, { reason: 'conflicting-value' });
  return lost;
}

function isConflict({ reason }: RejectedSample): boolean {
  return rejectionClassOf(reason) === 'conflicting-value';
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

interface Written {
  readonly dropped: readonly DroppedSamples[];
  /** Samples and histograms that became records, whatever became of those. */
  readonly recordCount: number;
  /** Samples that repeat another of the request bit for bit. */
  readonly identicalCount: number;
  readonly identicalHistogramCount: number;
  /** Samples and histograms that were not looked at, because no further call made sense. */
  readonly notTried: number;
}

async function writeColumns(parts: readonly SeriesColumns[], tally: WriteTally, context: WriteContext): Promise<Written> {
  const { config, dimensions, writer, metrics, scope, calls } = context;
  const dropped = new Map<string, DroppedSamples>();
  let recordCount = 0;
  let identicalCount = 0;
  let identicalHistogramCount = 0;
  const options = {
    layout: config.tableLayout,
    series: context.series,
    ...(context.recordVersion === undefined ? {} : { recordVersion: context.recordVersion }),
    conflictWinner: config.onConflict === 'last-wins' ? 'last' : 'first',
  } as const;
  let notTried = sumOf(parts, ({ timestampsMs, histograms }) => timestampsMs.length + histograms.length);
  const callCount = Math.ceil(notTried / MAX_RECORDS_PER_WRITE);
  const share = calls.open({ callCount, deadlineMs: scope.deadlineMs });
  try {
    await writeBatches(batchesOf(parts), tally, {
      writer,
      calls: share,
      maxConcurrency: Math.max(1, Math.min(config.maxWriteConcurrencyPerRequest, callCount)),
      metrics,
      signal: scope.signal,
      stored: context.stored,
      onStored: (batch, rejectedIndexes) => dimensions.noteStored(batch, rejectedIndexes),
    });
  } finally {
    share.close();
  }
  return { dropped: [...dropped.values()], recordCount, identicalCount, identicalHistogramCount, notTried };

  function noteDropped(drops: readonly DroppedSamples[]): void {
    for (const drop of drops) {
      countDrop(drop, metrics);
      const earlier = dropped.get(drop.reason);
      dropped.set(drop.reason, earlier === undefined ? drop : { ...earlier, count: earlier.count + drop.count });
    }
  }

  async function* batchesOf(columnsOfParts: readonly SeriesColumns[]): AsyncGenerator<SourcedBatch, void, undefined> {
    const dimensionBudget = await dimensions.budget();
    for (const part of columnsOfParts) {
      for (const columns of sliceColumns(part, SLICE_SAMPLES)) {
        await context.turns.next(scope.signal);
        const translation = translateColumns(columns, { ...options, dimensionBudget });
        noteDropped(translation.dropped);
        recordCount += translation.records.count;
        identicalCount += translation.identicalCount;
        notTried -= columns.timestampsMs.length;
        for (const batch of batchRecords(translation.records)) yield { batch, columns };
      }
      for (let start = 0; start < part.histograms.length; start += SLICE_HISTOGRAMS) {
        await context.turns.next(scope.signal);
        const histograms = part.histograms.slice(start, start + SLICE_HISTOGRAMS);
        const translation = translateHistograms({ labelSets: part.labelSets, histograms }, { ...options, dimensionBudget });
        noteDropped(translation.dropped);
        recordCount += translation.stored.length;
        identicalHistogramCount += translation.identicalCount;
        notTried -= histograms.length;
        for (const batch of batchHistograms(translation.stored, context.recordVersion)) yield { batch, columns: part };
      }
    }
  }
}

function countDrop({ reason, count }: DroppedSamples, metrics: MetricsSink): void {
  metrics.add(METRICS.droppedSamples, count, { reason });
  metrics.add(METRICS.ignoredSamples, count);
}

/** A sender gives up what it sent for a failure that is final: then the answer and a metric say how much of it was not stored. */
function describeFailure({ failure, rejected }: WriteTally, unstoredCount: number, metrics: MetricsSink): ConnectorError | undefined {
  if (failure === undefined || isRetryable(failure.code) || failure.code === 'client-gone' || unstoredCount === 0) return failure;
  // Rejected records have a metric of their own.
  if (unstoredCount > rejected.length) metrics.add(METRICS.unstoredSamples, unstoredCount - rejected.length, { error: failure.code });
  const were = unstoredCount === 1 ? 'sample of this request was' : 'samples of this request were';
  return new ConnectorError(failure.code, `${failure.message}; ${unstoredCount} ${were} not stored`, { cause: failure.cause });
}

function receivedCountOf({ timestampsMs, histograms, exemplars }: SeriesColumns): number {
  return timestampsMs.length + histograms.length + exemplars.length;
}

function sumOf<T>(items: readonly T[], countOf: (item: T) => number): number {
  return items.reduce((sum, item) => sum + countOf(item), 0);
}
