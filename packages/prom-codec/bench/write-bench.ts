/**
 * What a write request costs from the bytes on the wire to columns, beside the object form, in one run on the same inputs.
 * Run: `npm run bench:write -w @timestream-prometheus/prom-codec`.
 */
import {
  createSamples,
  decodeSnappy,
  decodeWriteColumns,
  decodeWriteColumnsV2,
  decodeWriteRequest,
  encodeSnappy,
  encodeWriteRequest,
  encodeWriteRequestV2,
  LabelSetCache,
  type TimeSeries,
} from '../src/index.js';
import { createRandom, measureCpu } from './measure-cpu.js';

const SEED = 20_261_125;
const MAX_BYTES = 64 * 1024 * 1024;
const CACHE_BYTES = 64 * 1024 * 1024;
/** Requests with new label sets, one after the other: more than the cache of their run holds. */
const CHURN_REQUESTS = 40;

const CASES = [
  { title: '10,000 series x 1 sample, 6 labels', series: 10_000, labels: 6 },
  { title: '2,000 series x 1 sample, 10 labels', series: 2_000, labels: 10 },
] as const;

function createSeries(count: number, labelCount: number, generation: number): TimeSeries[] {
  const random = createRandom(SEED);
  return Array.from({ length: count }, (_, index) => ({
    labels: [
      { name: '__name__', value: `http_request_duration_seconds_bucket_${index % 40}` },
      { name: 'instance', value: `10.0.${index % 250}.17:9100` },
      { name: 'job', value: 'kubernetes-service-endpoints' },
      { name: 'le', value: `${(index % 12) / 4}` },
      { name: 'namespace', value: `team-${index % 30}` },
      { name: 'pod', value: `service-${generation}-7c9f9d5b6-${index.toString(36).padStart(5, '0')}` },
      { name: 'service', value: `service-${index % 20}` },
      { name: 'cluster', value: 'production-eu-central-1' },
      { name: 'container', value: `service-${index % 20}` },
      { name: 'endpoint', value: 'metrics' },
    ].slice(0, labelCount),
    samples: createSamples([[1_795_340_322_000 + Math.floor(random() * 5), random() * 1e4]]),
    exemplars: [],
    histograms: [],
  }));
}

for (const { title, series, labels } of CASES) {
  const bodies = Array.from({ length: CHURN_REQUESTS }, (_, generation) =>
    encodeWriteRequest({ timeseries: createSeries(series, labels, generation), metadata: [] }),
  );
  const [body = new Uint8Array()] = bodies;
  const block = encodeSnappy(body);
  const labelSets = new LabelSetCache({ maxBytes: CACHE_BYTES });
  const churned = new LabelSetCache({ maxBytes: CACHE_BYTES / 2 });
  let next = 0;
  const nextBody = (): Uint8Array => bodies[next++ % CHURN_REQUESTS] ?? body;
  const bodyV2 = encodeWriteRequestV2({ timeseries: createSeries(series, labels, 0) });
  const blockV2 = encodeSnappy(bodyV2);
  const times = measureCpu({
    'snappy alone': () => decodeSnappy(block, { maxBytes: MAX_BYTES }),
    'snappy + objects': () => decodeWriteRequest(decodeSnappy(block, { maxBytes: MAX_BYTES })),
    'snappy + columns, known labels': () => decodeWriteColumns(decodeSnappy(block, { maxBytes: MAX_BYTES }), { labelSets }),
    'snappy + 2.0, known labels': () => decodeWriteColumnsV2(decodeSnappy(blockV2, { maxBytes: MAX_BYTES }), { labelSets }),
    '2.0, known labels': () => decodeWriteColumnsV2(bodyV2, { labelSets }),
    objects: () => decodeWriteRequest(nextBody()),
    'columns, known labels': () => decodeWriteColumns(body, { labelSets }),
    'columns, new labels': () => decodeWriteColumns(nextBody(), { labelSets: churned }),
  });
  process.stdout.write(`${title}: ${body.length} bytes, ${block.length} in snappy; version 2.0: ${bodyV2.length}, ${blockV2.length}\n`);
  for (const [name, ms] of Object.entries(times)) {
    process.stdout.write(`  ${name.padEnd(32)} ${ms.toFixed(3)} ms, ${(series / ms / 1_000).toFixed(2)} M samples/s\n`);
  }
  const ratio = (slow: string, quick: string): string => ((times[slow] ?? NaN) / (times[quick] ?? NaN)).toFixed(2);
  process.stdout.write(
    `  objects to columns, known labels ${ratio('objects', 'columns, known labels')}, new labels ${ratio('objects', 'columns, new labels')}; 1.0 to 2.0 with snappy ${ratio('snappy + columns, known labels', 'snappy + 2.0, known labels')}\n`,
  );
}
