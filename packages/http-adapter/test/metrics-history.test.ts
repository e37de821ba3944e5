import { describe, expect, it } from 'vitest';
import { MetricsHistory } from '../src/metrics-history.js';
import type { MetricPoint } from '../src/prometheus-metrics.js';

const received = (value: number): MetricPoint => ({ name: 'timestream_connector_received_samples_total', labels: {}, value });
const answer = (status: string, error: string, value: number): MetricPoint => ({
  name: 'timestream_connector_responses_total',
  labels: { endpoint: 'write', status, error },
  value,
});
const bucket = (le: string, value: number): MetricPoint => ({
  name: 'timestream_connector_request_duration_seconds_bucket',
  labels: { endpoint: 'write', le },
  value,
});

async function historyOf(...rounds: readonly (readonly MetricPoint[])[]): Promise<MetricsHistory> {
  let round = 0;
  const history = new MetricsHistory(
    () => Promise.resolve(rounds[round] ?? []),
    (code) => `what ${code} means`,
  );
  for (; round < rounds.length; round += 1) await history.take(round * 10_000);
  return history;
}

describe('the history of the metrics', () => {
  it('gives rates per second between two points, none at the first', async () => {
    const history = await historyOf([received(100)], [received(150)], [received(150)]);
    expect(history.history()).toEqual({ timesMs: [10_000, 20_000], columns: { received: [5, 0] } });
  });

  it('takes a counter that fell for one that began again, not for a negative rate', async () => {
    expect((await historyOf([received(100)], [received(3)])).history().columns).toEqual({ received: [0] });
  });

  it('begins a column with gaps when its label appears', async () => {
    const history = await historyOf([received(0)], [received(10)], [received(20), answer('204', 'none', 30)]);
    expect(history.history().columns['answers:write 204']).toEqual([null, 3]);
  });

  it('gives the bound that 99 of 100 requests stay below', async () => {
    const history = await historyOf(
      [bucket('0.1', 0), bucket('1', 0), bucket('+Inf', 0)],
      [bucket('0.1', 95), bucket('1', 100), bucket('+Inf', 100)],
    );
    expect(history.history().columns['latency:write']).toEqual([1]);
  });

  it('keeps an hour and no more', async () => {
    const rounds = Array.from({ length: 400 }, (_none, index) => [received(index)]);
    expect((await historyOf(...rounds)).history().timesMs).toHaveLength(360);
  });

  it('lists each error with its count, its meaning and when it last came, the newest first', async () => {
    const history = await historyOf(
      [answer('204', 'none', 5), answer('503', 'throttled', 1)],
      [answer('204', 'none', 9), answer('503', 'throttled', 1), answer('400', 'samples-rejected', 2)],
    );
    expect(history.errors()).toEqual([
      { endpoint: 'write', status: '400', code: 'samples-rejected', meaning: 'what samples-rejected means', count: 2, lastMs: 10_000 },
      { endpoint: 'write', status: '503', code: 'throttled', meaning: 'what throttled means', count: 1, lastMs: 0 },
    ]);
  });
});
