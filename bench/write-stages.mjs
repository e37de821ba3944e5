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
const series = requestsOfInput(input).flat();
const bodies = Array.from({ length: REPETITIONS }, (_, scrape) =>
  encodeWriteRequest({ timeseries: samplesOf(series, scrape, 1_700_000_000_000), metadata: [] }),
);
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
  const columns = decodeWriteColumns(bodies[request % REPETITIONS] ?? new Uint8Array(), { labelSets: caches.labelSets });
  if (stage === 0) return 0;
  const { records } = translateColumns(columns, { layout, dimensionBudget, series: caches.series });
  if (stage === 1) return 0;
  const batches = batchRecords(records);
  if (stage === 2) return 0;
  return batches.reduce((sum, batch) => sum + batch.json().length + meteredWriteBytes(batch), 0);
};

const STAGES = ['decode', 'translate', 'batch', 'text'];
/** By stage: CPU milliseconds of one request up to it, the best of some rounds, taken in turns. */
const best = STAGES.map(() => Infinity);
for (let round = 0; round < ROUNDS; round++) {
  for (const stage of STAGES.keys()) {
    const startMs = cpuMs();
    let count = 0;
    while (cpuMs() - startMs < ROUND_CPU_MS / STAGES.length) {
      runTo(stage);
      count += 1;
    }
    // The first rounds warm up.
    if (round > 1) best[stage] = Math.min(best[stage] ?? Infinity, (cpuMs() - startMs) / count);
  }
}
const columns = decodeWriteColumns(bodies[0] ?? new Uint8Array(), {});
const { records } = translateColumns(columns, { layout, dimensionBudget, series: new SeriesCache({ maxBytes: Infinity }) });
const batches = batchRecords(records);
const perThousand = (/** @type {number} */ amount) => (amount / records.count) * 1_000;
const textBytes = batches.reduce((sum, batch) => sum + Buffer.byteLength(batch.json()), 0);
const meteredBytes = batches.reduce((sum, batch) => sum + meteredWriteBytes(batch), 0);
process.stdout.write(
  JSON.stringify({
    ...Object.fromEntries(
      STAGES.map((name, stage) => [`${name}UsPerSample`, (((best[stage] ?? 0) - (best[stage - 1] ?? 0)) * 1_000) / records.count]),
    ),
    cpuUsPerSample: ((best.at(-1) ?? 0) * 1_000) / records.count,
    bytesPerSampleIn: (bodies[0]?.length ?? 0) / records.count,
    bytesPerSampleOut: textBytes / records.count,
    meteredKibPerThousand: perThousand(meteredBytes / 1024),
    callsPerThousand: perThousand(batches.length),
    samples: records.count,
  }),
);
