import { PROTOCOL_HEADERS, PROTOCOL_HEADERS_V2, writeBody, writeBodyV2 } from '@timestream-prometheus/connector-testing';
import {
  STALE_NAN_BITS,
  bitsFromFloat,
  type Exemplar,
  type Histogram,
  type MetricMetadata,
  type TimeSeries,
} from '@timestream-prometheus/prom-codec';
import { createHash } from 'node:crypto';
import { histogramKinds, randomHistograms } from '../differential/random-histograms.js';
import type { SeededRandom } from '../differential/seeded-random.js';
import { series } from '../differential/series-text.js';
import type { PreparedRequest } from './prometheus-sender.js';
import type { SampleLedger } from './sample-ledger.js';

/** What a run sends. */
export interface LoadShape {
  /** Infinity: until the run says that it is enough. */
  readonly samples: number;
  readonly samplesPerRequest: number;
  readonly seriesCount: number;
  /** Further label names over all series; over 126 of them some labels have no dimension of their own. */
  readonly labelNames: number;
  /** The first time of each series. */
  readonly startMs: number;
  /** Between two samples of a series. */
  readonly stepMs: number;
  /** The share of samples that Timestream will refuse: too old, too far ahead, or (with `conflicts`) another value for a time that has one. */
  readonly refusedShare: number;
  /**
   * Only where every label has a dimension. Where one may move out of `prometheus_labels`, the second value may lie in another row of the table,
   * and Timestream sees no conflict (docs/data-model.md).
   */
  readonly conflicts: boolean;
  /** A native histogram and exemplars in each request, and metadata of the metric. None of them is to be refused. */
  readonly hasCompanions: boolean;
  /** NaN, infinities and staleness markers too. */
  readonly hasNonFinite: boolean;
}

export const LEDGER_METRIC = 'ledger_samples';
export const LEDGER_HISTOGRAMS = 'ledger_histograms';
export const LEDGER_METADATA: MetricMetadata = { type: 'gauge', metricFamilyName: LEDGER_METRIC, help: 'What the books say.', unit: '' };
/** In the books a histogram and an exemplar are samples of series of their own, whose numbers begin here. */
export const FIRST_HISTOGRAM_ID = 1_000_000;
export const FIRST_EXEMPLAR_ID = 2_000_000;
export const HISTOGRAM_SERIES = 5;
/** So many samples of a request have an exemplar. */
const EXEMPLARS_PER_REQUEST = 5;
/** The label that names a series by one number, so that a row of the table can be found in the books. */
export const SERIES_ID_LABEL = 'series_id';

const awkwardValues = [0, -0.5, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, -1e-7, 123456789.125, 1e21].map(bitsFromFloat);
const nonFiniteValues = [STALE_NAN_BITS, 0x7ff8000000000001n, 0x7ff0000000000000n, 0xfff0000000000000n];

