import { METRICS } from '../metrics/metric-catalogue.js';
import type { Clock, MetricsSink } from '../ports.js';
import { connectorErrorOf, type TimestreamOperation } from './aws-error.js';

const CALL_METRICS = {
  WriteRecords: { calls: METRICS.writeRequests.name, duration: METRICS.writeDuration.name },
  Query: { calls: METRICS.readRequests.name, duration: METRICS.readDuration.name },
  CancelQuery: undefined,
} as const;

/** What every answer and every service error of the SDK carries. */
interface Answer {
  readonly $metadata?: { readonly attempts?: number | undefined } | undefined;
}

export interface CallContext {
  readonly operation: TimestreamOperation;
  readonly signal: AbortSignal;
  readonly metrics: MetricsSink;
  readonly clock: Clock;
}

/**
 * Makes one call (with the SDK's retries), counts it and says what its failure means. `expected` turns an error that is an answer after
 * all (RejectedRecordsException) into one.
 *
 * @throws ConnectorError
 */
export async function measureCall<Output extends Answer, Result>(
  context: CallContext,
  call: () => Promise<Output>,
  resultOf: (output: Output) => Result,
  expected: (error: unknown) => Result | undefined = () => undefined,
): Promise<Result> {
  const { operation, signal, metrics, clock } = context;
  const callMetrics = CALL_METRICS[operation];
  const startMs = clock.nowMs();
  const finish = (outcome: string, answer: unknown) => {
    metrics.add(METRICS.timestreamCalls.name, 1, { operation, outcome });
    const retries = attemptsOf(answer) - 1;
    if (retries > 0) metrics.add(METRICS.timestreamRetries.name, retries, { operation });
  };
  if (callMetrics !== undefined) metrics.add(callMetrics.calls, 1);
  metrics.move(METRICS.timestreamCallsInFlight.name, 1, { operation });
  try {
    const output = await call();
    finish('ok', output);
    return resultOf(output);
  } catch (error) {
    const result = expected(error);
    if (result !== undefined) {
      finish('rejected', error);
      return result;
    }
    const failure = connectorErrorOf(error, operation, signal);
    finish(failure.code, error);
    throw failure;
  } finally {
    metrics.move(METRICS.timestreamCallsInFlight.name, -1, { operation });
    if (callMetrics !== undefined) metrics.observe(callMetrics.duration, (clock.nowMs() - startMs) / 1000);
  }
}

function attemptsOf(answer: unknown): number {
  if (typeof answer !== 'object' || answer === null || !('$metadata' in answer)) return 1;
  const metadata = answer.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('attempts' in metadata)) return 1;
  return typeof metadata.attempts === 'number' ? metadata.attempts : 1;
}
