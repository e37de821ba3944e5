import type { WriteColumns } from '@timestream-prometheus/prom-codec';
import {
  batchExemplars,
  batchHistograms,
  batchRecords,
  findRefusal,
  MAX_RECORDS_PER_WRITE,
  translateColumns,
  translateExemplars,
  translateHistograms,
  type DroppedSamples,
  type SeriesColumns,
} from '@timestream-prometheus/timestream-translator';
import { ConnectorError, isRetryable } from '../errors/connector-error.js';
import { METRICS } from '../metrics/metric-catalogue.js';
import type { MetricsSink } from '../ports.js';
import { columnsOfSamples } from './columns-of-samples.js';
import { describeMetadataRejections, describeRejections, describeSample } from './describe-rejections.js';
import { emptySeriesDrops } from './empty-series.js';
import { rejectionClassOf } from './rejection-reason.js';
import { sliceColumns } from './slice-columns.js';
import { malformedCountOf, malformedDrops } from './malformed-drops.js';
import { planMetadata, type MetadataPlan } from './plan-metadata.js';
import { isRefused } from './is-refused.js';
import type { LeftOut, WrittenCount } from './written-headers.js';
import { noteStartTimestamps } from './start-timestamps.js';
import { writeBatches, type SourcedBatch } from './write-batches.js';
import type { WriteContext } from './write-context.js';
import { WriteTally, type RejectedSample } from './write-tally.js';

/** Samples that are translated and batched in one turn of the event loop: a tenth of a second on a slow core. What most senders send is one slice. */
const SLICE_SAMPLES = 10_000;
/** The same for native histograms, of which each is some tens of numbers. */
const SLICE_HISTOGRAMS = 500;
const SLICE_EXEMPLARS = 2_000;

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
  const withoutDimension = tally.rejected.filter(({ reason }) => rejectionClassOf(reason) === 'table-dimensions');
  const unreadable = [...malformedDrops(parts), ...(context.version === '2.0' ? emptySeriesDrops(parts) : [])];
  for (const drop of unreadable) countDrop(drop, metrics);
  let dropped = [...unreadable, ...first.dropped];
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
  /** Samples, histograms and exemplars that became records, whatever became of those. */
  readonly recordCount: number;
  /** Those that repeat another of the request bit for bit. */
  readonly identicalCounts: Readonly<WrittenCount>;
  /** Samples, histograms and exemplars that were not looked at, because no further call made sense. */
  readonly notTried: number;
}

/** @param others calls that are to be made beside those for the columns, after them */
async function writeColumns(
  parts: readonly SeriesColumns[],
  tally: WriteTally,
  context: WriteContext,
  others: readonly SourcedBatch[] = [],
): Promise<Written> {
  const { config, dimensions, writer, metrics, signal, calls } = context;
  const dropped = new Map<string, DroppedSamples>();
  let recordCount = 0;
  const identicalCounts: WrittenCount = { samples: 0, histograms: 0, exemplars: 0 };
  const options = {
    layout: config.tableLayout,
    series: context.series,
    ...(context.recordVersion === undefined ? {} : { recordVersion: context.recordVersion }),
    conflictWinner: config.onConflict === 'last-wins' ? 'last' : 'first',
  } as const;
  let notTried = sumOf(parts, receivedCountOf);
  const callCount = Math.ceil(notTried / MAX_RECORDS_PER_WRITE) + others.length;
  const share = await calls.open({ callCount, deadlineMs: context.deadlineMs });
  try {
    await writeBatches(batchesOf(parts), tally, {
      writer,
      calls: share,
      maxConcurrency: Math.max(1, Math.min(config.maxWriteConcurrencyPerRequest, callCount)),
      metrics,
      signal,
      expectAgain: context.expectAgain,
      onStored: (batch, rejectedIndexes) => dimensions.noteStored(batch, rejectedIndexes),
    });
  } finally {
    share.close();
  }
  return { dropped: [...dropped.values()], recordCount, identicalCounts, notTried };

  function noteDropped(drops: readonly DroppedSamples[]): void {
    for (const drop of drops) {
      countDrop(drop, metrics);
      const earlier = dropped.get(drop.reason);
      dropped.set(drop.reason, earlier === undefined ? drop : { ...earlier, count: earlier.count + drop.count });
    }
  }

  async function* batchesOf(columnsOfParts: readonly SeriesColumns[]): AsyncGenerator<SourcedBatch, void, undefined> {
    const dimensionBudget = await dimensions.budget();
    /** Claims that another thread has to confirm are new ones, which end with the first requests: all others are made once. */
    const translated = async <T>(translate: () => T): Promise<T> => {
      for (;;) {
        const translation = translate();
        const isConfirmed = dimensions.confirm(dimensionBudget);
        if (isConfirmed === true || (await isConfirmed)) return translation;
      }
    };
    for (const part of columnsOfParts) {
      for (const columns of sliceColumns(part, SLICE_SAMPLES)) {
        await context.turns.next(signal);
        const translation = await translated(() => translateColumns(columns, { ...options, dimensionBudget }));
        noteDropped(translation.dropped);
        recordCount += translation.records.count;
        identicalCounts.samples += translation.identicalCount;
        notTried -= columns.timestampsMs.length;
        for (const batch of batchRecords(translation.records)) yield { batch, columns };
      }
      for (let start = 0; start < part.histograms.length; start += SLICE_HISTOGRAMS) {
        await context.turns.next(signal);
        const histograms = part.histograms.slice(start, start + SLICE_HISTOGRAMS);
        const source = { labelSets: part.labelSets, histograms };
        const translation = await translated(() => translateHistograms(source, { ...options, dimensionBudget }));
        noteDropped(translation.dropped);
        recordCount += translation.stored.length;
        identicalCounts.histograms += translation.identicalCount;
        notTried -= histograms.length;
        for (const batch of batchHistograms(translation.stored, context.recordVersion)) yield { batch, columns: part };
      }
      for (let start = 0; start < part.exemplars.length; start += SLICE_EXEMPLARS) {
        await context.turns.next(signal);
        const exemplars = part.exemplars.slice(start, start + SLICE_EXEMPLARS);
        const isWanted = config.exemplars === 'store';
        const source = { labelSets: part.labelSets, exemplars };
        const translation = await translated(() => translateExemplars(source, { ...options, dimensionBudget, isWanted }));
        noteDropped(translation.dropped);
        recordCount += translation.stored.length;
        identicalCounts.exemplars += translation.identicalCount;
        notTried -= exemplars.length;
        for (const batch of batchExemplars(translation.stored, context.recordVersion)) yield { batch, columns: part };
      }
    }
    yield* others;
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
