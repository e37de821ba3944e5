import type { Histogram, Label, TimeSeries } from '@timestream-prometheus/prom-codec';
import { encodeHistogramText, METRIC_NAME_LABEL, seriesText } from '@timestream-prometheus/timestream-translator';
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
 * the same 64 bits, and every native histogram with the same counts, buckets and bits. What is stored beside it does not matter.
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
    if (series.samples.timestampsMs.length + series.histograms.length === 0) continue;
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
  for (const { samples, histograms } of expected) {
    for (const timestampMs of [...samples.timestampsMs, ...histograms.map((histogram) => histogram.timestampMs)]) {
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
  for (const { labels, samples, histograms } of expected) {
    const series = stored.get(keyOf(labels));
    const compare = (timestampMs: bigint, wantedText: string, foundText: string | undefined): void => {
      result.compared += 1;
      if (foundText === wantedText) return;
      if (foundText === undefined) result.missing += 1;
      else result.different += 1;
      if (result.examples.length >= MAX_EXAMPLES) return;
      const is = foundText === undefined ? 'is not there' : `has ${foundText} instead of ${wantedText}`;
      result.examples.push(`${seriesText(labels)} at ${timestampMs} ms ${is}`);
    };
    samples.timestampsMs.forEach((timestampMs, index) => {
      const at = series === undefined ? -1 : indexAt(series.timestampsMs.length, timestampMs, (each) => series.timestampsMs[each]);
      compare(timestampMs, sampleText(samples.valueBits[index]), at < 0 ? undefined : sampleText(series?.valueBits[at]));
    });
    for (const histogram of histograms) {
      const { timestampMs } = histogram;
      const at = series === undefined ? -1 : indexAt(series.histograms.length, timestampMs, (each) => series.histograms[each]?.timestampMs);
      const found = series?.histograms[at];
      compare(timestampMs, histogramText(histogram), found === undefined ? undefined : histogramText(found));
    }
  }
}

/** Where a time stands among `length` ascending ones; -1 if it is none of them. */
function indexAt(length: number, timestampMs: bigint, timeAt: (index: number) => bigint | undefined): number {
  let low = 0;
  let high = length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = timeAt(middle) ?? 0n;
    if (found === timestampMs) return middle;
    if (found < timestampMs) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

const sampleText = (bits: bigint | undefined): string => `the bits ${hex(bits ?? 0n)}`;

/**
 * Every bit of it, but for what a server may give in one way now and in another later, and means the same: the reset hint, which is worked out
 * from what stands before; the start, which no chunk has; and buckets with nothing in them, which a chunk has for the sake of its other histograms.
 */
function histogramText(histogram: Histogram): string {
  const { startTimestampMs: _start, ...rest } = histogram;
  const fields = encodeHistogramText({ ...rest, resetHint: 'unknown' }).split('|');
  const filled = (buckets: string): string =>
    buckets
      .split(',')
      .filter((bucket) => !bucket.endsWith(':0'))
      .join(',');
  // The places of the fields: see encodeHistogramText. The tenth are the spans.
  const text = fields.map((field, index) => (index === 6 || index === 7 ? filled(field) : index === 9 ? '' : field)).join('|');
  return `the histogram ${text}`;
}

function keyOf(labels: readonly Label[]): string {
  return JSON.stringify(labels.map(({ name, value }) => [name, value]));
}

function hex(bits: bigint): string {
  return `0x${bits.toString(16).padStart(16, '0')}`;
}
