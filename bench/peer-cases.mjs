/** @typedef {import('./cases.mjs').BenchCase} BenchCase */
/** @typedef {import('./cases.mjs').ReadCase} ReadCase */
/** @typedef {import('./cases.mjs').WriteCase} WriteCase */
/** @typedef {import('./inputs/requests.mjs').WriteInput} WriteInput */

/** @type {WriteInput} */
const PLAIN = { shape: 'plain', samplesPerRequest: 2_000, labels: 10 };

/** @type {readonly import('./cases.mjs').Variant[]} */
const WORKERS = [
  { name: 'default', flags: [] },
  { name: 'one worker', flags: ['--workers=1'] },
];

/** @type {(name: string, what: string, input: WriteInput, more?: Partial<WriteCase & { readonly variants: readonly import('./cases.mjs').Variant[] }>) => BenchCase} */
const write = (name, what, input, more = {}) => ({
  name: `peer/write-${name}`,
  what,
  kind: 'write',
  input,
  senders: 4,
  latencyMs: 0,
  requests: 100,
  ...more,
});

/**
 * So few requests that the peer, which makes one call after the other, ends a case within a quarter of a minute.
 *
 * @type {(senders: number, latencyMs: number) => number}
 */
const requestsOf = (senders, latencyMs) => {
  if (senders > 1) return 200;
  return latencyMs > 20 ? 10 : 40;
};

const latencies = (/** @type {number} */ senders, /** @type {string} */ name) =>
  [0, 5, 20, 60].map((latencyMs) =>
    write(
      `${name}-${latencyMs}ms`,
      `${senders === 1 ? 'one sender' : `${senders} senders`} of 2,000 samples, ${answersIn(latencyMs)}`,
      PLAIN,
      {
        senders,
        latencyMs,
        requests: requestsOf(senders, latencyMs),
        ...(senders > 1 ? { variants: WORKERS } : {}),
      },
    ),
  );

const answersIn = (/** @type {number} */ latencyMs) =>
  latencyMs === 0 ? 'Timestream answers at once' : `Timestream answers in ${latencyMs} ms`;

/** @type {(name: string, what: string, query: 'range' | 'instant', series: number, points: number, tableLayout?: ReadCase['tableLayout']) => BenchCase} */
const read = (name, what, query, series, points, tableLayout) => ({
  name: `peer/read-${name}`,
  what,
  kind: 'read',
  query,
  series,
  points,
  latencyMs: 0,
  // As many as take some seconds.
  requests: Math.max(5, Math.min(50, Math.ceil(300_000 / (series * points)))),
  ...(tableLayout === undefined ? {} : { tableLayout }),
});

const RANGE = '1,000 series, an hour at 15 s';
const INSTANT = '1,019 series of one target of three, the last five minutes';

/**
 * What the earlier Go connector is measured by as well. It reads tables of its own layout only, so those of the default one have no peer.
 *
 * @type {readonly BenchCase[]}
 */
export const PEER_CASES = [
  ...latencies(1, 'one-sender'),
  ...latencies(50, '50-senders'),
  write(
    '10k',
    '10,000 samples a request, Timestream answers at once',
    { ...PLAIN, samplesPerRequest: 10_000 },
    { senders: 2, requests: 40 },
  ),
  write('new', '2,000 samples a request, every series new', { ...PLAIN, generations: 450 }),
  write('node-exporter', '20 targets of node_exporter, kubernetes labels', { shape: 'node-exporter', samplesPerRequest: 2_000 }),
  write('histograms', 'classic histograms of 140 routes', { shape: 'histograms', samplesPerRequest: 2_000 }),
  read('range', `${RANGE}; a table in the peer's layout`, 'range', 1_000, 240, 'single-measure'),
  read('range-default', `${RANGE}; a table in the default layout`, 'range', 1_000, 240),
  read('instant', `${INSTANT}; a table in the peer's layout`, 'instant', 1_019, 20, 'single-measure'),
  read('instant-default', `${INSTANT}; a table in the default layout`, 'instant', 1_019, 20),
  read('long', "50 series, five hours at 15 s; a table in the peer's layout", 'range', 50, 1_200, 'single-measure'),
  read('short', "100 series, five minutes at 15 s; a table in the peer's layout", 'range', 100, 20, 'single-measure'),
  { name: 'peer/rest', what: 'a server that nobody asks anything, after its start and a minute later', kind: 'rest' },
];

/** @type {(benchCase: BenchCase) => boolean} */
export const isOfPeer = (benchCase) => benchCase.kind !== 'read' || benchCase.tableLayout === 'single-measure';
