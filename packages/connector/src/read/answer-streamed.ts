import { createSharedSignal } from '../concurrency/deadline.js';
import { METRICS } from '../metrics/metric-catalogue.js';
import type { ConnectorResponse } from '../seam.js';
import { createAnswerTally, sampleWeightOf } from './answer-tally.js';
import type { HeldBytes } from '../concurrency/read-budget.js';
import type { ReadContext, Selection } from './read-context.js';
import { readErrorOf } from './read-error.js';
import { selectBatches } from './select-batches.js';
import type { SeriesBatch } from './series-batch.js';
import { encodeSeriesFrames, joinBytes } from '../protocol/series-frames.js';

/** Prometheus' client compares the beginning of the header with exactly this text (`storage/remote/client.go`); the body is not compressed. */
const HEADERS = { 'content-type': 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse' };

/**
 * The answer of type STREAMED_XOR_CHUNKS: query after query, series after series, each series in one frame.
 *
 * It is read ahead up to the first query that does not come in one batch, or until `stream-buffer-samples` are together, before the status is
 * decided. So what fails up to there has a status of its own, and an answer that ends before is handed over whole. The rest is read as the
 * client takes it: no more than one batch is held.
 *
 * @throws ConnectorError, ReadLimitError, RowFormatError; later only the body throws, and then ConnectorErrors
 */
export async function answerStreamed(selections: readonly Selection[], context: ReadContext): Promise<ConnectorResponse> {
  const leaving = new AbortController();
  const batches = selectAll(selections, { ...context, signal: createSharedSignal(context.signal, leaving.signal) });
  const ahead: Uint8Array[] = [];
  // What was read ahead is held until it has left, which is with the request where it is all.
  const held = context.memory.hold();
  let isLarge = false;
  for (let heldSamples = 0; !isLarge && heldSamples < context.config.streamBufferSamples;) {
    const next = await batches.next();
    if (next.done === true) return { status: 200, headers: HEADERS, body: joinBytes(ahead) };
    const { timeseries, queryIndex, isLast } = next.value;
    for (const part of encodeSeriesFrames(timeseries, queryIndex)) {
      if (part !== undefined) {
        ahead.push(part);
        await held.add(part.length);
      }
      await context.turns.next(context.signal);
    }
    heldSamples += sampleWeightOf(timeseries);
    isLarge = !isLast;
  }
  const parts = encodeBatches(ahead, batches, held, context);
  return { status: 200, headers: HEADERS, body: leaveOnReturn(parts, leaving) };
}

interface Batch extends SeriesBatch {
  readonly queryIndex: number;
}

async function* selectAll(selections: readonly Selection[], context: ReadContext): AsyncGenerator<Batch, void, undefined> {
  const tally = createAnswerTally(context);
  for (const [queryIndex, selection] of selections.entries()) {
    for await (const batch of selectBatches(selection, tally, context)) yield { ...batch, queryIndex };
    context.metrics.add(METRICS.readQueries, 1);
  }
}

async function* encodeBatches(
  ahead: Uint8Array[],
  batches: AsyncGenerator<Batch>,
  held: HeldBytes,
  { turns, signal }: Pick<ReadContext, 'turns' | 'signal'>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (let part = ahead.shift(); part !== undefined; part = ahead.shift()) yield part;
    held.end();
    for await (const { timeseries, queryIndex } of batches) {
      for (const part of encodeSeriesFrames(timeseries, queryIndex)) {
        if (part !== undefined) yield part;
        await turns.next(signal);
      }
    }
  } catch (error) {
    throw readErrorOf(error);
  }
}

/** A reader that leaves while a part is being read must not wait for it: the signal ends the queries first. */
function leaveOnReturn(parts: AsyncGenerator<Uint8Array, void, undefined>, leaving: AbortController): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => parts.next(),
      return: () => {
        leaving.abort();
        return parts.return();
      },
    }),
  };
}
