import type { ApiAnswer, ApiRequest } from './api-request.js';
import type { StoredTimes } from './random-api-requests.js';

/** The body of an answer of the API. */
interface Body {
  readonly status?: string;
  readonly ['data']?: unknown;
  readonly errorType?: string;
  readonly error?: string;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

function bodyOf({ text }: ApiAnswer): Body | null {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return null;
  }
}

/** Reasons for which an answer may be another one than Prometheus'. `docs/promql.md` says them in its own words ("What differs, and why"). */
export type Reason =
  | 'no answer of the API'
  | 'time of no clock'
  | 'labels of whole blocks'
  | 'order of a map'
  | 'the clock'
  | 'out of time';

/** Null if both answers are the same; a reason if they differ as they should; otherwise both, as text. */
export function compareApiAnswers(
  request: ApiRequest,
  wanted: ApiAnswer,
  got: ApiAnswer,
  stored: StoredTimes,
): Reason | { readonly wanted: string; readonly got: string } | null {
  const [wantedText, gotText] = [comparableText(wanted), comparableText(got)];
  if (wantedText === gotText) return null;
  const [wantedBody, gotBody] = [bodyOf(wanted), bodyOf(got)];
  if (wantedBody === null && gotBody?.status === 'error' && got.status >= 400) return 'no answer of the API';
  if (/cannot parse .* to a valid timestamp/.test(gotBody?.error ?? '') && isTimeOfNoClock(gotBody?.error ?? '')) return 'time of no clock';
  const form = formOf(request);
  // Outside of the years 1678 to 2262 Prometheus' nanoseconds overflow, and it answers for another time.
  if (['time', 'start', 'end'].some((name) => /^(?:000|9999)/.test(form.get(name) ?? ''))) return 'time of no clock';
  if (wanted.status === 200 && got.status === 200) {
    if (/^\/api\/v1\/(?:labels|label\/|series)/.test(request.target) && showsNoMore(wantedBody, gotBody) && !coversAll(form, stored))
      return 'labels of whole blocks';
    const path = request.target.split('?')[0];
    if (path === '/api/v1/query' && gotBody?.warnings?.includes('results truncated due to limit')) return 'order of a map';
    if (path === '/api/v1/query' && !form.get('time')) {
      const at = (text: string): string => text.replaceAll(/\d{10}(?:\.\d+)?/g, 'now');
      if (at(wantedText) === at(gotText) || form.get('query')?.includes('rate')) return 'the clock';
    }
  }
  if (gotBody?.errorType === 'timeout' && /not done within [\d.e-]+ ms \(timeout\)/.test(gotBody.error ?? '')) return 'out of time';
  return { wanted: wantedText, got: gotText };
}

function formOf({ target, body }: ApiRequest): URLSearchParams {
  // Pairs that are malformed are left out.
  const pairs = `${body}&${target.slice(target.indexOf('?') + 1)}`.split('&').filter((pair) => !/;|%(?![\da-f]{2})/i.test(pair));
  return new URLSearchParams(pairs.join('&'));
}

/** Whether the times asked for hold every sample that is stored. */
function coversAll(form: URLSearchParams, { startMs, endMs }: StoredTimes): boolean {
  const msOf = (text: string | null, otherwise: number): number =>
    text ? (/^[-+\d.e]+$/.test(text) ? Number(text) * 1000 : Date.parse(text)) : otherwise;
  return msOf(form.get('start'), -Infinity) <= startMs && msOf(form.get('end'), Infinity) >= endMs;
}

/** Whether a list has nothing that the other has not. One that is cut has what sorts first. */
function showsNoMore(wanted: Body | null, got: Body | null): boolean {
  const isCut = wanted?.warnings !== undefined;
  const known = new Set(listOf(wanted));
  const shown = listOf(got);
  return isCut ? shown.length <= known.size : shown.every((text) => known.has(text));
}

function listOf(body: Body | null): readonly string[] {
  return Array.isArray(body?.data) ? body.data.map((item) => JSON.stringify(item, sortMembers)) : [];
}

function isTimeOfNoClock(error: string): boolean {
  return /"[+-]?(?:inf|infinity|nan|\d{13,}|\d+(?:\.\d+)?e\d{2,}|0x[\da-fp+-]+)\\?"/i.test(error);
}

/** What has to be equal, members in order of their names. */
function comparableText(answer: ApiAnswer): string {
  const body = bodyOf(answer);
  const type = answer.headers['content-type'];
  return JSON.stringify({ status: answer.status, type, body: body === null ? answer.text : withoutDetails(body) }, sortMembers);
}

function withoutDetails({ ['data']: answered, warnings, infos, ...others }: Body): object {
  return { ...others, answered: inOrder(withoutTimings(answered)), warnings: sorted(warnings), infos: sorted(infos) };
}

const sorted = (texts: readonly string[] = []): readonly string[] => [...texts].sort();

/** Times are measured, and peaks are of what each engine keeps. */
function withoutTimings(answered: unknown): unknown {
  if (typeof answered !== 'object' || answered === null || !('stats' in answered)) return answered;
  const { stats, ...others } = answered as { stats: { timings: object; samples: { totalQueryableSamples: number } } };
  return { ...others, stats: { timings: Object.keys(stats.timings).sort(), total: stats.samples.totalQueryableSamples } };
}

/** The samples of an instant vector in a fixed order: Prometheus takes them from a map. */
function inOrder(answered: unknown): unknown {
  if (typeof answered !== 'object' || answered === null || !('resultType' in answered) || answered.resultType !== 'vector') return answered;
  const { result } = answered as unknown as { result: readonly unknown[] };
  return { ...answered, result: result.map((sample) => JSON.stringify(sample, sortMembers)).sort() };
}

function sortMembers(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
}
