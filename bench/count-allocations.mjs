/**
 * Bytes that a sample allocates on its way from the bytes of a request to the texts of its calls. Unlike time it is nearly the same in every run:
 * no other thread compiles, and the young generation holds all of it, so that nothing is collected while it is counted.
 *
 *   node --expose-gc --single-threaded --min-semi-space-size=64 --max-semi-space-size=64 bench/count-allocations.mjs
 *
 * The packages must be built. It prints JSON.
 */
import { GCProfiler } from 'node:v8';
import { decodeWriteColumns, encodeSnappy, encodeWriteRequest, decodeSnappy, LabelSetCache } from '@timestream-prometheus/prom-codec';
import { batchRecords, createDimensionBudget, SeriesCache, translateColumns } from '@timestream-prometheus/timestream-translator';
import { requestsOfInput } from './inputs/requests.mjs';
import { replacedTargets, samplesOf } from './inputs/series.mjs';

const SAMPLES = 2_000;
const WARM_UP_REQUESTS = 80;
const COUNTED_REQUESTS = 8;
const CACHE_BYTES = 512 * 1024 * 1024;
const SCRAPES = 8;

const collectGarbage = /** @type {{ readonly gc?: () => void }} */ (/** @type {unknown} */ (globalThis)).gc;
if (collectGarbage === undefined) throw new Error('run it with --expose-gc');

const series = requestsOfInput({ shape: 'node-exporter', samplesPerRequest: SAMPLES, order: 'spread' })[0] ?? [];
const labelSets = new LabelSetCache({ maxBytes: CACHE_BYTES });
const cache = new SeriesCache({ maxBytes: CACHE_BYTES, seed: 1 });
const dimensionBudget = createDimensionBudget();

/**
 * @param {readonly import('./inputs/series.mjs').InputSeries[]} sent
 * @param {number} [scrape]
 */
const bodyOf = (sent, scrape = 0) =>
  encodeSnappy(encodeWriteRequest({ timeseries: samplesOf(sent, scrape, 1_700_000_000_000), metadata: [] }));

/** @param {Uint8Array} body */
const write = (body) => {
  const columns = decodeWriteColumns(decodeSnappy(body, { maxBytes: CACHE_BYTES }), { labelSets });
  const { records } = translateColumns(columns, { layout: 'multi-measure', dimensionBudget, series: cache });
  let characters = 0;
  for (const batch of batchRecords(records)) characters += batch.json().length;
  return characters;
};

/** @param {readonly Uint8Array[]} bodies */
const bytesPerSample = (bodies) => {
  collectGarbage();
  const profiler = new GCProfiler();
  profiler.start();
  const before = process.memoryUsage();
  for (const body of bodies) write(body);
  const after = process.memoryUsage();
  const collections = profiler.stop().statistics.length;
  if (collections > 0) throw new Error(`memory was collected ${collections} times meanwhile`);
  const heapBytes = after.heapUsed - before.heapUsed;
  const bufferBytes = after.arrayBuffers - before.arrayBuffers;
  return (heapBytes + bufferBytes) / (bodies.length * series.length);
};

const scrapes = Array.from({ length: SCRAPES }, (_, scrape) => bodyOf(series, scrape));
const generations = Array.from({ length: WARM_UP_REQUESTS / 2 + COUNTED_REQUESTS }, (_, index) => bodyOf(replacedTargets(series, index)));
for (let request = 0; request < WARM_UP_REQUESTS; request++) {
  write(scrapes[request % SCRAPES] ?? new Uint8Array());
  if (request % 2 === 0) write(generations[request / 2] ?? new Uint8Array());
}
process.stdout.write(
  JSON.stringify({
    known: bytesPerSample(scrapes.slice(0, COUNTED_REQUESTS)),
    new: bytesPerSample(generations.slice(-COUNTED_REQUESTS)),
  }),
);
