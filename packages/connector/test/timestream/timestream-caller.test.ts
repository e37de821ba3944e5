import { describe, expect, it } from 'vitest';
import { METRICS } from '../../src/index.js';
import { RetryBudget } from '../../src/timestream/retry-budget.js';
import { TimestreamCaller } from '../../src/timestream/timestream-caller.js';
import { RecordingMetrics } from '../support/recording-metrics.js';

interface FakeClient {
  readonly id: number;
  isDestroyed: boolean;
  destroy(): void;
}

function createCaller() {
  const clients: FakeClient[] = [];
  const metrics = new RecordingMetrics();
  const caller = new TimestreamCaller<FakeClient>({
    createClient: () => {
      const client: FakeClient = {
        id: clients.length,
        isDestroyed: false,
        destroy() {
          if (this.isDestroyed) throw new Error('destroyed twice');
          this.isDestroyed = true;
        },
      };
      clients.push(client);
      return client;
    },
    maxAttempts: 1,
    retries: RetryBudget.ofAll().openPart(),
    metrics,
    clock: { nowMs: () => 0 },
  });
  const { signal } = new AbortController();
  const call = <T>(answer: (client: FakeClient) => Promise<T>) =>
    caller.call({
      operation: 'Query',
      signal,
      send: async (client) => ({ $metadata: {}, value: await answer(client) }),
      resultOf: ({ value }) => value,
    });
  return { caller, call, clients, metrics };
}

function named(name: string): Error {
  return Object.assign(new Error('x'), { name });
}

describe('TimestreamCaller', () => {
  it('keeps one client for all calls, and counts them', async () => {
    const { call, clients, metrics } = createCaller();
    expect(await call(({ id }) => Promise.resolve(id))).toBe(0);
    expect(await call(({ id }) => Promise.resolve(id))).toBe(0);
    expect(clients.map(({ isDestroyed }) => isDestroyed)).toEqual([false]);
    expect(metrics.sum(METRICS.timestreamCalls, { operation: 'Query', outcome: 'ok' })).toBe(2);
    expect(metrics.sum(METRICS.readDuration)).toBe(2);
    expect(metrics.sum(METRICS.timestreamCallsInFlight)).toBe(0);
  });

  it('has the next call discover the endpoint anew after one that moved, and closes the old client when its last call has ended', async () => {
    const { caller, call, clients } = createCaller();
    let finish: () => void = () => undefined;
    const slow = call(() => new Promise<void>((resolve) => (finish = resolve)));
    await expect(call(() => Promise.reject(named('InvalidEndpointException')))).rejects.toMatchObject({ code: 'timestream-unavailable' });
    expect(await call(({ id }) => Promise.resolve(id))).toBe(1);
    expect(clients[0]?.isDestroyed).toBe(false);
    finish();
    await slow;
    expect(clients.map(({ isDestroyed }) => isDestroyed)).toEqual([true, false]);
    caller.close();
    expect(clients[1]?.isDestroyed).toBe(true);
  });

  it('keeps the client after any other failure, and counts what it means', async () => {
    const { call, metrics } = createCaller();
    await expect(call(() => Promise.reject(named('ThrottlingException')))).rejects.toMatchObject({ code: 'throttled' });
    expect(await call(({ id }) => Promise.resolve(id))).toBe(0);
    expect(metrics.sum(METRICS.timestreamCalls, { operation: 'Query', outcome: 'throttled' })).toBe(1);
  });
});
