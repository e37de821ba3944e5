import { expect } from 'vitest';
import type { PrometheusAnswer } from './prometheus-answer.js';
import type { PrometheusApi } from './prometheus-api.js';

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

/** A whole answer as it can be compared: series and remarks in a fixed order. */
export interface ComparableAnswer {
  readonly status: string;
  readonly resultType?: string | undefined;
  readonly result: unknown;
  readonly error?: string | undefined;
  readonly errorType?: string | undefined;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

export function comparableAnswer(answer: PrometheusAnswer): ComparableAnswer {
  const { status, error, errorType, warnings = [], infos = [] } = answer;
  const { resultType, result } = answer.data ?? {};
  return { status, resultType, result: canonical(result), error, errorType, warnings: [...warnings].sort(), infos: [...infos].sort() };
}

export function isEmptyAnswer(answer: ComparableAnswer | undefined): boolean {
  return answer?.status !== 'success' || isEmptyResult(answer.result);
}

export function isEmptyResult(result: unknown): boolean {
  return Array.isArray(result) && result.length === 0;
}

/** Asserts that both give the same text for an instant query, and that there is something to compare unless `mayBeEmpty`. */
export async function expectSameInstant(
  expected: PrometheusApi,
  actual: PrometheusApi,
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
  expected: PrometheusApi,
  actual: PrometheusApi,
  expression: string,
  range: { readonly startSeconds: number; readonly endSeconds: number; readonly stepSeconds: number },
  { mayBeEmpty = false } = {},
): Promise<void> {
  const ask = (server: PrometheusApi): Promise<unknown> =>
    server.queryRange(expression, range.startSeconds, range.endSeconds, range.stepSeconds);
  const [wanted, got] = await Promise.all([ask(expected), ask(actual)]);
  expect(canonical(got), `range query ${expression} over ${JSON.stringify(range)}`).toEqual(canonical(wanted));
  if (!mayBeEmpty) expect(isEmptyResult(wanted), `${expression} selects nothing, so it compares nothing`).toBe(false);
}
