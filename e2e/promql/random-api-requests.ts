import type { SeededRandom } from '../differential/seeded-random.js';
import type { ApiRequest } from './api-request.js';

type Kind = 'query' | 'time' | 'duration' | 'limit' | 'number' | 'stats' | 'selector' | 'metric';

const MOMENTS = {
  path: '/api/v1/query',
  parameters: [['query', 'query'], ['time', 'time'], ['timeout', 'duration'], ['limit', 'limit'], ['lookback_delta', 'duration'], ['stats', 'stats']],
} as const; // oxfmt-ignore

const ENDPOINTS: readonly { readonly path: string; readonly parameters: readonly (readonly [name: string, kind: Kind])[] }[] = [
  MOMENTS,
  {
    path: '/api/v1/query_range',
    parameters: [['query', 'query'], ['start', 'time'], ['end', 'time'], ['step', 'duration'], ['timeout', 'duration'], ['limit', 'limit'], ['lookback_delta', 'duration'], ['stats', 'stats']],
  },
  { path: '/api/v1/format_query', parameters: [['query', 'query']] },
  { path: '/api/v1/parse_query', parameters: [['query', 'query']] },
  { path: '/api/v1/labels', parameters: [['start', 'time'], ['end', 'time'], ['match[]', 'selector'], ['limit', 'limit']] },
  { path: '/api/v1/series', parameters: [['match[]', 'selector'], ['start', 'time'], ['end', 'time'], ['limit', 'limit']] },
  { path: '/api/v1/label/LABEL/values', parameters: [['start', 'time'], ['end', 'time'], ['match[]', 'selector'], ['limit', 'limit']] },
  { path: '/api/v1/query_exemplars', parameters: [['query', 'query'], ['start', 'time'], ['end', 'time']] },
  { path: '/api/v1/metadata', parameters: [['metric', 'metric'], ['limit', 'number'], ['limit_per_metric', 'number']] },
]; // oxfmt-ignore

/** As they stand in a path. */
const LABEL_NAMES = ['job', '__name__', 'instance', 'code', 'nowhere', 'U__job', 'U__http_2e_status', 'U___5f_', 'U__', 'U', 'in-valid', '%C3%A9', 'a%20b', '0', 'U__a_D800_', 'U__a__b', 'U__job_', 'le', '%ff', '__name__%00']; // oxfmt-ignore

const ODD_TIMES = ['', '0', '1.5', '-1', '-1.5', '-0', '1e9', '1e3', '+5', '.5', '5.', '.', '0x10', '0x1p4', '0X1P-2', '1_000', '0x_1', 'NaN', 'nan', '+NaN', '-nan', 'Inf', '-Inf', '+inf', 'infinity', 'Infinit', '1e400', '1e18', '1e15', '9223372036854775807', '-9223372036854775808', '9223372036854775', '9223372036854', '9223372036.854', '253402300800', '2026-11-25T10:00:00Z', '2026-11-25T10:00:00.123456789Z', '2026-11-25T10:00:00,5Z', '2026-11-25t10:00:00z', '2026-11-25T10:00:00+01:00', '2026-11-25T10:00:00-23:59', '2026-11-25T10:00:00+24:00', '2026-11-25T10:00:00+14:60', '2026-11-25T10:00:00+0100', '2026-11-25 10:00:00Z', '2026-02-30T10:00:00Z', '2024-02-29T10:00:00Z', '2023-02-29T10:00:00Z', '2026-11-25T24:00:00Z', '2026-11-25T23:59:60Z', '2026-11-25T10:00Z', '2026-11-25T1:00:00Z', '2026-11-25', '9999-12-31T23:59:59.999Z', '0000-01-01T00:00:00Z', '0001-01-01T00:00:00Z', '+2026-11-25T10:00:00Z', '-292273086-05-16T16:47:06Z', '292277025-08-18T07:12:54.999999999Z', 'now', ' 1', '1 ', '1s', 'é', '"', '\\', '\u0000', '1\n', '😀', '<b>&', '１', '1.0005', '1.9999', '-1.0005', '2026-11-25T10:00:00.9999Z']; // oxfmt-ignore
const ODD_DURATIONS = ['', '0', '-1', '0.5', '0.001', '0.0001', '0.0015', '1e-9', '1e-10', 'NaN', 'Inf', '-Inf', '1e400', '1e10', '9223372036', '9223372037', '-9223372037', '1m', '1h30m', '1m30', '90s1m', '1d', '1w', '1y', '1y2w3d4h5m6s7ms', '300y', '292y', '0s', '0', '1ms', '1.5s', '-1s', '+1s', '-1m', 's', 'x', '0x10', '1_0', ' 15', '15s ', '1S', '00015', '0001m', '15', '60', '5m', '1m1m', '1us', '1ns', 'm1', '"', 'é', '10675199d', '9223372036854775807ms', '99999999999999999999s', '1h1ms']; // oxfmt-ignore
const ODD_LIMITS = ['', '0', '1', '2', '-1', '-0', 'x', '1.5', '9223372036854775807', '9223372036854775808', '-9223372036854775809', '+1', '0x1', '1_0', ' 1', '00001', '0000000000000000000000001', '1e3', 'é', '１', '"', '3']; // oxfmt-ignore
const STATS = ['', 'true', 'all', '1', 'false', 'x"y', 'é'];

