import {
  type AnswerSeries,
  formatApiValue,
  formatSampleValue,
  histogramAnswer,
  type FloatHistogram,
  type Label,
  type QueryAnswer,
} from '@timestream-prometheus/promql';

/** Annotations of one kind that an answer shows (`web/api/v1/api.go`, respond). */
const MAX_ANNOTATIONS = 10;

export interface AnswerOptions {
  /** The most series; 0 for any number. */
  readonly limit: number;
  /** JSON of the `stats` of the query, if they were asked for. */
  readonly stats: string | null;
}

/** The answer of a query as the HTTP API spells it. */
export function answerJson({ value, warnings, infos }: QueryAnswer, { limit, stats }: AnswerOptions): string {
  const isCut =
    limit > 0 && ((value.type === 'vector' && value.samples.length > limit) || (value.type === 'matrix' && value.series.length > limit));
  const parts = [`{"status":"success","data":{"resultType":"${value.type}","result":${resultJson(value, limit > 0 ? limit : Infinity)}`];
  if (stats !== null) parts.push(`,"stats":${stats}`);
  parts.push('}');
  const shownWarnings = isCut ? [...warnings, 'results truncated due to limit'] : warnings;
  if (shownWarnings.length > 0) parts.push(`,"warnings":${JSON.stringify(cut(shownWarnings, 'warning'))}`);
  if (infos.length > 0) parts.push(`,"infos":${JSON.stringify(cut(infos, 'info'))}`);
  parts.push('}');
  return parts.join('');
}

function cut(texts: readonly string[], kind: string): readonly string[] {
  if (texts.length <= MAX_ANNOTATIONS) return texts;
  return [...texts.slice(0, MAX_ANNOTATIONS), `${texts.length - MAX_ANNOTATIONS} more ${kind} annotations omitted`];
}

function resultJson(value: QueryAnswer['value'], limit: number): string {
  switch (value.type) {
    case 'scalar':
      return `[${timeJson(value.timestampMs)},"${formatSampleValue(value.value)}"]`;
    case 'string':
      return `[${timeJson(value.timestampMs)},${JSON.stringify(value.value)}]`;
    case 'vector':
      return `[${value.samples
        .slice(0, limit)
        .map(({ labels, timestampMs, value: one }) => {
          const sample =
            typeof one === 'number' ? `"value":${pointJson(timestampMs, one)}` : `"histogram":${histogramJson(timestampMs, one)}`;
          return `{"metric":${labelsJson(labels)},${sample}}`;
        })
        .join(',')}]`;
    case 'matrix':
      return `[${value.series.slice(0, limit).map(seriesJson).join(',')}]`;
  }
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
