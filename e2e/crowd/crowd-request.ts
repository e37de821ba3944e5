import {
  PROTOCOL_HEADERS,
  PROTOCOL_HEADERS_V2,
  query,
  readBody,
  series,
  writeBody,
  writeBodyV2,
} from '@timestream-prometheus/connector-testing';
import type { SeededRandom } from '../differential/seeded-random.js';
import type { Tenant } from './tenant.js';

export interface CrowdRequest {
  readonly what: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Samples that lie in the tenant's table after a 2xx. */
  readonly samples: number;
  /** Whether Timestream has to be asked for any answer below 300. */
  readonly asksTimestream: boolean;
}

const NOTHING = new Uint8Array();
const FORM_HEADERS = { 'content-type': 'application/x-www-form-urlencoded' };

type MakeRequest = (tenant: Tenant, number: number, random: SeededRandom) => CrowdRequest;

const post = (what: string, path: string, body: Uint8Array, headers: Readonly<Record<string, string>>, samples = 0): CrowdRequest => ({
  what, method: 'POST', path, headers, body, samples, asksTimestream: true,
}); // oxfmt-ignore

const get = (what: string, path: string, parameters: Readonly<Record<string, string>>, asksTimestream = true): CrowdRequest => ({
  what, method: 'GET', path: `${path}?${new URLSearchParams(parameters).toString()}`, headers: {}, body: NOTHING, samples: 0, asksTimestream,
}); // oxfmt-ignore

const EVERYTHING = '{__name__=~".+"}';

function labelsOf({ mark }: Tenant, number: number): Record<string, string> {
  return { __name__: `${mark}_requests_total`, [`only_${mark}`]: 'x', owner: mark, number: String(number) };
}

/** The times of one run: the samples are written around the one, and asked for in the span. */
function spanMs(): { readonly nowMs: number; readonly fromMs: number } {
  const nowMs = Date.now();
  return { nowMs, fromMs: nowMs - 600_000 };
}

const WRITES: readonly MakeRequest[] = [
  (tenant, number, random) =>
    post('write 1.0', '/write', writeBody([series(labelsOf(tenant, number), [spanMs().nowMs, random.next()])], [
      { type: 'counter', metricFamilyName: `${tenant.mark}_requests_total`, help: `Of ${tenant.mark}, ${number % 3}.`, unit: '' },
    ]), PROTOCOL_HEADERS, 1), // oxfmt-ignore
  (tenant, number, random) => {
    const { nowMs } = spanMs();
    const exemplars = [{ labels: [{ name: 'trace_id', value: `${tenant.mark}-${number}` }], valueBits: 1n, timestampMs: BigInt(nowMs) }];
    const written = { ...series(labelsOf(tenant, number), [nowMs, random.next()]), exemplars };
    return post('write 2.0', '/api/v1/write', writeBodyV2([written]), PROTOCOL_HEADERS_V2, 1);
  },
  // Each of these is refused with a text that names the series.
  (tenant, number) => post('write too early', '/write', writeBody([series(labelsOf(tenant, number), [-1, 1])]), PROTOCOL_HEADERS),
  (tenant, number) => post('write too late', '/write', writeBody([series(labelsOf(tenant, number), [spanMs().nowMs + 86_400_000, 1])]), PROTOCOL_HEADERS), // oxfmt-ignore
  (tenant, number) => {
    const doubled = series(labelsOf(tenant, number), [spanMs().nowMs, 1]);
    return post('write with a label twice', '/write', writeBody([{ ...doubled, labels: [...doubled.labels, ...doubled.labels] }]), PROTOCOL_HEADERS); // oxfmt-ignore
  },
  (tenant) => post('write that is broken', '/write', new TextEncoder().encode(`no snappy, of ${tenant.mark}`), PROTOCOL_HEADERS),
];

const READS: readonly MakeRequest[] = [
  () => {
    const { nowMs, fromMs } = spanMs();
    return post('read samples', '/read', readBody([query(fromMs, nowMs, ['__name__', '=~', '.+'])]), PROTOCOL_HEADERS);
  },
  () => {
    const { nowMs, fromMs } = spanMs();
    return post('read chunks', '/api/v1/read', readBody([query(fromMs, nowMs, ['owner', '!=', ''])], [1, 0]), PROTOCOL_HEADERS);
  },
  () => get('query', '/api/v1/query', { query: EVERYTHING }),
  () => ({ ...get('query', '/api/v1/query', {}), method: 'POST', path: '/api/v1/query', headers: FORM_HEADERS, body: new TextEncoder().encode(`query=${encodeURIComponent('count by (owner) ({owner!=""})')}`) }), // oxfmt-ignore
  () => {
    const { nowMs, fromMs } = spanMs();
    const range = { start: String(fromMs / 1000), end: String(nowMs / 1000), step: '60' };
    return get('query range', '/api/v1/query_range', { query: `max by (owner, __name__) (${EVERYTHING})`, ...range });
  },
  () => get('labels', '/api/v1/labels', {}),
  () => get('label values', '/api/v1/label/owner/values', {}),
  () => get('metric names', '/api/v1/label/__name__/values', {}),
  () => get('series', '/api/v1/series', { 'match[]': EVERYTHING }),
  () => {
    const { nowMs, fromMs } = spanMs();
    return get('exemplars', '/api/v1/query_exemplars', { query: EVERYTHING, start: String(fromMs / 1000), end: String(nowMs / 1000 + 1) });
  },
  () => get('metadata', '/api/v1/metadata', {}),
  ({ mark }) => get('query of its own', '/api/v1/query', { query: `sum(${mark}_requests_total{only_${mark}="x"})` }),
  // Refused, with the text of the query.
  ({ mark }) => get('query that is none', '/api/v1/query', { query: `sum(${mark}_requests_total{` }, false),
  ({ mark }) => get('format', '/api/v1/format_query', { query: `sum( ${mark}_requests_total )` }, false),
  ({ mark }) => get('a path that leads nowhere', `/api/v1/${mark}`, {}, false),
  ({ mark }) => get('an expression that is none', '/api/v1/series', { 'match[]': `{owner=~"${mark}("}` }, false),
];

/** One request of a tenant, of all that the connector answers; every other one writes. */
export function makeCrowdRequest(tenant: Tenant, number: number, random: SeededRandom): CrowdRequest {
  const makers = random.below(2) === 0 ? WRITES : READS;
  // Of the writes the most are good.
  const make = makers === WRITES && random.below(2) === 0 ? random.pick(WRITES.slice(0, 2)) : random.pick(makers);
  return make(tenant, number, random);
}