const QUERIES = ['1', '"text"', 'vector(1)', 'time()', 'up', 'up == 0', 'http_requests_total', 'http_requests_total{code="404"}', 'rate(http_requests_total[5m])', 'sum by (job) (rate(http_requests_total[2m]))', 'topk(3, http_requests_total)', 'temperature_celsius', 'max_over_time(temperature_celsius[3m])', 'count_over_time(flapping[5m])', 'count by (job) (up)', 'max(temperature_celsius)', 'http_requests_total offset 1m', 'http_requests_total @ end()', 'up[2m]', 'up[2m:30s]', 'edge_value', 'edge_value_constant', 'awkward_value', 'sort(memory_bytes)', 'sum(up) / count(up)', 'rate(temperature_celsius[5m])', 'label_replace(up, "a", "$1", "job", "(.*)")', 'label_replace(up, "é", "$1", "job", "(.*)")', 'histogram_quantile(0.9, rate(request_duration_seconds_bucket[5m]))', 'sum(nothing)', 'absent(nothing{a="b"})', 'up + on (job) up', 'up{', 'sum(', '', ' ', 'up{job="api"', 'é', '"é"', '{"é"="x"}', '{"http.status"=~".+"}', "'<b>&\u2028'", '"\\u0000"', '#comment', 'up # comment', 'up\n+\nup', 'foo(up)', 'rate(up)', 'avg(up[5m])', 'up{job=~"("}', 'up @ 1', 'irate(up[1m])', 'start()', 'step()', 'range()', 'end()', '{job="names"}', '{}', '{a=""}', 'wide', 'group by (half) (wide)', 'count({__name__=~".+"})', '-1 ^ 2', '1 > bool 2', '0x1F', '1e1000', 'inf', '1_000', '10m', 'sum by (a,) (up)', 'millisecond_neighbours', 'late_starter or early_ender', 'quantile(2, up)', 'sgn(up) unless on () nothing', 'info(up)']; // oxfmt-ignore

const SELECTORS = ['up', 'http_requests_total', 'http_requests_total{code="404"}', '{job="api"}', '{job=~".+"}', '{job=~".*"}', '{}', '{__name__=~"up|alone"}', 'nothing', 'up{', '', ' ', 'up offset 5m', 'up[5m]', 'rate(up[5m])', '1', '"x"', '{"é"="x"}', 'sum(up)', 'up{job=~"("}', '{job!=""}', '{job!="api"}', 'awkward_value', 'reserved_label', '{job="names"}', 'up{job="api",instance=~"[ab]:9100"}', 'up @ 1', '(up)', 'up, up', 'wide{half="odd"}', 'edge_value{which!~"0.*"}', '{nowhere=""}', '{__name__!=""}']; // oxfmt-ignore

const METRICS = ['', 'up', 'nothing', '{', 'é'];

const CONTENT_TYPES = ['application/x-www-form-urlencoded', 'application/x-www-form-urlencoded; charset=UTF-8', 'Application/X-WWW-Form-Urlencoded', 'application/x-www-form-urlencoded;']; // oxfmt-ignore
const ACCEPTS = ['*/*', 'application/json', 'text/html', 'application/json;q=0', 'x', ''];
const ENCODINGS = ['gzip', 'deflate, gzip', 'identity', 'gzip;q=0', '*', 'br', 'GZIP'];

