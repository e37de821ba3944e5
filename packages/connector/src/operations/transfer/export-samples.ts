import { floatFromBits, NORMAL_NAN_BITS, STALE_NAN_BITS, type Label, type LabelMatcher } from '@timestream-prometheus/prom-codec';
import { METRIC_NAME_LABEL } from '@timestream-prometheus/timestream-translator';
import { readSeries, type ReadTarget } from './read-series.js';

export interface ExportProgress {
  /** What is exported, in a line: a next run goes on only with the same. */
  readonly identity: string;
  /** Everything before this time is in the file. */
  readonly nextMs: number;
  /** How long the file is with it. */
  readonly bytes: number;
  readonly samples: number;
  readonly staleMarkers: number;
  /** NaNs with other bits than the one that text stands for, and native histograms. */
  readonly leftOut: number;
}

export interface ExportOptions {
  readonly target: ReadTarget;
  readonly matchers: readonly LabelMatcher[];
  readonly fromMs: number;
  /** Inclusive. */
  readonly toMs: number;
  readonly windowMs: number;
  readonly resumeFrom: ExportProgress;
  /** Appends; what it has taken is on the disk when it resolves. */
  append(text: string): Promise<number>;
  /** After each window. */
  onProgress(progress: ExportProgress): Promise<void>;
  readonly maxSamplesPerSecond: number | undefined;
  readonly nowMs: () => number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

const APPEND_CHARACTERS = 1 << 20;

/**
 * Writes what a table holds as OpenMetrics text, window by window. The text has no place for staleness markers and other NaNs than the usual one:
 * they are counted and left out, since a plain NaN in their place would be another value.
 *
 * @throws ConnectorError
 */
export async function exportSamples(options: ExportOptions): Promise<ExportProgress> {
  const { target, matchers, toMs, windowMs, signal, nowMs, wait, maxSamplesPerSecond } = options;
  let progress = options.resumeFrom;
  const startMs = nowMs();
  const before = progress.samples;
  for (let fromMs = progress.nextMs; fromMs <= toMs; fromMs = progress.nextMs) {
    const endMs = Math.min(toMs, fromMs + windowMs - 1);
    const counts = { samples: 0, staleMarkers: 0, leftOut: 0 };
    let bytes = progress.bytes;
    let text = '';
    for await (const { labels, timestampsMs, valueBits, histograms } of readSeries(target, matchers, fromMs, endMs, signal)) {
      const head = headOf(labels);
      counts.leftOut += histograms.length;
      for (const [index, timestampMs] of timestampsMs.entries()) {
        const value = valueText(valueBits[index] ?? 0n);
        if (value === 'stale') counts.staleMarkers += 1;
        else if (value === 'inexact') counts.leftOut += 1;
        else {
          counts.samples += 1;
          text += `${head} ${value} ${secondsText(timestampMs)}\n`;
        }
      }
      if (text.length >= APPEND_CHARACTERS) {
        bytes += await options.append(text);
        text = '';
      }
    }
    if (text !== '') bytes += await options.append(text);
    progress = {
      identity: progress.identity,
      nextMs: endMs + 1,
      bytes,
      samples: progress.samples + counts.samples,
      staleMarkers: progress.staleMarkers + counts.staleMarkers,
      leftOut: progress.leftOut + counts.leftOut,
    };
    await options.onProgress(progress);
    if (maxSamplesPerSecond !== undefined) {
      const aheadMs = ((progress.samples - before) / maxSamplesPerSecond) * 1000 - (nowMs() - startMs);
      if (aheadMs > 0) await wait(aheadMs, signal);
    }
  }
  return progress;
}

const PLAIN_METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const PLAIN_LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

function headOf(labels: readonly Label[]): string {
  const name = labels.find((label) => label.name === METRIC_NAME_LABEL)?.value;
  const isPlain = name !== undefined && PLAIN_METRIC_NAME.test(name);
  const others = labels
    .filter((label) => label.name !== METRIC_NAME_LABEL)
    .map((label) => `${PLAIN_LABEL_NAME.test(label.name) ? label.name : quoted(label.name)}=${quoted(label.value)}`);
  if (isPlain) return others.length === 0 ? name : `${name}{${others.join(',')}}`;
  return `{${[...(name === undefined ? [] : [quoted(name)]), ...others].join(',')}}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')}"`;
}

function valueText(bits: bigint): string {
  if (bits === STALE_NAN_BITS) return 'stale';
  const value = floatFromBits(bits);
  if (Number.isNaN(value)) return bits === NORMAL_NAN_BITS ? 'NaN' : 'inexact';
  if (Math.abs(value) === Infinity) return value > 0 ? '+Inf' : '-Inf';
  return Object.is(value, -0) ? '-0' : String(value);
}

function secondsText(timestampMs: bigint): string {
  const sign = timestampMs < 0n ? '-' : '';
  const digits = String(timestampMs < 0n ? -timestampMs : timestampMs).padStart(4, '0');
  return `${sign}${digits.slice(0, -3)}.${digits.slice(-3)}`;
}
