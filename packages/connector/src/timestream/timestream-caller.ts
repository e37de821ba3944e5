import { setTimeout } from 'node:timers/promises';
import { ColumnNotFoundError, ConnectorError } from '../errors/connector-error.js';
import { throwIfAborted, waitWhileAllowed } from '../concurrency/deadline.js';
import { METRICS } from '../metrics/metric-catalogue.js';
import type { CallTurn, Clock, MetricsSink } from '../ports.js';
import { connectorErrorOf, type TimestreamOperation } from './aws-error.js';
import { ClientSlot, type DestroyableClient } from './client-slot.js';
import type { RetryBudget } from './retry-budget.js';
import { retryPauseMs } from './retry-pause.js';

const CALL_METRICS = {
  WriteRecords: { calls: METRICS.writeRequests, duration: METRICS.writeDuration },
  Query: { calls: METRICS.readRequests, duration: METRICS.readDuration },
  CancelQuery: undefined,
} as const;

export interface TimestreamCall<Client, Output, Result> {
  readonly operation: TimestreamOperation;
  readonly signal: AbortSignal;
  /** Given back while the call waits to be made again. */
  readonly turn?: CallTurn | undefined;
  /** Makes one attempt. */
  readonly send: (client: Client) => Promise<Output>;
  /** What the answer means. @throws ConnectorError malformed-answer */
  readonly resultOf: (output: Output) => Result;
  /** Turns an error that is an answer after all (RejectedRecordsException) into one. */
  readonly expected?: (error: unknown) => Result | undefined;
}

export interface TimestreamCallerOptions<Client> {
  /** Makes a client that makes one attempt for each call: making it again is for the caller, who knows what all calls may do together. */
  readonly createClient: () => Client;
  /** Attempts for one call, the first one included. */
  readonly maxAttempts: number;
  /** Shared by the callers of an operation: what Timestream has to bear comes from all of them. */
  readonly retries: RetryBudget;
  readonly metrics: MetricsSink;
  readonly clock: Clock;
  readonly random?: () => number;
  /** Waits before a call is made again; an abort ends it. Default: by the system's timers. */
  readonly pause?: Pause;
}

export type Pause = (pauseMs: number, signal: AbortSignal) => Promise<void>;

const pauseByTimer: Pause = (pauseMs, signal) => setTimeout(pauseMs, undefined, { signal }).catch(() => undefined);

/**
 * The one way to call Timestream. It has the client of a credential, makes a call again that may succeed then, as long as its caller waits
 * and the retry budget allows, counts it with its attempts, says once what a failure means, and has a new client made when the endpoint that
 * was discovered is no longer the right one, or the credentials are not.
 */
export class TimestreamCaller<Client extends DestroyableClient> {
  readonly #clients: ClientSlot<Client>;
  readonly #options: Required<Omit<TimestreamCallerOptions<Client>, 'createClient'>>;

  constructor({ createClient, ...options }: TimestreamCallerOptions<Client>) {
    this.#clients = new ClientSlot(createClient);
    this.#options = { random: Math.random, pause: pauseByTimer, ...options };
  }

  /** @throws ConnectorError */
  async call<Output, Result>(call: TimestreamCall<Client, Output, Result>): Promise<Result> {
    const { operation } = call;
    const { clock, metrics } = this.#options;
    const callMetrics = CALL_METRICS[operation];
    const startMs = clock.nowMs();
    if (callMetrics !== undefined) metrics.add(callMetrics.calls, 1);
    metrics.move(METRICS.timestreamCallsInFlight, 1, { operation });
    try {
      return await this.#send(call);
    } finally {
      metrics.move(METRICS.timestreamCallsInFlight, -1, { operation });
      if (callMetrics !== undefined) metrics.observe(callMetrics.duration, (clock.nowMs() - startMs) / 1000);
    }
  }

  /** Calls in flight end in their own time. */
  close(): void {
    this.#clients.renew();
  }

  async #send<Output, Result>(call: TimestreamCall<Client, Output, Result>): Promise<Result> {
    const { operation, signal, turn } = call;
    const { maxAttempts, retries, metrics, random, pause } = this.#options;
    if (operation !== 'CancelQuery') retries.noteCall();
    let lastFailure: ConnectorError | undefined;
    for (let attempts = 1; ; attempts += 1) {
      try {
        const { result, outcome } = await this.#attempt(call);
        metrics.add(METRICS.timestreamCalls, 1, { operation, outcome });
        return result;
      } catch (thrown) {
        const failure = thrown as ConnectorError;
        const pauseMs = attempts < maxAttempts ? retryPauseMs(failure.code, attempts, random) : undefined;
        if (pauseMs === undefined || signal.aborted || !retries.take()) {
          metrics.add(METRICS.timestreamCalls, 1, { operation, outcome: failure.code });
          throw withLastReason(failure, attempts, lastFailure, operation);
        }
        lastFailure = failure;
        metrics.add(METRICS.timestreamRetries, 1, { operation });
        // An abort ends the pause; what it means is said by the attempt that it ends, too.
        const wait = () => pause(pauseMs, signal);
        if (turn === undefined) await wait();
        else await this.#leaveFlight(operation, () => turn.pause(wait));
      }
    }
  }

  async #leaveFlight(operation: TimestreamOperation, wait: () => Promise<void>): Promise<void> {
    const { metrics } = this.#options;
    metrics.move(METRICS.timestreamCallsInFlight, -1, { operation });
    try {
      await wait();
    } finally {
      metrics.move(METRICS.timestreamCallsInFlight, 1, { operation });
    }
  }

  /** @throws ConnectorError */
  async #attempt<Output, Result>({
    operation,
    signal,
    send,
    resultOf,
    expected,
  }: TimestreamCall<Client, Output, Result>): Promise<{ readonly result: Result; readonly outcome: 'ok' | 'rejected' }> {
    try {
      throwIfAborted(signal);
      // Credentials of a role or profile may be on their way, and whoever gives them knows nothing of this request.
      return { result: resultOf(await waitWhileAllowed(this.#clients.use(send), signal)), outcome: 'ok' };
    } catch (error) {
      let cause = error;
      try {
        const result = expected?.(error);
        if (result !== undefined) return { result, outcome: 'rejected' };
      } catch (malformed) {
        cause = malformed;
      }
      const failure = connectorErrorOf(cause, operation, signal);
      // The SDK keeps what its credential providers gave until it expires by its own account: a new client asks them again.
      const isOutdated =
        failure.code === 'invalid-credentials' || (failure.cause instanceof Error && failure.cause.name === 'InvalidEndpointException');
      if (isOutdated) this.#clients.renew();
      throw failure;
    }
  }
}

/** Names in a failure what the attempts before it met: a deadline alone does not say why it was missed. */
function withLastReason(
  failure: ConnectorError,
  attempts: number,
  lastFailure: ConnectorError | undefined,
  operation: TimestreamOperation,
): ConnectorError {
  if (lastFailure === undefined || failure instanceof ColumnNotFoundError) return failure;
  if ((failure.code === 'client-gone' || failure.code === 'deadline-exceeded') && !failure.message.startsWith(operation)) {
    // The attempt that was given up says nothing of Timestream.
    const last = `the last of ${countOf(attempts - 1, 'attempt')} failed with ${lastFailure.message}`;
    return new ConnectorError(failure.code, `${failure.message}; ${last}`, { cause: lastFailure.cause });
  }
  return new ConnectorError(failure.code, `${failure.message} (after ${countOf(attempts, 'attempt')})`, { cause: failure.cause });
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
