import { encodeSnappy, encodeWriteRequestV2, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { METRIC_NAME_LABEL } from '@timestream-prometheus/timestream-translator';
import type { Config } from '../../config/parse-config.js';
import { asConnectorError, ConnectorError } from '../../errors/connector-error.js';
import { collectBody } from '../../http/whole-body.js';
import { bodyInHand, type Connector } from '../../seam.js';
import { explainWrite } from '../explain/explain-write.js';
import type { TableDescription } from '../table-admin.js';
import type { Portion, SampleSource, SourceFault, SourcePosition } from './sample-source.js';
import { VERIFY_PORTION_SAMPLES } from './verify-samples.js';

/** What one write takes: a hundred WriteRecords calls. */
export const PORTION_SAMPLES = 10_000;

export interface WriteTarget {
  readonly connector: Pick<Connector, 'handle'>;
  readonly authorization: string | undefined;
}

/** How far an import has come: kept by whoever runs it, so that the next run goes on there. */
export interface ImportProgress {
  readonly identity: string;
  readonly position: SourcePosition | undefined;
  readonly done: number;
  readonly samples: number;
  /** Samples and histograms that the connector refused, and parts of the source that are none. */
  readonly refusedSamples: number;
  readonly sourceFaults: number;
}

export interface ImportEvents {
  /** After each portion that is stored. Awaited: what it keeps is behind what is stored, never ahead. */
  onProgress(progress: ImportProgress): Promise<void>;
  onFault(fault: SourceFault): void;
  /** A line of the connector about samples that it never takes. */
  onRefused(count: number, line: string): void;
  onRetry(line: string, waitMs: number): void;
}

export interface ImportOptions {
  readonly source: SampleSource;
  readonly target: WriteTarget;
  /** Undefined: as fast as the destination takes them. */
  readonly maxSamplesPerSecond: number | undefined;
  readonly resumeFrom: ImportProgress | undefined;
  readonly events: ImportEvents;
  readonly nowMs: () => number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

/**
 * Writes every sample of a source by remote write 2.0, whose answer says what was stored. What may succeed later is tried until it does; what
 * never will is told, and the rest goes on.
 *
 * @throws ConnectorError what ends it: the connector refuses whatever is sent, or the signal was aborted
 */
export async function importSamples({
  source,
  target,
  maxSamplesPerSecond,
  resumeFrom,
  events,
  nowMs,
  wait,
  signal,
}: ImportOptions): Promise<ImportProgress> {
  let progress: ImportProgress = resumeFrom ?? {
    identity: source.identity,
    position: undefined,
    done: 0,
    samples: 0,
    refusedSamples: 0,
    sourceFaults: 0,
  };
  const startMs = nowMs();
  let sent = 0;
  for await (const portion of source.portions(progress.position, PORTION_SAMPLES, signal)) {
    for (const fault of portion.faults) events.onFault(fault);
    const count = sampleCountOf(portion.timeseries);
    const refused = count === 0 ? 0 : await writeUntilAnswered(portion, { target, events, wait, signal });
    sent += count;
    progress = {
      identity: source.identity,
      position: portion.next,
      done: portion.done,
      samples: progress.samples + count,
      refusedSamples: progress.refusedSamples + refused,
      sourceFaults: progress.sourceFaults + portion.faults.length,
    };
    await events.onProgress(progress);
    if (maxSamplesPerSecond !== undefined) {
      const aheadMs = (sent / maxSamplesPerSecond) * 1000 - (nowMs() - startMs);
      if (aheadMs > 0) await wait(aheadMs, signal);
    }
  }
  return progress;
}

function sampleCountOf(timeseries: readonly TimeSeries[]): number {
  return timeseries.reduce((sum, { samples, histograms }) => sum + samples.timestampsMs.length + histograms.length, 0);
}

function writeBodyOf({ timeseries }: Portion): Uint8Array {
  return encodeSnappy(encodeWriteRequestV2({ timeseries }));
}

/** @returns how many samples were refused for good */
async function writeUntilAnswered(
  portion: Portion,
  { target, events, wait, signal }: Pick<ImportOptions, 'target' | 'events' | 'wait' | 'signal'>,
): Promise<number> {
  const body = writeBodyOf(portion);
  const count = sampleCountOf(portion.timeseries);
  for (let attempt = 0; ; attempt += 1) {
    if (signal.aborted) throw new ConnectorError('client-gone', 'the import was stopped');
    const answer = await target.connector.handle({
      method: 'POST',
      path: '/api/v1/write',
      query: '',
      headers: {
        'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
        'content-encoding': 'snappy',
        'x-prometheus-remote-write-version': '2.0.0',
        'user-agent': 'timestream-prometheus',
        ...(target.authorization === undefined ? {} : { authorization: target.authorization }),
      },
      ...bodyInHand(body),
      signal,
    });
    const { status, headers } = answer;
    const line = Buffer.from((await collectBody(answer, 1 << 20)).body)
      .toString()
      .trim();
    if (status < 300) return 0;
    if (status === 400 && line.startsWith('samples-rejected')) {
      const written =
        Number(headers['x-prometheus-remote-write-samples-written'] ?? 0) +
        Number(headers['x-prometheus-remote-write-histograms-written'] ?? 0);
      const refused = Math.max(1, count - written);
      events.onRefused(refused, line);
      return refused;
    }
    if (status < 500 && status !== 429) throw refusalOf(line);
    const afterMs = Number(headers['retry-after'] ?? 0) * 1000;
    const waitMs = Math.max(afterMs, Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt));
    events.onRetry(line, waitMs);
    await wait(waitMs, signal);
  }
}

/** The code that the line begins with, in the terms of this process: only its being final counts here. */
/** The error whose code stands before the first colon of an answer's line. */
function refusalOf(line: string): ConnectorError {
  for (const code of ['access-denied', 'invalid-credentials', 'destination-not-found'] as const)
    if (line.startsWith(`${code}: `)) return new ConnectorError(code, line.slice(code.length + 2));
  return new ConnectorError('timestream-refused-write', line);
}

export interface ImportEstimate {
  /** Of the whole source; undefined where neither the source nor its size says it. */
  readonly samples: number | undefined;
  readonly meteredKiB: number | undefined;
  /** The comparison afterwards takes so many queries, or more: one for each metric of each portion. Undefined as `samples` is. */
  readonly leastVerifyQueries: number | undefined;
  /** Looked at for it. */
  readonly sampledSamples: number;
  /** Of these, samples that would be refused, with the reason of the first. */
  readonly refused: readonly { readonly reason: string; readonly count: number; readonly example: string }[];
}

/** Of so many samples at most the estimate is made. */
const ESTIMATE_SAMPLES = 50_000;

/** What an import will be charged, from its first samples and the size of the rest. Writes nothing. @throws what the source throws */
export async function estimateImport(
  source: SampleSource,
  config: Config,
  table: TableDescription | undefined,
  nowMs: number,
  signal: AbortSignal,
): Promise<ImportEstimate> {
  let samples = 0;
  let meteredKiB = 0;
  let done = 0;
  const refused = new Map<string, { reason: string; count: number; example: string }>();
  const metricNames = new Set<string>();
  for await (const portion of source.portions(undefined, PORTION_SAMPLES, signal)) {
    done = portion.done;
    const count = sampleCountOf(portion.timeseries);
    if (count === 0) continue;
    samples += count;
    for (const { labels } of portion.timeseries) metricNames.add(labels.find(({ name }) => name === METRIC_NAME_LABEL)?.value ?? '');
    try {
      const explained = explainWrite(writeBodyOf(portion), '2.0', { config, tableDimensions: undefined, table, nowMs });
      meteredKiB += explained.meteredKiB;
      for (const { reason, count: more, example } of explained.refused) {
        const known = refused.get(reason);
        refused.set(reason, { reason, count: (known?.count ?? 0) + more, example: known?.example ?? example });
      }
    } catch (error) {
      refused.set('unreadable', { reason: asConnectorError(error).message, count, example: '' });
    }
    if (samples >= ESTIMATE_SAMPLES) break;
  }
  const share =
    source.sampleCount === undefined
      ? done === 0
        ? undefined
        : source.size / done
      : samples === 0
        ? undefined
        : source.sampleCount / samples;
  const allSamples = source.sampleCount ?? (share === undefined ? 0 : Math.round(samples * share));
  return {
    samples: allSamples,
    meteredKiB: share === undefined ? 0 : Math.round(meteredKiB * share),
    leastVerifyQueries: metricNames.size * Math.ceil(allSamples / VERIFY_PORTION_SAMPLES),
    sampledSamples: samples,
    refused: [...refused.values()],
  };
}
