import {
  createSamples,
  encodeReadRequest,
  encodeSnappy,
  encodeWriteRequest,
  encodeWriteRequestV2,
  type Histogram,
  type LabelMatcher,
  type TimeSeries,
} from '@timestream-prometheus/prom-codec';
import { createSeededRandom, type SeededRandom } from '../differential/seeded-random.js';
import type { FuzzRequest } from './fuzz-request.js';
import { mutateBytes, mutateText } from './mutate-bytes.js';

const V1_HEADERS = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
const V2_HEADERS = { 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request', 'content-encoding': 'snappy' };
const FORM_HEADERS = { 'content-type': 'application/x-www-form-urlencoded' };

const HISTOGRAM: Histogram = {
  count: { kind: 'int', value: 6n },
  sumBits: 0x4018000000000000n,
  schema: 1,
  zeroThresholdBits: 0x3e45798ee2308c3an,
  zeroCount: { kind: 'int', value: 1n },
  negativeSpans: [],
  negativeDeltas: new BigInt64Array(),
  negativeCountBits: new BigUint64Array(),
  positiveSpans: [{ offset: 0, length: 2 }],
  positiveDeltas: new BigInt64Array([2n, 1n]),
  positiveCountBits: new BigUint64Array(),
  resetHint: 'no',
  timestampMs: BigInt(Date.now()),
  customValueBits: new BigUint64Array(),
};

const LABELS = [
  { name: '__name__', value: 'fuzzed_total' },
  { name: 'instance', value: 'host-1.example:9100' },
  { name: 'job', value: 'fuzz' },
  { name: 'päth', value: 'a\\"b\'c;--' },
];

/** Texts that have broken parsers of queries before, ours or others'. */
const QUERIES: readonly string[] = [
  'fuzzed_total',
  'sum by (job) (rate(fuzzed_total{job=~"f.*|g",instance!=""}[5m] offset 1m))',
  'histogram_quantile(0.9, sum(rate(fuzzed_total[1m])) by (le)) / on (job) group_left () count(up)',
  'label_replace(fuzzed_total, "a", "$1", "job", "(.*)")',
  'max_over_time(fuzzed_total[1h:1m] @ end()) > bool 0x1p-3',
  '{__name__=~"fuzzed.+", "päth"="a\\\\\\"b\'c;--"}',
  '-1 ^ 2 % (NaN + Inf) unless vector(1)',
  'topk(3, fuzzed_total) and absent(fuzzed_total) or time()',
];
const PATTERNS: readonly string[] = [
  'f.*',
  '(a|b)+c?',
  '[^\\d\\pL]{1,20}',
  '(?i:x(?:y|z))$',
  '^\\x{1F600}\\b',
  '(?P<n>.)',
  'a{0,100}',
  '((((a*)*)*)*)',
];
const TIMES: readonly string[] = ['0', '1e3', '2026-01-01T00:00:00Z', '-9223372036854775808', 'NaN', '1795363200.123', '5m', '1h30m', ''];
const API_PATHS: readonly string[] = [
  '/api/v1/query',
  '/api/v1/query_range',
  '/api/v1/format_query',
  '/api/v1/parse_query',
  '/api/v1/labels',
  '/api/v1/series',
  '/api/v1/label/job/values',
  '/api/v1/label/U__p_e4_th/values',
  '/api/v1/status/buildinfo',
  '/api/v1/query_exemplars',
  '/api/v1/metadata',
  '/api/v1/rules',
  '/api/v1/alerts',
];
const PARAMETERS = ['query', 'time', 'start', 'end', 'step', 'timeout', 'limit', 'match[]', 'lookback_delta'] as const;

function timeseriesOf(random: SeededRandom): TimeSeries {
  const nowMs = Date.now();
  const samples = Array.from({ length: 1 + random.below(3) }, (_, index): [number, number] => [nowMs - index * 1000, random.next()]);
  return {
    labels: LABELS.slice(0, 1 + random.below(LABELS.length)),
    samples: createSamples(samples),
    exemplars: random.below(4) === 0 ? [{ labels: [{ name: 'trace_id', value: 'abc' }], valueBits: 1n, timestampMs: BigInt(nowMs) }] : [],
    histograms: random.below(4) === 0 ? [HISTOGRAM] : [],
  };
}

/** A fault in the message, in its compressed form, or in both. */
function brokenSnappy(message: Uint8Array, random: SeededRandom): Uint8Array {
  // One in fifty is whole: what comes after a fault has to meet a server that works. Each of them costs as much as ten that are refused.
  if (random.below(50) === 0) return encodeSnappy(message);
  const isInside = random.below(4) > 0;
  const compressed = encodeSnappy(isInside ? mutateBytes(message, random) : message);
  return isInside && random.below(4) > 0 ? compressed : mutateBytes(compressed, random);
}

function matchersOf(random: SeededRandom): readonly LabelMatcher[] {
  return Array.from({ length: 1 + random.below(3) }, () => {
    const type = random.pick(['=', '!=', '=~', '!~'] as const);
    const text = type === '=' || type === '!=' ? random.pick(LABELS).value : random.pick(PATTERNS);
    return { type, name: random.pick(LABELS).name, value: random.below(2) === 0 ? text : mutateText(text, random) };
  });
}

function writeRequest(random: SeededRandom): FuzzRequest {
  const timeseries = Array.from({ length: 1 + random.below(3) }, () => timeseriesOf(random));
  const metadata = [{ type: 'counter' as const, metricFamilyName: 'fuzzed_total', help: 'Fuzzed.', unit: '' }];
  const isV2 = random.below(2) === 0;
  const message = isV2
    ? encodeWriteRequestV2({
        timeseries: timeseries.map((series) => ({ ...series, metadata: { type: 'counter', help: 'Fuzzed.', unit: '' } })),
      })
    : encodeWriteRequest({ timeseries, metadata });
  const path = random.pick(['/write', '/api/v1/write']);
  return { method: 'POST', path, headers: isV2 ? V2_HEADERS : V1_HEADERS, body: brokenSnappy(message, random) };
}

function readRequest(random: SeededRandom): FuzzRequest {
  const nowMs = Date.now();
  const message = encodeReadRequest({
    queries: [{ startTimestampMs: BigInt(nowMs - 60_000), endTimestampMs: BigInt(nowMs), matchers: matchersOf(random) }],
    acceptedResponseTypes: random.below(2) === 0 ? [1, 0] : [],
  });
  return { method: 'POST', path: random.pick(['/read', '/api/v1/read']), headers: V1_HEADERS, body: brokenSnappy(message, random) };
}

function apiRequest(random: SeededRandom): FuzzRequest {
  const parameters = new URLSearchParams();
  const path = random.below(8) === 0 ? mutateText(random.pick(API_PATHS), random) : random.pick(API_PATHS);
  const names = path.includes('query') ? ['query', 'start', 'end', 'step'] : ['match[]'];
  for (const name of [...names, random.pick(PARAMETERS)]) {
    const text = name === 'query' || name === 'match[]' ? random.pick(QUERIES) : random.pick(TIMES);
    parameters.append(name, random.below(3) === 0 ? text : mutateText(text, random));
  }
  const question = random.below(6) === 0 ? mutateText(parameters.toString(), random) : parameters.toString();
  const isPost = random.below(2) === 0;
  // What no address can hold is sent percent-encoded; the fuzzer of raw requests is another one.
  const address = encodeURI(path.startsWith('/') ? path : `/${path}`);
  if (isPost) return { method: 'POST', path: address, headers: FORM_HEADERS, body: new TextEncoder().encode(question) };
  const inAddress = question.replaceAll(/[^\x21-\x7e]/gu, encodeURIComponent);
  return { method: 'GET', path: `${address}?${inAddress}`, headers: {}, body: new Uint8Array() };
}

/** The request of this number in the run of this seed. */
export function generateFuzzRequest(seed: number, number: number): FuzzRequest {
  const random = createSeededRandom(Math.imul(seed, 0x9e3779b1) ^ number);
  // The first numbers of neighbouring seeds are alike.
  random.next();
  random.next();
  const kind = random.below(10);
  if (kind < 5) return writeRequest(random);
  return kind < 7 ? readRequest(random) : apiRequest(random);
}
