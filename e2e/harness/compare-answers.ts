import { expect } from 'vitest';
import type { RunningPrometheus } from './start-prometheus.js';

interface ResultSeries {
  readonly metric: Readonly<Record<string, string>>;
}

/** A result with its series in a fixed order: Prometheus promises none for an instant vector. Values stay the text that Prometheus gave. */
export function canonical(result: unknown): unknown {
  if (!Array.isArray(result)) return result;
  const key = (series: ResultSeries): string => JSON.stringify(Object.entries(series.metric).sort(([a], [b]) => (a < b ? -1 : 1)));
  return result.every((series: unknown) => typeof series === 'object' && series !== null && 'metric' in series)
    ? (result as ResultSeries[]).map((series) => ({ key: key(series), ...series })).sort((a, b) => (a.key < b.key ? -1 : 1))
    : result;
}

export function isEmptyResult(result: unknown): boolean {
  return Array.isArray(result) && result.length === 0;
}

/** Asserts that both give the same text for an instant query, and that there is something to compare unless `mayBeEmpty`. */
export async function expectSameInstant(
  expected: RunningPrometheus,
  actual: RunningPrometheus,
  expression: string,
  timeSeconds: number,
  { mayBeEmpty = false } = {},
): Promise<void> {
  const [wanted, got] = await Promise.all([expected.queryInstant(expression, timeSeconds), actual.queryInstant(expression, timeSeconds)]);
  expect(canonical(got), `instant query ${expression} at ${timeSeconds}`).toEqual(canonical(wanted));
  if (!mayBeEmpty) expect(isEmptyResult(wanted), `${expression} selects nothing, so it compares nothing`).toBe(false);
}

/** The same for a range query. */
export async function expectSameRange(
  expected: RunningPrometheus,
  actual: RunningPrometheus,
  expression: string,
  range: { readonly startSeconds: number; readonly endSeconds: number; readonly stepSeconds: number },
  { mayBeEmpty = false } = {},
): Promise<void> {
  const ask = (server: RunningPrometheus): Promise<unknown> =>
    server.queryRange(expression, range.startSeconds, range.endSeconds, range.stepSeconds);
  const [wanted, got] = await Promise.all([ask(expected), ask(actual)]);
  expect(canonical(got), `range query ${expression} over ${JSON.stringify(range)}`).toEqual(canonical(wanted));
  if (!mayBeEmpty) expect(isEmptyResult(wanted), `${expression} selects nothing, so it compares nothing`).toBe(false);
}
