import { ColumnNotFoundError, ConnectorError } from '../errors/connector-error.js';
import { METRICS } from '../metrics/metric-catalogue.js';
import type { Clock, MetricsSink } from '../ports.js';
import { connectorErrorOf, type TimestreamOperation } from './aws-error.js';
import { ClientSlot, type DestroyableClient } from './client-slot.js';

const CALL_METRICS = {
  WriteRecords: { calls: METRICS.writeRequests, duration: METRICS.writeDuration },
  Query: { calls: METRICS.readRequests, duration: METRICS.readDuration },
  CancelQuery: undefined,
} as const;

/** What every answer and every service error of the SDK carries. */
interface Answer {
  readonly $metadata?: { readonly attempts?: number | undefined } | undefined;
}

export interface TimestreamCall<Client, Output, Result> {
  readonly operation: TimestreamOperation;
  readonly signal: AbortSignal;
  /** Makes the call; tells `onFailedAttempt` of every attempt that fails, also of those that are followed by another. */
  readonly send: (client: Client, onFailedAttempt: (error: unknown) => void) => Promise<Output>;
  /** What the answer means. @throws ConnectorError malformed-answer */
  readonly resultOf: (output: Output) => Result;
  /** Turns an error that is an answer after all (RejectedRecordsException) into one. */
  readonly expected?: (error: unknown) => Result | undefined;
}

export interface TimestreamCallerOptions<Client> {
  readonly createClient: () => Client;
  readonly metrics: MetricsSink;
  readonly clock: Clock;
}

/**
 * The one way to call Timestream. It has the client of a credential, counts each call with the SDK's attempts, says once what a failure
 * means, and has a new client made when the endpoint that was discovered is no longer the right one.
 */
export class TimestreamCaller<Client extends DestroyableClient> {
  readonly #clients: ClientSlot<Client>;
  readonly #metrics: MetricsSink;
  readonly #clock: Clock;

  constructor({ createClient, metrics, clock }: TimestreamCallerOptions<Client>) {
    this.#clients = new ClientSlot(createClient);
    this.#metrics = metrics;
    this.#clock = clock;
  }

  /** @throws ConnectorError */
  async call<Output extends Answer, Result>(call: TimestreamCall<Client, Output, Result>): Promise<Result> {
    const { operation } = call;
    const callMetrics = CALL_METRICS[operation];
    const startMs = this.#clock.nowMs();
    if (callMetrics !== undefined) this.#metrics.add(callMetrics.calls, 1);
    this.#metrics.move(METRICS.timestreamCallsInFlight, 1, { operation });
    try {
      return await this.#send(call);
    } finally {
      this.#metrics.move(METRICS.timestreamCallsInFlight, -1, { operation });
      if (callMetrics !== undefined) this.#metrics.observe(callMetrics.duration, (this.#clock.nowMs() - startMs) / 1000);
    }
  }

  /** Calls in flight end in their own time. */
  close(): void {
    this.#clients.renew();
  }

  async #send<Output extends Answer, Result>(call: TimestreamCall<Client, Output, Result>): Promise<Result> {
    const { operation, signal, send, resultOf, expected } = call;
    let answer: unknown;
    let attempts = 0;
    let lastFailure: unknown;
    const onFailedAttempt = (error: unknown) => {
      attempts += 1;
      // An attempt that was given up says nothing of Timestream.
      if (!signal.aborted) lastFailure = error;
    };
    try {
      const output = await this.#clients.use((client) => send(client, onFailedAttempt));
      answer = output;
      const result = resultOf(output);
      this.#count(operation, 'ok', output);
      return result;
    } catch (error) {
      let cause = error;
      try {
        const result = expected?.(error);
        if (result !== undefined) {
          this.#count(operation, 'rejected', error);
          return result;
        }
      } catch (malformed) {
        cause = malformed;
      }
      const failure = withLastReason(connectorErrorOf(cause, operation, signal), attempts, lastFailure, operation);
      this.#count(operation, failure.code, answer ?? error);
      if (failure.cause instanceof Error && failure.cause.name === 'InvalidEndpointException') this.#clients.renew();
      throw failure;
    }
  }

  #count(operation: TimestreamOperation, outcome: 'ok' | 'rejected' | ConnectorError['code'], answer: unknown): void {
    this.#metrics.add(METRICS.timestreamCalls, 1, { operation, outcome });
    const retries = attemptsOf(answer) - 1;
    if (retries > 0) this.#metrics.add(METRICS.timestreamRetries, retries, { operation });
  }
}

/** Names in a failure what the attempts before it met: a deadline alone does not say why it was missed. */
function withLastReason(failure: ConnectorError, attempts: number, lastFailure: unknown, operation: TimestreamOperation): ConnectorError {
  if (lastFailure === undefined) return failure;
  if (failure.code === 'client-gone' || failure.code === 'deadline-exceeded') {
    const { message } = connectorErrorOf(lastFailure, operation, new AbortController().signal);
    if (failure.message.startsWith(operation)) return failure;
    return new ConnectorError(failure.code, `${failure.message}; the last of ${countOf(attempts, 'attempt')} failed with ${message}`, {
      cause: lastFailure,
    });
  }
  if (attempts < 2 || failure instanceof ColumnNotFoundError) return failure;
  return new ConnectorError(failure.code, `${failure.message} (after ${countOf(attempts, 'attempt')})`, { cause: failure.cause });
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function attemptsOf(answer: unknown): number {
  if (typeof answer !== 'object' || answer === null || !('$metadata' in answer)) return 1;
  const metadata = answer.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('attempts' in metadata)) return 1;
  return typeof metadata.attempts === 'number' ? metadata.attempts : 1;
}
