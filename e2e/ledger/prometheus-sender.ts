import type { FinalAnswer } from './sample-ledger.js';

export interface PreparedRequest {
  readonly requestId: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface SenderOptions {
  readonly url: string;
  /** Requests in flight at once; Prometheus calls them shards. */
  readonly shards: number;
  /** Prometheus' `remote_timeout`. */
  readonly timeoutMs: number;
  /** Longest pause before another attempt. Prometheus goes up to 5 s, and waits for a `Retry-After` of any length; a test need not. */
  readonly maxPauseMs: number;
  /** Called once per request, when the sender lets go of it. */
  readonly onFinal: (requestId: number, answer: FinalAnswer) => void;
  /** Stops a run that does not end by itself. */
  readonly signal: AbortSignal;
}

export interface SenderTotals {
  attempts: number;
  retries: number;
  finalByStatus: Map<number, number>;
}

const MIN_BACKOFF_MS = 30;

/**
 * Sends requests as Prometheus does (`storage/remote/queue_manager.go`, sendWriteRequestWithBackoff; `client.go`, Store): the identical body
 * again and again after 5xx and broken connections, with doubling pauses and `Retry-After`; every other answer is the last.
 */
export async function sendLikePrometheus(
  requests: AsyncIterable<PreparedRequest> | Iterable<PreparedRequest>,
  options: SenderOptions,
): Promise<SenderTotals> {
  const totals: SenderTotals = { attempts: 0, retries: 0, finalByStatus: new Map() };
  const iterator = Symbol.asyncIterator in requests ? requests[Symbol.asyncIterator]() : requests[Symbol.iterator]();

  async function runShard(): Promise<void> {
    for (;;) {
      const next = await iterator.next();
      if (next.done === true || options.signal.aborted) return;
      await sendUntilFinal(next.value);
    }
  }

  async function sendUntilFinal({ requestId, headers, body }: PreparedRequest): Promise<void> {
    let backoffMs = MIN_BACKOFF_MS;
    for (let attempt = 0; !options.signal.aborted; attempt += 1) {
      totals.attempts += 1;
      const answer = await attemptOnce(headers, body, attempt);
      if (answer !== undefined && answer.status < 500) {
        totals.finalByStatus.set(answer.status, (totals.finalByStatus.get(answer.status) ?? 0) + 1);
        options.onFinal(requestId, answer);
        return;
      }
      totals.retries += 1;
      const pauseMs = Math.min(answer?.retryAfterMs ?? backoffMs, options.maxPauseMs);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      backoffMs = Math.min(backoffMs * 2, options.maxPauseMs);
    }
  }

  /** Undefined when no answer came. */
  async function attemptOnce(
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    attempt: number,
  ): Promise<(FinalAnswer & { readonly retryAfterMs?: number }) | undefined> {
    try {
      const response = await fetch(options.url, {
        method: 'POST',
        headers: { ...headers, ...(attempt === 0 ? {} : { 'retry-attempt': String(attempt) }) },
        body: new Uint8Array(body),
        redirect: 'manual',
        signal: AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]),
      });
      const retryAfter = response.headers.get('retry-after');
      return {
        status: response.status,
        text: await response.text(),
        ...(retryAfter === null ? {} : { retryAfterMs: Number(retryAfter) * 1000 }),
      };
    } catch {
      return undefined;
    }
  }

  await Promise.all(Array.from({ length: options.shards }, runShard));
  return totals;
}
