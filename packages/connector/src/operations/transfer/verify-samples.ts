import type { Label, TimeSeries } from '@timestream-prometheus/prom-codec';
import { METRIC_NAME_LABEL, seriesText } from '@timestream-prometheus/timestream-translator';
import { readSeries, type ReadSeries, type ReadTarget } from './read-series.js';
import type { SampleSource } from './sample-source.js';

export interface VerifyResult {
  readonly compared: number;
  readonly missing: number;
  readonly different: number;
  /** The first few that are not as they should be. */
  readonly examples: readonly string[];
}

export interface VerifyOptions {
  readonly source: SampleSource;
  readonly target: ReadTarget;
  onProgress(done: number): void;
  readonly signal: AbortSignal;
}

/** As many samples are held at a time, and as many again of what is stored. */
export const VERIFY_PORTION_SAMPLES = 200_000;
const MAX_EXAMPLES = 10;

/**
 * Reads the source again, and for each portion what is stored of its metrics in its times, and compares every sample: it must be there with
 * the same 64 bits. What is stored beside it does not matter. Native histograms are not compared.
 *
 * @throws ConnectorError if it cannot be read
 */
export async function verifySamples(options: VerifyOptions): Promise<VerifyResult> {
  const { source, target, signal } = options;
  const result = { compared: 0, missing: 0, different: 0, examples: [] as string[] };
  for await (const portion of source.portions(undefined, VERIFY_PORTION_SAMPLES, signal)) {
    for (const series of byMetric(portion.timeseries).values()) await compareMetric(series, target, result, signal);
    options.onProgress(portion.done);
  }
  return result;
}

/** Series without a name are one group: they have no other place in a table either. */
function byMetric(timeseries: readonly TimeSeries[]): ReadonlyMap<string, readonly TimeSeries[]> {
  const groups = new Map<string, TimeSeries[]>();
  for (const series of timeseries) {
    if (series.samples.timestampsMs.length === 0) continue;
    const name = series.labels.find((label) => label.name === METRIC_NAME_LABEL)?.value ?? '';
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [series]);
    else group.push(series);
  }
  return groups;
}

async function compareMetric(
  expected: readonly TimeSeries[],
  target: ReadTarget,
  result: { compared: number; missing: number; different: number; examples: string[] },
  signal: AbortSignal,
): Promise<void> {
  let fromMs = Number.POSITIVE_INFINITY;
  let toMs = Number.NEGATIVE_INFINITY;
  for (const { samples } of expected) {
    for (const timestampMs of samples.timestampsMs) {
      fromMs = Math.min(fromMs, Number(timestampMs));
      toMs = Math.max(toMs, Number(timestampMs));
    }
  }
  const name = expected[0]?.labels.find((label) => label.name === METRIC_NAME_LABEL)?.value ?? '';
  const wanted = new Set(expected.map(({ labels }) => keyOf(labels)));
  const stored = new Map<string, ReadSeries>();
  for await (const series of readSeries(target, [{ name: METRIC_NAME_LABEL, type: '=', value: name }], fromMs, toMs, signal)) {
    const key = keyOf(series.labels);
    if (wanted.has(key)) stored.set(key, series);
  }
  for (const { labels, samples } of expected) {
    const series = stored.get(keyOf(labels));
    samples.timestampsMs.forEach((timestampMs, index) => {
      result.compared += 1;
      const bits = series === undefined ? undefined : bitsAt(series, timestampMs);
      const expectedBits = samples.valueBits[index] ?? 0n;
      if (bits === expectedBits) return;
      if (bits === undefined) result.missing += 1;
      else result.different += 1;
      if (result.examples.length >= MAX_EXAMPLES) return;
      const is = bits === undefined ? 'is not there' : `has the bits ${hex(bits)} instead of ${hex(expectedBits)}`;
      result.examples.push(`${seriesText(labels)} at ${timestampMs} ms ${is}`);
    });
  }
}

function bitsAt({ timestampsMs, valueBits }: ReadSeries, timestampMs: bigint): bigint | undefined {
  let low = 0;
  let high = timestampsMs.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = timestampsMs[middle] ?? 0n;
    if (found === timestampMs) return valueBits[middle];
    if (found < timestampMs) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

function keyOf(labels: readonly Label[]): string {
  return JSON.stringify(labels.map(({ name, value }) => [name, value]));
}

function hex(bits: bigint): string {
  return `0x${bits.toString(16).padStart(16, '0')}`;
}
