import type { StatusAnswer } from '../status-answer.js';
import type { DashboardFile } from './dashboard-file.js';
import { RequestError } from './request-error.js';
import { currentAuthorization } from './sign-in.js';

/** One series of a range answer, as Prometheus' HTTP API gives it. */
export interface RangeSeries {
  readonly metric: Readonly<Record<string, string>>;
  /** Pairs of seconds since the Unix epoch and the value as text. */
  readonly values?: readonly (readonly [number, string])[];
}

export interface RangeAnswer {
  readonly series: readonly RangeSeries[];
  readonly warnings: readonly string[];
}

export async function fetchStatus(signal: AbortSignal): Promise<StatusAnswer> {
  const response = await fetch('-/status', { signal });
  if (!response.ok) throw new RequestError(response.status, await response.text());
  return (await response.json()) as StatusAnswer;
}

/** The file that Grafana draws as well, as the build has taken it from deploy/monitoring. */
export async function fetchDashboard(signal: AbortSignal): Promise<DashboardFile> {
  const response = await fetch('page/dashboard.json', { signal });
  if (!response.ok) throw new RequestError(response.status, await response.text());
  return (await response.json()) as DashboardFile;
}

interface Envelope<Result> {
  readonly status: 'success' | 'error';
  // oxlint-disable-next-line id-denylist -- the name in Prometheus' HTTP API
  readonly data?: Result;
  readonly error?: string;
  readonly errorType?: string;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

async function ask<Result>(path: string, parameters: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Envelope<Result>> {
  const authorization = currentAuthorization();
  const response = await fetch(`api/v1/${path}?${new URLSearchParams(parameters).toString()}`, {
    signal,
    headers: authorization === undefined ? {} : { authorization },
  });
  const text = await response.text();
  let envelope: Envelope<Result> | undefined;
  try {
    envelope = JSON.parse(text) as Envelope<Result>;
  } catch {
    // A refusal in plain words; used below.
  }
  if (!response.ok || envelope?.status !== 'success') {
    const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
    throw new RequestError(response.status, envelope?.error ?? text.trim(), Number.isFinite(retryAfter) ? retryAfter : undefined);
  }
  return envelope;
}

export async function queryRange(
  expression: string,
  startSeconds: number,
  endSeconds: number,
  stepSeconds: number,
  signal: AbortSignal,
): Promise<RangeAnswer> {
  const answer = await ask<{ readonly result: readonly RangeSeries[] }>(
    'query_range',
    { query: expression, start: String(startSeconds), end: String(endSeconds), step: String(stepSeconds) },
    signal,
  );
  return { series: answer.data?.result ?? [], warnings: [...(answer.warnings ?? []), ...(answer.infos ?? [])] };
}

/** The values of a label in a range of time, of those series that a selector matches; sorted by the server. */
export async function labelValuesOf(
  selector: string,
  label: string,
  { startSeconds, endSeconds }: { readonly startSeconds: number; readonly endSeconds: number },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const parameters = { 'match[]': selector, start: String(startSeconds), end: String(endSeconds), limit: '1000' };
  return (await ask<readonly string[]>(`label/${label}/values`, parameters, signal)).data ?? [];
}

/** The values of a label over the last hours, sorted by the server. */
export async function labelValues(label: string, signal: AbortSignal): Promise<readonly string[]> {
  const nowSeconds = Date.now() / 1000;
  const parameters = { start: String(nowSeconds - 6 * 3600), end: String(nowSeconds), limit: '5000' };
  return (await ask<readonly string[]>(`label/${label}/values`, parameters, signal)).data ?? [];
}

export async function labelNames(signal: AbortSignal): Promise<readonly string[]> {
  const nowSeconds = Date.now() / 1000;
  return (
    (await ask<readonly string[]>('labels', { start: String(nowSeconds - 6 * 3600), end: String(nowSeconds), limit: '1000' }, signal))
      .data ?? []
  );
}
