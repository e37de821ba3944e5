import {
  type AnswerSeries,
  formatApiValue,
  formatSampleValue,
  histogramAnswer,
  type FloatHistogram,
  type Label,
  type QueryAnswer,
} from '@timestream-prometheus/promql';

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

/** Points that are written at a time: a few milliseconds. */
const POINTS_PER_TURN = 10_000;

/** What the labels of a series cost beside a point. */
const POINTS_OF_LABELS = 10;

/** The answer of a query as the HTTP API spells it. */
export async function answerJson(
  { value, warnings, infos }: QueryAnswer,
  { limit, stats, warning, breathe }: AnswerOptions,
): Promise<string> {
  const isCut =
    limit > 0 && ((value.type === 'vector' && value.samples.length > limit) || (value.type === 'matrix' && value.series.length > limit));
  const result = await resultJson(value, limit > 0 ? limit : Infinity, breathe);
  const parts = [`{"status":"success","data":{"resultType":"${value.type}","result":${result}`];
  if (stats !== null) parts.push(`,"stats":${stats}`);
  parts.push('}');
  const shownWarnings = [...warnings, ...(isCut ? ['results truncated due to limit'] : []), ...(warning === null ? [] : [warning])];
  if (shownWarnings.length > 0) parts.push(`,"warnings":${JSON.stringify(cut(shownWarnings, 'warning'))}`);
  if (infos.length > 0) parts.push(`,"infos":${JSON.stringify(cut(infos, 'info'))}`);
  parts.push('}');
  return parts.join('');
}

function cut(texts: readonly string[], kind: string): readonly string[] {
  if (texts.length <= MAX_ANNOTATIONS) return texts;
  return [...texts.slice(0, MAX_ANNOTATIONS), `${texts.length - MAX_ANNOTATIONS} more ${kind} annotations omitted`];
}

async function resultJson(value: QueryAnswer['value'], limit: number, breathe: () => Promise<void>): Promise<string> {
  switch (value.type) {
    case 'scalar':
      return `[${timeJson(value.timestampMs)},"${formatSampleValue(value.value)}"]`;
    case 'string':
      return `[${timeJson(value.timestampMs)},${JSON.stringify(value.value)}]`;
    case 'vector':
      return listJson(value.samples.slice(0, limit), vectorSampleJson, () => 1, breathe);
    case 'matrix':
      return listJson(value.series.slice(0, limit), seriesJson, ({ floats, histograms }) => floats.length + histograms.length, breathe);
  }
}

async function listJson<Item>(
  items: readonly Item[],
  jsonOf: (item: Item) => string,
  pointsOf: (item: Item) => number,
  breathe: () => Promise<void>,
): Promise<string> {
  const texts: string[] = [];
  let points = 0;
  for (const item of items) {
    texts.push(jsonOf(item));
    points += POINTS_OF_LABELS + pointsOf(item);
    if (points < POINTS_PER_TURN) continue;
    points = 0;
    await breathe();
  }
  return `[${texts.join(',')}]`;
}

function vectorSampleJson({ labels, timestampMs, value }: VectorSample): string {
  const sample =
    typeof value === 'number' ? `"value":${pointJson(timestampMs, value)}` : `"histogram":${histogramJson(timestampMs, value)}`;
  return `{"metric":${labelsJson(labels)},${sample}}`;
}

function seriesJson({ labels, floats, histograms }: AnswerSeries): string {
  const parts = [`{"metric":${labelsJson(labels)}`];
  if (floats.length > 0) parts.push(`"values":[${floats.map(({ timestampMs, value }) => pointJson(timestampMs, value)).join(',')}]`);
  if (histograms.length > 0) {
    parts.push(`"histograms":[${histograms.map(({ timestampMs, histogram }) => histogramJson(timestampMs, histogram)).join(',')}]`);
  }
  return `${parts.join(',')}}`;
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
