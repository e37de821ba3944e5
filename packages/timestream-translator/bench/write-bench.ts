/**
 * How fast series become batches, and what the batches cost. The inputs are made as a scrape of pods makes them: ten labels, 20 targets.
 * Run: `npm run bench -w @timestream-prometheus/timestream-translator`. Times are processor time of all threads, garbage collection included,
 * the best of all rounds: other work on the machine disturbs them less than it does the clock. Nothing here is asserted.
 */
import { createSamples, decodeWriteRequest, encodeWriteRequest, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { batchRecords, createDimensionBudget, meteredWriteBytes, translateSeries } from '../src/index.js';

const CASES = [
  { seriesCount: 500, samplesPerSeries: 1 },
  { seriesCount: 2_000, samplesPerSeries: 1 },
  { seriesCount: 10_000, samplesPerSeries: 1 },
  { seriesCount: 2_000, samplesPerSeries: 5 },
  { seriesCount: 100, samplesPerSeries: 100 },
];

const MEASURE_MS = 3_000;

const TARGET_COUNT = 20;

function createTimeSeries(seriesCount: number, samplesPerSeries: number): TimeSeries[] {
  return Array.from({ length: seriesCount }, (_, index) => {
    const target = index % TARGET_COUNT;
    const series = Math.floor(index / TARGET_COUNT);
    const labels = {
      __name__: `service_metric_${series % 50}_seconds_total`,
      cluster: 'eu-west-1-production',
      container: 'main',
      endpoint: 'http-metrics',
      instance: `10.0.0.${target}:9100`,
      job: 'service',
      le: `${Math.floor(series / 50)}`,
      namespace: `team-${target % 4}`,
      node: `ip-10-0-0-${target % 8}.compute.internal`,
      pod: `service-${target}-7c9d8b6f5-abcde`,
    };
    const pairs = Array.from(
      { length: samplesPerSeries },
      (_, sample) => [1_700_000_000_000 + sample * 15_000 + target, index / 7 + sample] as const,
    );
    return {
      labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
      samples: createSamples(pairs),
      exemplars: [],
      histograms: [],
    };
  });
}

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

const lines = ['series x samples | translate us/sample | batch us/sample | samples/s of one core | WriteRecords calls | paid KiB'];
for (const { seriesCount, samplesPerSeries } of CASES) {
  // Through the codec, because texts and columns made otherwise have another shape in memory.
  const message = encodeWriteRequest({ timeseries: createTimeSeries(seriesCount, samplesPerSeries), metadata: [] });
  const { timeseries } = decodeWriteRequest(message);
  const sampleCount = seriesCount * samplesPerSeries;
  const options = { layout: 'multi-measure', dimensionBudget: createDimensionBudget() } as const;
  let translateUs = Infinity;
  let batchUs = Infinity;
  let batches = batchRecords([]);
  const start = cpuMicroseconds();
  while (cpuMicroseconds() - start < MEASURE_MS * 1_000) {
    const beforeTranslate = cpuMicroseconds();
    const { records } = translateSeries(timeseries, options);
    const beforeBatch = cpuMicroseconds();
    batches = batchRecords(records);
    const end = cpuMicroseconds();
    translateUs = Math.min(translateUs, (beforeBatch - beforeTranslate) / sampleCount);
    batchUs = Math.min(batchUs, (end - beforeBatch) / sampleCount);
  }
  const paidKib = batches.reduce((sum, batch) => sum + meteredWriteBytes(batch), 0) / 1_024;
  const perSecond = Math.round(1_000_000 / (translateUs + batchUs)).toLocaleString('en');
  lines.push(
    [`${seriesCount} x ${samplesPerSeries}`, translateUs.toFixed(2), batchUs.toFixed(2), perSecond, batches.length, paidKib].join(' | '),
  );
}
process.stdout.write(`${lines.join('\n')}\n`);
