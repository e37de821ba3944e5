import { meteredWriteBytes, type WriteBatch } from '@timestream-prometheus/timestream-translator';
import { asConnectorError, ConnectorError } from '../errors/connector-error.js';
import type { Limiter } from '../concurrency/create-limiter.js';
import { METRICS } from '../metrics/metric-catalogue.js';
import type { MetricsSink, RecordWriter, WriteOutcome } from '../ports.js';
import { rejectionClassOf } from './rejection-reason.js';
import type { WriteTally } from './write-tally.js';

export interface WriteBatchesOptions {
  readonly writer: RecordWriter;
  /** Shared by all requests of the process. */
  readonly limiter: Limiter;
  readonly maxConcurrency: number;
  readonly metrics: MetricsSink;
  readonly signal: AbortSignal;
  /** Told of each record that Timestream took. */
  readonly onStored: (batch: WriteBatch, rejectedIndexes: ReadonlySet<number>) => void;
}

/** Calls beyond the first one of a batch, per request, that may be spent on finding the record for which Timestream refuses a call. */
const MAX_SEARCH_CALLS = 100;

/** Writes batches in parallel and adds what became of them to the tally. Never throws for what Timestream or the network does. */
export async function writeBatches(batches: readonly WriteBatch[], tally: WriteTally, options: WriteBatchesOptions): Promise<void> {
  const pending = batches.values();
  const search = { remainingCalls: MAX_SEARCH_CALLS };
  const work = async () => {
    for (const batch of pending) {
      if (tally.shouldStop) return;
      try {
        await writeBatch(batch, tally, search, options);
      } catch (error) {
        tally.addFailure(asConnectorError(error));
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.maxConcurrency, batches.length) }, work));
}

/**
 * Timestream refuses a whole call (ValidationException) for one record that it finds invalid. So that this record takes no other with it,
 * a refused batch is halved until the record is alone.
 */
async function writeBatch(
  batch: WriteBatch,
  tally: WriteTally,
  search: { remainingCalls: number },
  options: WriteBatchesOptions,
): Promise<void> {
  const { writer, limiter, signal } = options;
  let outcome: WriteOutcome;
  try {
    outcome = await limiter.run(() => writer.write(batch, signal), signal);
  } catch (error) {
    if (!isAboutRecords(error)) throw error;
    const isSearchable = batch.Records.length > 1 && search.remainingCalls >= 2 && rejectionClassOf(error.message) !== 'table-dimensions';
    if (!isSearchable) {
      addOutcome(
        batch,
        { rejected: batch.Records.map((_record, recordIndex) => ({ recordIndex, reason: error.message })) },
        tally,
        options,
      );
      return;
    }
    search.remainingCalls -= 2;
    const middle = Math.ceil(batch.Records.length / 2);
    for (const half of [sliceBatch(batch, 0, middle), sliceBatch(batch, middle)]) await writeBatch(half, tally, search, options);
    return;
  }
  options.metrics.add(METRICS.meteredWriteBytes, meteredWriteBytes(batch));
  addOutcome(batch, outcome, tally, options);
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

function addOutcome(batch: WriteBatch, outcome: WriteOutcome, tally: WriteTally, { metrics, onStored }: WriteBatchesOptions): void {
  const rejectedIndexes = new Set<number>();
  for (const { recordIndex, reason } of outcome.rejected) {
    const source = batch.sources[recordIndex];
    if (source === undefined)
      throw new ConnectorError('malformed-answer', `WriteRecords: rejected record ${recordIndex} of a call with ${batch.Records.length}`);
    // Timestream may give two reasons for one record; it is one lost sample all the same.
    if (rejectedIndexes.has(recordIndex)) continue;
    rejectedIndexes.add(recordIndex);
    tally.rejected.push({ source, reason });
  }
  const storedCount = batch.Records.length - rejectedIndexes.size;
  if (storedCount > 0) {
    metrics.add(METRICS.storedRecords, storedCount);
    onStored(batch, rejectedIndexes);
  }
}
