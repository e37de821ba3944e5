/** @typedef {import('./inputs/requests.mjs').WriteInput} WriteInput */

/**
 * The write path in one process, without its network.
 *
 * @typedef {object} StagesCase
 * @property {'stages'} kind
 * @property {WriteInput} input
 * @property {'multi-measure' | 'sample-value' | 'compact' | 'single-measure'} layout
 * @property {boolean} isCold whether every request meets empty caches
 */

/**
 * Remote writes over HTTP to a server of its own, which writes to a Timestream of its own.
 *
 * @typedef {object} WriteCase
 * @property {'write'} kind
 * @property {WriteInput} input
 * @property {number} senders requests at the same time
 * @property {number} latencyMs that Timestream takes for a call
 * @property {number} requests measured, after a warm-up; of new label sets the last ones
 * @property {number} [warmUpSamples] that a fresh process is sent before
 * @property {number} [tenants] that the requests come from in turns, each with a table of its own; without it the one that is the default
 * @property {'embedded'} [timestream] the embedded one; without it one that stores nothing
 * @property {readonly string[]} [flags] of the server
 * @property {readonly string[]} [nodeFlags]
 */

/**
 * More writes than Timestream takes, for a set time.
 *
 * @typedef {object} OverloadCase
 * @property {'overload'} kind
 * @property {WriteInput} input
 * @property {number} senders one request at a time each
 * @property {number} latencyMs that Timestream takes for a call
 * @property {number} durationMs
 * @property {number} callsInFlight
 * @property {readonly string[]} [flags] of the server
 * @property {readonly string[]} [nodeFlags]
 */

/**
 * A health check behind a crowd of connections that come at once.
 *
 * @typedef {object} CrowdCase
 * @property {'crowd'} kind
 * @property {WriteInput} input
 * @property {number} connections with a write each
 * @property {number} latencyMs that Timestream takes for a call
 * @property {readonly string[]} [flags] of the server
 * @property {readonly string[]} [nodeFlags]
 */

/**
 * A server that nobody asks anything.
 *
 * @typedef {object} RestCase
 * @property {'rest'} kind
 */

/**
 * Remote reads over HTTP.
 *
 * @typedef {object} ReadCase
 * @property {'read'} kind
 * @property {'range' | 'instant' | 'streamed'} query
 * @property {number} series
 * @property {number} points of each series
 * @property {number} latencyMs that Timestream takes for a call
 * @property {number} requests measured, after those that warm up
 * @property {'single-measure'} [tableLayout] of the table that is read; without it the default one
 */

/**
 * What one run is compared with in the same run: flags of the server.
 *
 * @typedef {{ readonly name: string; readonly flags: readonly string[] }} Variant
 */

/** @typedef {{ readonly name: string; readonly what: string; readonly isQuick?: boolean; readonly variants?: readonly Variant[] } & (StagesCase | WriteCase | OverloadCase | CrowdCase | RestCase | ReadCase)} BenchCase */

/** @type {readonly Variant[]} */
const ONE_CALL_AT_A_TIME = [
  { name: 'default', flags: [] },
  { name: 'one call at a time', flags: ['--max-write-concurrency-per-request=1'] },
];
/** @type {readonly Variant[]} */
const CALLS_BY_SDK = [
  { name: 'default', flags: [] },
  { name: 'calls by the SDK', flags: ['--aws-calls=sdk'] },
];
/** @type {readonly Variant[]} */
const WORKERS = [
  { name: 'default', flags: [] },
  { name: 'one worker', flags: ['--workers=1'] },
  { name: 'two workers', flags: ['--workers=2'] },
];
/** @type {readonly Variant[]} */
const ROWS = [
  { name: 'default', flags: [] },
  { name: 'a row for each sample', flags: ['--read-strategy=rows'] },
];

