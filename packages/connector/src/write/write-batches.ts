import {
  meteredWriteBytes,
  PlannedBatch,
  recordCountOf,
  type SeriesColumns,
  type WriteBatch,
} from '@timestream-prometheus/timestream-translator';
import type { CallShare } from '../concurrency/call-queue.js';
import { asConnectorError, ConnectorError, isRetryable } from '../errors/connector-error.js';
import { METRICS } from '../metrics/metric-catalogue.js';
import type { CallTurn, MetricsSink, RecordWriter, WriteOutcome } from '../ports.js';
import { rejectionClassOf } from './rejection-reason.js';
import type { WriteTally } from './write-tally.js';

/** A batch of samples, histograms, exemplars or metadata, of one of them, and what its sources refer to. */
export interface SourcedBatch {
  readonly batch: WriteBatch;
  readonly columns: SeriesColumns;
}

export interface WriteBatchesOptions {
  readonly writer: RecordWriter;
  /** The turns of this request among all. */
  readonly calls: CallShare;
  readonly maxConcurrency: number;
  readonly metrics: MetricsSink;
  readonly signal: AbortSignal;
  /** Told that the request will come again because a call has failed. */
  readonly expectAgain: () => void;
  /** Told of each record that Timestream took. */
  readonly onStored: (batch: WriteBatch, rejectedIndexes: ReadonlySet<number>) => void;
}

/** Calls beyond the first one of a batch, per request, that may be spent on finding the record for which Timestream refuses a call. */
const MAX_SEARCH_CALLS = 100;

/**
 * Writes batches in parallel and adds what became of them to the tally. A batch is made when the turn of its call has come, so that a request
 * that waits holds none. Never throws for what Timestream or the network does.
 */
export async function writeBatches(
  batches: AsyncGenerator<SourcedBatch, void, undefined>,
  tally: WriteTally,
  options: WriteBatchesOptions,
): Promise<void> {
  const search = { remainingCalls: MAX_SEARCH_CALLS };
  const writeNext = async (turn: CallTurn): Promise<'more' | 'done'> => {
    const next = await batches.next();
    if (next.done === true) return 'done';
    await writeBatch(next.value, tally, search, { ...options, turn });
    return 'more';
  };
  const work = async () => {
    while (!tally.shouldStop) {
      try {
        if ((await options.calls.run(writeNext, options.signal)) === 'done') return;
      } catch (error) {
        const failure = asConnectorError(error);
        tally.addFailure(failure);
        if (isRetryable(failure.code)) options.expectAgain();
      }
    }
  };
  await Promise.all(Array.from({ length: options.maxConcurrency }, work));
}

/**
 * Timestream refuses a whole call (ValidationException) for one record that it finds invalid. So that this record takes no other with it,
 * a refused batch is halved until the record is alone.
 */
async function writeBatch(
  { batch, columns }: SourcedBatch,
  tally: WriteTally,
  search: { remainingCalls: number },
  options: WriteBatchesOptions & { readonly turn: CallTurn },
): Promise<void> {
  const { writer, signal, metrics, turn } = options;
  let outcome: WriteOutcome;
  try {
    outcome = await writer.write(batch, signal, turn);
  } catch (error) {
    if (!isAboutRecords(error)) throw error;
    const isSearchable = recordCountOf(batch) > 1 && search.remainingCalls >= 2 && rejectionClassOf(error.message) !== 'table-dimensions';
    if (!isSearchable) {
      const rejected = Array.from({ length: recordCountOf(batch) }, (_, recordIndex) => ({ recordIndex, reason: error.message }));
      addOutcome({ batch, columns }, { rejected }, tally, options);
      return;
    }
    search.remainingCalls -= 2;
    const middle = Math.ceil(recordCountOf(batch) / 2);
    for (const half of [sliceBatch(batch, 0, middle), sliceBatch(batch, middle)]) {
      await writeBatch({ batch: half, columns }, tally, search, options);
    }
    return;
  }
  if (outcome.wasStored === true) {
    metrics.add(METRICS.knownRecords, recordCountOf(batch));
    // Only calls of samples are remembered.
    tally.storedSampleCount += recordCountOf(batch);
    return;
  }
  metrics.add(METRICS.meteredWriteBytes, meteredWriteBytes(batch));
  addOutcome({ batch, columns }, outcome, tally, options);
}

/** A quota of the table that is used up concerns only the records that need more of it; one of the account concerns every call. */
function isAboutRecords(error: unknown): error is ConnectorError {
  if (!(error instanceof ConnectorError)) return false;
  if (error.code === 'timestream-refused-write') return true;
  const rejectionClass = rejectionClassOf(error.message);
  return error.code === 'service-quota-exceeded' && (rejectionClass === 'too-many-metric-names' || rejectionClass === 'table-dimensions');
}

function sliceBatch({ CommonAttributes, Records, sources }: WriteBatch, start: number, end?: number): WriteBatch {
  return { CommonAttributes, Records: Records.slice(start, end), sources: sources.slice(start, end) };
}

function addOutcome(
  { batch, columns }: SourcedBatch,
  outcome: WriteOutcome,
  tally: WriteTally,
  { metrics, onStored }: WriteBatchesOptions,
): void {
  const recordCount = recordCountOf(batch);
  const rejectedIndexes = new Set<number>();
  for (const { recordIndex, reason: reasonText, existingVersion } of outcome.rejected) {
    const source = batch.sources[recordIndex];
    const labelSet = source === undefined ? undefined : columns.labelSets[source.seriesIndex];
    if (source === undefined || labelSet === undefined)
      throw new ConnectorError('malformed-answer', `WriteRecords: rejected record ${recordIndex} of a call with ${recordCount}`);
    // Timestream may give two reasons for one record; it is one lost sample all the same.
    if (rejectedIndexes.has(recordIndex)) continue;
    rejectedIndexes.add(recordIndex);
    const reason = tally.reasonOf(reasonText);
    if (source.metadata !== undefined) {
      tally.rejectedMetadata.set(source.metadata, { metadata: source.metadata, reason });
      continue;
    }
    if (source.exemplar !== undefined) {
      const { exemplar } = source;
      tally.rejected.push({ labelSet, timestampMs: Number(exemplar.timestampMs), valueBits: 0n, exemplar, reason, existingVersion });
      continue;
    }
    if (source.histogram !== undefined) {
      const timestampMs = Number(source.histogram.histogram.timestampMs);
      tally.addRejectedHistogram(source.histogram, { labelSet, timestampMs, reason, existingVersion });
      continue;
    }
    const sample = (columns.sampleEnds[source.seriesIndex - 1] ?? 0) + source.sampleIndex;
    tally.rejected.push({
      labelSet,
      timestampMs: columns.timestampsMs[sample] ?? 0,
      valueBits: columns.valueBits[sample] ?? 0n,
      reason,
      existingVersion,
    });
  }
  const storedCount = recordCount - rejectedIndexes.size;
  if (storedCount === 0) return;
  const [first] = batch instanceof PlannedBatch ? [] : batch.sources;
  if (first?.histogram !== undefined) {
    for (const [recordIndex, { histogram }] of batch.sources.entries()) {
      if (histogram !== undefined && !rejectedIndexes.has(recordIndex)) tally.addStoredHistogramRecord(histogram);
    }
  } else if (first?.exemplar !== undefined) tally.storedExemplarCount += storedCount;
  else if (first?.metadata === undefined) tally.storedSampleCount += storedCount;
  metrics.add(METRICS.storedRecords, storedCount);
  onStored(batch, rejectedIndexes);
}
