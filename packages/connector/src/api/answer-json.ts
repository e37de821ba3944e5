import {
  type AnswerSeries,
  formatApiValue,
  formatSampleValue,
  histogramAnswer,
  type FloatHistogram,
  type Label,
  type QueryAnswer,
} from '@timestream-prometheus/promql';
import { JsonBytes } from './json-bytes.js';

type VectorSample = Extract<QueryAnswer['value'], { readonly type: 'vector' }>['samples'][number];

/** Annotations of one kind that an answer shows (`web/api/v1/api.go`, respond). */
const MAX_ANNOTATIONS = 10;

export interface AnswerOptions {
  /** The most series; 0 for any number. */
  readonly limit: number;
  /** JSON of the `stats` of the query, if they were asked for. */
  readonly stats: string | null;
  /** What is to be said of the request itself. */
  readonly warning: string | null;
  /** Called between parts of a large answer. */
  readonly breathe: () => Promise<void>;
}

/** Points that are asked at a time whether a turn is over. */
const POINTS_OF_A_PIECE = 1_000;

/** What a histogram costs beside a float. */
const POINTS_OF_A_HISTOGRAM = 20;

/** What the labels of a series cost beside a point. */
const POINTS_OF_LABELS = 10;

/** The answer of a query as the HTTP API spells it. */
export async function answerJson(
  { value, warnings, infos }: QueryAnswer,
  { limit, stats, warning, breathe }: AnswerOptions,
): Promise<Uint8Array> {
  const isCut =
    limit > 0 && ((value.type === 'vector' && value.samples.length > limit) || (value.type === 'matrix' && value.series.length > limit));
  const json = new JsonBytes(breathe);
  json.write(`{"status":"success","data":{"resultType":"${value.type}","result":`);
  await writeResult(value, limit > 0 ? limit : Infinity, json);
  if (stats !== null) json.write(`,"stats":${stats}`);
  json.write('}');
  const shownWarnings = [...warnings, ...(isCut ? ['results truncated due to limit'] : []), ...(warning === null ? [] : [warning])];
  if (shownWarnings.length > 0) json.write(`,"warnings":${JSON.stringify(cut(shownWarnings, 'warning'))}`);
  if (infos.length > 0) json.write(`,"infos":${JSON.stringify(cut(infos, 'info'))}`);
  json.write('}');
  return json.end();
}

function cut(texts: readonly string[], kind: string): readonly string[] {
  if (texts.length <= MAX_ANNOTATIONS) return texts;
  return [...texts.slice(0, MAX_ANNOTATIONS), `${texts.length - MAX_ANNOTATIONS} more ${kind} annotations omitted`];
}

async function writeResult(value: QueryAnswer['value'], limit: number, json: JsonBytes): Promise<void> {
  switch (value.type) {
    case 'scalar':
      json.write(`[${timeJson(value.timestampMs)},"${formatSampleValue(value.value)}"]`);
      return;
    case 'string':
      json.write(`[${timeJson(value.timestampMs)},${JSON.stringify(value.value)}]`);
      return;
    case 'vector':
      await writeList(value.samples.slice(0, limit), json, (sample) => {
        json.write(vectorSampleJson(sample));
        return json.count(POINTS_OF_LABELS + (typeof sample.value === 'number' ? 1 : POINTS_OF_A_HISTOGRAM));
      });
      return;
    case 'matrix':
      await writeList(value.series.slice(0, limit), json, (series) => writeSeries(series, json));
  }
}

async function writeList<Item>(items: readonly Item[], json: JsonBytes, write: (item: Item) => Promise<void> | undefined): Promise<void> {
  json.write('[');
  for (const [index, item] of items.entries()) {
    if (index > 0) json.write(',');
    const written = write(item);
    // Most often there is nothing to wait for.
    if (written !== undefined) await written;
  }
  json.write(']');
}

function vectorSampleJson({ labels, timestampMs, value }: VectorSample): string {
  const sample =
    typeof value === 'number' ? `"value":${pointJson(timestampMs, value)}` : `"histogram":${histogramJson(timestampMs, value)}`;
  return `{"metric":${labelsJson(labels)},${sample}}`;
}

async function writeSeries({ labels, floats, histograms }: AnswerSeries, json: JsonBytes): Promise<void> {
  json.write(`{"metric":${labelsJson(labels)}`);
  if (floats.length > 0)
    await writePoints('values', floats, json, { weight: 1, jsonOf: ({ timestampMs, value }) => pointJson(timestampMs, value) });
  if (histograms.length > 0)
    await writePoints('histograms', histograms, json, {
      weight: POINTS_OF_A_HISTOGRAM,
      jsonOf: ({ timestampMs, histogram }) => histogramJson(timestampMs, histogram),
    });
  json.write('}');
  await json.count(POINTS_OF_LABELS);
}

async function writePoints<Point>(
  name: string,
  points: readonly Point[],
  json: JsonBytes,
  { weight, jsonOf }: { readonly weight: number; readonly jsonOf: (point: Point) => string },
): Promise<void> {
  json.write(`,"${name}":[`);
  const pieceLength = Math.ceil(POINTS_OF_A_PIECE / weight);
  for (let from = 0; from < points.length; from += pieceLength) {
    const piece = points.slice(from, from + pieceLength);
    json.write(`${from > 0 ? ',' : ''}${piece.map(jsonOf).join(',')}`);
    const turn = json.count(weight * piece.length);
    if (turn !== undefined) await turn;
  }
  json.write(']');
}

/** Labels as the HTTP API writes them: an object. */
export function labelsJson(labels: readonly Label[]): string {
  return `{${labels.map(({ name, value }) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
}

function pointJson(timestampMs: number, value: number): string {
  return `[${timeJson(timestampMs)},"${formatApiValue(value)}"]`;
}

function histogramJson(timestampMs: number, histogram: FloatHistogram): string {
  return `[${timeJson(timestampMs)},${JSON.stringify(histogramAnswer(histogram, formatApiValue))}]`;
}

/** Seconds with as many of three places as there are. */
function timeJson(timestampMs: number): string {
  return String(timestampMs / 1000);
}