/** @type {WriteInput} */
const PLAIN = { shape: 'plain', samplesPerRequest: 2_000, labels: 10 };
/** @type {WriteInput} */
const CHURN = { ...PLAIN, generations: 250 };

/** @type {(name: string, what: string, input: WriteInput, more?: Partial<StagesCase>) => BenchCase} */
const stages = (name, what, input, more = {}) => ({
  name: `stages/${name}`,
  what,
  kind: 'stages',
  input,
  layout: 'multi-measure',
  isCold: false,
  ...more,
});

/** @type {(name: string, what: string, input: WriteInput) => readonly BenchCase[]} */
const otherLayouts = (name, what, input) =>
  /** @type {const} */ (['sample-value', 'compact']).map((layout) =>
    stages(`${name}-${layout}`, `${what}; layout ${layout}`, input, { layout }),
  );

/** @type {(labels: 'node' | 'kubernetes', order: 'in-order' | 'spread') => readonly BenchCase[]} */
const nodeExporter = (targetLabels, order) => {
  const name = `node-exporter-${targetLabels}-${order}`;
  const what = `20 targets of node_exporter, ${targetLabels} labels, ${order}`;
  /** @type {WriteInput} */
  const input = { shape: 'node-exporter', samplesPerRequest: 2_000, targetLabels, order };
  return [stages(name, what, input), ...otherLayouts(name, what, input)];
};

/** @type {WriteInput} */
const HISTOGRAMS = { shape: 'histograms', samplesPerRequest: 2_000 };

