/**
 * The write path without its network, stage by stage: decode, translate, batch, text of the calls. It prints CPU microseconds a sample as JSON.
 * Arguments: the case as JSON.
 */
import { decodeWriteColumns, encodeWriteRequest, LabelSetCache } from '@timestream-prometheus/prom-codec';
import {
  batchRecords,
  createDimensionBudget,
  meteredWriteBytes,
  SeriesCache,
  translateColumns,
} from '@timestream-prometheus/timestream-translator';
import { requestsOfInput } from './inputs/requests.mjs';
import { samplesOf } from './inputs/series.mjs';

/** @typedef {import('./cases.mjs').StagesCase} StagesCase */

const REPETITIONS = 8;
const ROUNDS = 12;
const ROUND_CPU_MS = 250;
const CACHE_BYTES = 64 * 1024 * 1024;

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** @type {StagesCase} */
const { input, layout, isCold } = JSON.parse(process.argv[2] ?? '');
const requests = requestsOfInput(input);
const sampleCount = requests.reduce((sum, series) => sum + series.length, 0);
/** The requests of some scrapes, one scrape after the other. */
const bodies = Array.from({ length: REPETITIONS }, (_, scrape) =>
  requests.map((series) => encodeWriteRequest({ timeseries: samplesOf(series, scrape, 1_700_000_000_000), metadata: [] })),
).flat();
const dimensionBudget = createDimensionBudget();
const createCaches = () => ({
  labelSets: new LabelSetCache({ maxBytes: CACHE_BYTES }),
  series: new SeriesCache({ maxBytes: 2 * CACHE_BYTES }),
});
let caches = createCaches();
let request = 0;

/** Runs one request up to a stage. */
const runTo = (/** @type {number} */ stage) => {
  if (isCold) caches = createCaches();
  request += 1;
  const columns = decodeWriteColumns(bodies[request % bodies.length] ?? new Uint8Array(), { labelSets: caches.labelSets });
  if (stage === 0) return 0;
  const { records } = translateColumns(columns, { layout, dimensionBudget, series: caches.series });
  if (stage === 1) return 0;
  const batches = batchRecords(records);
  if (stage === 2) return 0;
  return batches.reduce((sum, batch) => sum + batch.json().length + meteredWriteBytes(batch), 0);
};

const STAGES = ['decode', 'translate', 'batch', 'text'];
/** By stage: CPU milliseconds of the requests of one scrape up to it, the best of some rounds, taken in turns. */
const best = STAGES.map(() => Infinity);
for (let round = 0; round < ROUNDS; round++) {
  for (const stage of STAGES.keys()) {
    const startMs = cpuMs();
    let count = 0;
    while (cpuMs() - startMs < ROUND_CPU_MS / STAGES.length) {
      requests.forEach(() => runTo(stage));
      count += 1;
    }
    // The first rounds warm up.
    if (round > 1) best[stage] = Math.min(best[stage] ?? Infinity, (cpuMs() - startMs) / count);
  }
}
const firstScrape = bodies.slice(0, requests.length);
const batches = firstScrape.flatMap((body) => {
  const columns = decodeWriteColumns(body, {});
  return batchRecords(translateColumns(columns, { layout, dimensionBudget, series: new SeriesCache({ maxBytes: Infinity }) }).records);
});
const perThousand = (/** @type {number} */ amount) => (amount / sampleCount) * 1_000;
const textBytes = batches.reduce((sum, batch) => sum + Buffer.byteLength(batch.json()), 0);
const meteredBytes = batches.reduce((sum, batch) => sum + meteredWriteBytes(batch), 0);
process.stdout.write(
  JSON.stringify({
    ...Object.fromEntries(
      STAGES.map((name, stage) => [`${name}UsPerSample`, (((best[stage] ?? 0) - (best[stage - 1] ?? 0)) * 1_000) / sampleCount]),
    ),
    cpuUsPerSample: ((best.at(-1) ?? 0) * 1_000) / sampleCount,
    bytesPerSampleIn: firstScrape.reduce((sum, { length }) => sum + length, 0) / sampleCount,
    bytesPerSampleOut: textBytes / sampleCount,
    meteredKibPerThousand: perThousand(meteredBytes / 1024),
    callsPerThousand: perThousand(batches.length),
    samples: sampleCount,
  }),
);