/** Requests of a seed, written into the books as they are made: every other one is remote write 2.0. */
export function* generateRequests(shape: LoadShape, random: SeededRandom, ledger: SampleLedger): Generator<PreparedRequest> {
  const stepsTaken = new Uint32Array(shape.seriesCount);
  let requestId = 0;
  for (let made = 0; made < shape.samples; requestId += 1) {
    const timeseries: TimeSeries[] = [];
    const count = Math.min(shape.samplesPerRequest, shape.samples - made);
    const keysOfRequest = new Set<string>();
    for (let index = 0; index < count; index += 1, made += 1) {
      const seriesId = made % shape.seriesCount;
      const step = (stepsTaken[seriesId] = (stepsTaken[seriesId] ?? 0) + 1);
      let timestampMs = shape.startMs + step * shape.stepMs;
      let valueBits = valueOf(shape, random);
      if (random.next() < shape.refusedShare) {
        const kind = random.below(shape.conflicts ? 3 : 2);
        if (kind === 0) timestampMs = shape.startMs - 400 * 86_400_000 + step * shape.stepMs;
        else if (kind === 1) timestampMs = shape.startMs + 30 * 86_400_000 + step * shape.stepMs;
        else if (step > 1) {
          timestampMs -= shape.stepMs;
          valueBits = bitsFromFloat(random.next() + 2);
        }
      }
      // Two values for one time in one request are another case, with a count of its own.
      const key = `${seriesId} ${timestampMs}`;
      if (keysOfRequest.has(key)) continue;
      keysOfRequest.add(key);
      ledger.add(requestId, seriesId, timestampMs, valueBits);
      const own = series(labelsOf(shape, seriesId), [[timestampMs, valueBits]]);
      const isWithExemplar = shape.hasCompanions && timeseries.length < EXEMPLARS_PER_REQUEST;
      timeseries.push(isWithExemplar ? { ...own, exemplars: [exemplarOf(shape, { requestId, seriesId, step }, random, ledger)] } : own);
    }
    if (shape.hasCompanions) timeseries.push(histogramOf(shape, requestId, random, ledger));
    const isVersion2 = requestId % 2 === 1;
    const metadata = shape.hasCompanions ? LEDGER_METADATA : undefined;
    yield {
      requestId,
      headers: isVersion2 ? PROTOCOL_HEADERS_V2 : { ...PROTOCOL_HEADERS, 'x-prometheus-remote-write-version': '0.1.0' },
      body: isVersion2
        ? writeBodyV2(timeseries.map((one, index) => (index === 0 && metadata !== undefined ? { ...one, metadata } : one)))
        : writeBody(timeseries, metadata === undefined ? [] : [metadata]),
    };
  }
}

function exemplarOf(
  shape: LoadShape,
  { requestId, seriesId, step }: { readonly requestId: number; readonly seriesId: number; readonly step: number },
  random: SeededRandom,
  ledger: SampleLedger,
): Exemplar {
  const valueBits = bitsFromFloat(random.next() * 1000);
  const timestampMs = shape.startMs + step * shape.stepMs;
  ledger.add(requestId, FIRST_EXEMPLAR_ID + seriesId, timestampMs, valueBits);
  return { labels: [{ name: 'trace_id', value: `trace-${requestId}-${seriesId}` }], valueBits, timestampMs: BigInt(timestampMs) };
}

function histogramOf(shape: LoadShape, requestId: number, random: SeededRandom, ledger: SampleLedger): TimeSeries {
  const seriesId = FIRST_HISTOGRAM_ID + (requestId % HISTOGRAM_SERIES);
  const startMs = shape.startMs + requestId * 1_000;
  const histograms = randomHistograms(random, random.pick(histogramKinds), { startMs, stepMs: 1, steps: 1 });
  for (const histogram of histograms) ledger.add(requestId, seriesId, Number(histogram.timestampMs), bitsOfHistogram(histogram));
  const labels = { __name__: LEDGER_HISTOGRAMS, [SERIES_ID_LABEL]: String(seriesId) };
  return { ...series(labels, []), histograms };
}

/** A number that is another for every other histogram, so that the books can keep it like the bits of a value. */
export function bitsOfHistogram({ timestampMs: _timestampMs, ...histogram }: Histogram): bigint {
  const text = JSON.stringify(histogram, (_key, value: unknown) =>
    typeof value === 'bigint' || value instanceof BigInt64Array || value instanceof BigUint64Array ? value.toString() : value,
  );
  return createHash('sha256').update(text).digest().readBigUInt64LE();
}

function labelsOf(shape: LoadShape, seriesId: number): [string, string][] {
  const labels: [string, string][] = [
    ['__name__', LEDGER_METRIC],
    ['instance', `host-${seriesId % 20}:9100`],
    ['job', 'ledger'],
  ];
  if (shape.labelNames > 0) labels.push([`label_${String(seriesId % shape.labelNames).padStart(3, '0')}`, `value ${seriesId}`]);
  labels.push([SERIES_ID_LABEL, String(seriesId)]);
  return labels;
}

function valueOf(shape: LoadShape, random: SeededRandom): bigint {
  const draw = random.next();
  if (shape.hasNonFinite && draw < 0.05) return random.pick(nonFiniteValues);
  if (draw < 0.2) return random.pick(awkwardValues);
  return bitsFromFloat(random.next() * 1000);
}