/** @type {readonly BenchCase[]} */
export const CASES = [
  { ...stages('known', '2,000 samples, 10 labels, series known', PLAIN), isQuick: true },
  { ...stages('new', '2,000 samples, 10 labels, every series new', PLAIN, { isCold: true }), isQuick: true },
  ...nodeExporter('node', 'in-order'),
  ...nodeExporter('node', 'spread'),
  ...nodeExporter('kubernetes', 'in-order'),
  ...nodeExporter('kubernetes', 'spread'),
  stages('kube-state-metrics', 'one target with 140 pods', { shape: 'kube-state-metrics', samplesPerRequest: 2_000 }),
  stages('histograms', 'classic histograms of 140 routes', HISTOGRAMS),
  ...otherLayouts('histograms', 'classic histograms of 140 routes', HISTOGRAMS),
  ...[20, 40, 80].map((labels) => stages(`labels-${labels}`, `2,000 samples, ${labels} labels`, { ...PLAIN, labels })),
  ...[4_000, 8_000].map((samplesPerRequest) =>
    stages(`samples-${samplesPerRequest}`, `${samplesPerRequest} samples, 10 labels`, { ...PLAIN, samplesPerRequest }),
  ),
  {
    name: 'write/known-0ms',
    what: '2,000 samples a request, 10 labels, series known, Timestream answers at once',
    kind: 'write',
    isQuick: true,
    input: PLAIN,
    senders: 2,
    latencyMs: 0,
    requests: 200,
    variants: CALLS_BY_SDK,
  },
  {
    name: 'write/10k-0ms',
    what: '10,000 samples a request, 10 labels, series known, Timestream answers at once',
    kind: 'write',
    input: { ...PLAIN, samplesPerRequest: 10_000 },
    senders: 1,
    latencyMs: 0,
    requests: 40,
  },
  {
    name: 'write/new-0ms',
    what: '2,000 samples a request, 10 labels, every series new',
    kind: 'write',
    input: CHURN,
    senders: 2,
    latencyMs: 0,
    requests: 100,
  },
  ...[1, 2, 4, 8].map((tenants) => ({
    name: `growth/tenants-${tenants}`,
    what: `2,000 samples a request from ${tenants === 1 ? 'one tenant' : `${tenants} tenants in turns`}, the same series in a table for each`,
    kind: /** @type {const} */ ('write'),
    input: PLAIN,
    senders: 2,
    latencyMs: 0,
    requests: 80,
    tenants,
  })),
  ...[5, 20, 60].map((latencyMs) => ({
    name: `write/one-sender-${latencyMs}ms`,
    what: `one sender of 2,000 samples, Timestream answers in ${latencyMs} ms`,
    kind: /** @type {const} */ ('write'),
    input: PLAIN,
    senders: 1,
    latencyMs,
    requests: 40,
    variants: latencyMs === 20 ? ONE_CALL_AT_A_TIME : [],
  })),
  {
    name: 'write/50-senders-20ms',
    what: '50 senders of 2,000 samples, Timestream answers in 20 ms',
    kind: 'write',
    input: PLAIN,
    senders: 50,
    latencyMs: 20,
    requests: 200,
    variants: WORKERS,
  },
  {
    name: 'write/embedded',
    what: '2,000 samples a request to the embedded Timestream',
    kind: 'write',
    input: PLAIN,
    senders: 4,
    latencyMs: 0,
    requests: 50,
    warmUpSamples: 200_000,
    timestream: 'embedded',
  },
  { name: 'rest/aws', what: 'a server on AWS storage, after its start and a minute later', kind: 'rest' },
  {
    name: 'overload/50-shards',
    what: '50 shards of 2,000 samples for a minute, 32 calls in flight, Timestream answers in 2 s',
    kind: 'overload',
    input: { ...PLAIN, generations: 50 },
    senders: 50,
    latencyMs: 2_000,
    durationMs: 60_000,
    callsInFlight: 32,
  },
  {
    name: 'overload/512-mib',
    what: '1,000 senders of 2,000 samples for half a minute, a heap of 512 MiB, 64 MiB in flight, Timestream answers in 500 ms',
    kind: 'overload',
    input: { ...PLAIN, samplesPerRequest: 2_000 },
    senders: 1_000,
    latencyMs: 500,
    durationMs: 30_000,
    callsInFlight: 32,
    flags: ['--max-decoded-bytes-in-flight=64MiB', '--series-cache-bytes=64MiB'],
    nodeFlags: ['--max-old-space-size=512'],
  },
  {
    name: 'overload/crowd',
    what: '1,000 senders of 2,000 samples connect at once, and a health check after them; a heap of 512 MiB, 64 MiB in flight, Timestream answers in 500 ms',
    kind: 'crowd',
    input: { ...PLAIN, generations: 50 },
    connections: 1_000,
    latencyMs: 500,
    flags: ['--max-decoded-bytes-in-flight=64MiB', '--series-cache-bytes=64MiB'],
    nodeFlags: ['--max-old-space-size=512'],
  },
  {
    name: 'read/range',
    what: '1,000 series, an hour at 15 s',
    kind: 'read',
    query: 'range',
    series: 1_000,
    points: 240,
    latencyMs: 0,
    requests: 5,
    variants: ROWS,
  },
  {
    name: 'read/instant',
    what: '1,019 series of one target of three, the last five minutes',
    kind: 'read',
    query: 'instant',
    series: 1_019,
    points: 20,
    latencyMs: 0,
    requests: 20,
    isQuick: true,
    variants: ROWS,
  },
  // One thing doubled at a time: series (and with them pages), and points of each.
  .../** @type {const} */ ([
    [1_000, 60],
    [2_000, 60],
    [4_000, 60],
    [1_000, 120],
    [1_000, 240],
  ]).map(([series, points]) => ({
    name: `growth/read-${series}-series-${points}-points`,
    what: `${series} series, ${points} points of each`,
    kind: /** @type {const} */ ('read'),
    query: /** @type {const} */ ('range'),
    series,
    points,
    latencyMs: 0,
    requests: 3,
  })),
  {
    name: 'read/streamed',
    what: '10,000 series, eight hours at 15 s, streamed; of a table that is computed',
    kind: 'read',
    query: 'streamed',
    series: 10_000,
    points: 1_920,
    latencyMs: 0,
    requests: 1,
  },
];