export interface StoredTimes {
  readonly startMs: number;
  readonly endMs: number;
}

/** A request whose parameters are missing, empty, repeated, malformed or extreme now and then, and in place otherwise. */
export function randomApiRequest(random: SeededRandom, stored: StoredTimes): ApiRequest {
  const { path, parameters } = random.pick(ENDPOINTS);
  const oddness = random.pick([0, 0, 0.1, 0.3]);
  const pairs: string[] = [];
  for (const [name, kind] of parameters) {
    if (random.next() < (isNeeded(name) ? 0.04 : 0.35)) continue;
    pairs.push(pairText(random, name, valueOf(random, kind, stored, oddness)));
    while (random.next() < (name === 'match[]' ? 0.3 : 0.04)) pairs.push(pairText(random, name, valueOf(random, kind, stored, 0.5)));
  }
  if (random.next() < 0.05) pairs.push(random.pick(['unknown=1', '', '=', '=x', 'query', '%', '%zz=1', 'limit=%zz', 'a;b=1', 'query=1;limit=2', '%6cimit=1', 'LIMIT=1', 'match%5B%5D=up', 'match=up', '&&'])); // oxfmt-ignore
  for (let swaps = random.below(3); swaps > 0; swaps--) pairs.push(...pairs.splice(random.below(pairs.length + 1), 1));
  const pathWithName = path.replace('LABEL', () => random.pick(LABEL_NAMES));
  const headers: Record<string, string> = {};
  if (random.next() < 0.2) headers['accept'] = random.pick(ACCEPTS);
  if (random.next() < 0.2) headers['accept-encoding'] = random.pick(ENCODINGS);
  const isPost = !/values|metadata/.test(path) && random.next() < 0.5;
  if (!isPost) return { method: 'GET', target: targetOf(pathWithName, pairs), headers, body: '' };
  headers['content-type'] = random.pick(CONTENT_TYPES);
  const inAddress = random.next() < 0.3 ? pairs.splice(0, random.below(pairs.length + 1)) : [];
  return { method: 'POST', target: targetOf(pathWithName, inAddress), headers, body: pairs.join('&') };
}

const isNeeded = (name: string): boolean => ['query', 'start', 'end', 'step', 'match[]'].includes(name);

function targetOf(path: string, pairs: readonly string[]): string {
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

/** A pair of a form, escaped in one of the ways that there are. */
function pairText(random: SeededRandom, name: string, value: string): string {
  const escaped = encodeURIComponent(value);
  const chance = random.next();
  if (chance < 0.3) return `${encodeURIComponent(name)}=${escaped.replaceAll('%20', '+')}`;
  if (chance < 0.33) return `${name}=${escaped.toLowerCase().replaceAll(/%[\da-f]{2}/g, (text) => text.toLowerCase())}`;
  if (chance < 0.35) return `${name}=${Array.from(Buffer.from(value), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')}`;
  if (chance < 0.36) return `${name}=${escaped}%`;
  if (chance < 0.37) return `${name}=${escaped};x=1`;
  return `${name}=${escaped}`;
}

function valueOf(random: SeededRandom, kind: Kind, { startMs, endMs }: StoredTimes, oddness: number): string {
  const isOdd = random.next() < oddness;
  switch (kind) {
    case 'query':
      return random.pick(QUERIES);
    case 'selector':
      return random.pick(SELECTORS);
    case 'metric':
      return random.pick(METRICS);
    case 'stats':
      return random.pick(STATS);
    case 'time': {
      if (isOdd) return random.pick(ODD_TIMES);
      const timeMs = startMs + random.below(endMs - startMs);
      return random.pick([String(Math.floor(timeMs / 1000)), String(timeMs / 1000), new Date(timeMs).toISOString()]);
    }
    case 'duration':
      return isOdd ? random.pick(ODD_DURATIONS) : random.pick(['15', '30s', '1m', '60.5', '5m', '10m', '90']);
    case 'limit':
    case 'number':
      return isOdd ? random.pick(ODD_LIMITS) : random.pick(['0', '1', '2', '5', '100']);
  }
}
