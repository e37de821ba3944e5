import { compareLabels, floatFromBits, type Exemplar } from '@timestream-prometheus/prom-codec';
import { formatApiValue, ParseError, parseExpression, selectorsOf } from '@timestream-prometheus/promql';
import type { ExemplarsOfSeries } from '@timestream-prometheus/timestream-translator';
import { runTogether } from '../concurrency/run-together.js';
import type { Config } from '../config/parse-config.js';
import { ConnectorError } from '../errors/connector-error.js';
import { METRICS } from '../metrics/metric-catalogue.js';
import { MatcherCompiler } from '../read/compile-matchers.js';
import type { ReadContext } from '../read/read-context.js';
import { readExemplars } from '../read/read-exemplars.js';
import { labelsJson } from './answer-json.js';
import type { ApiParameters } from './api-parameters.js';
import { parseTimeRange } from './time-parameters.js';

export type ExemplarContext = ReadContext & { readonly config: Pick<Config, 'promqlExperimentalFunctions'> };

/** JSON of the answer of `/api/v1/query_exemplars`, null if the query has no selector. @throws ConnectorError */
export async function answerExemplars(parameters: ApiParameters, context: ExemplarContext): Promise<string | null> {
  const { startMs, endMs } = parseTimeRange(parameters);
  if (endMs < startMs) throw new ConnectorError('malformed-query', 'end timestamp must not be before start timestamp');
  const selectors = parseSelectors(parameters.get('query') ?? '', context);
  if (selectors.length === 0) return null;
  const { maxQueriesPerRead, maxSamplesPerRead: maxSamples, maxSeriesPerRead: maxSeries } = context.config;
  if (selectors.length > maxQueriesPerRead) {
    throw new ConnectorError(
      'read-limit-exceeded',
      `the query has ${selectors.length} different selectors, ${maxQueriesPerRead} are allowed (max-queries-per-read)`,
    );
  }
  const compiler = new MatcherCompiler();
  const times = { startTimestampMs: BigInt(startMs), endTimestampMs: BigInt(endMs) };
  const selections = selectors.map((matchers) => ({ query: { matchers, ...times }, matchers: compiler.compile(matchers) }));
  const found = await runTogether(
    selections.map((selection) => (signal) => readExemplars(selection, { maxSamples, maxSeries }, { ...context, signal })),
    context.signal,
  );
  const series = unionOf(found);
  const count = series.reduce((sum, { exemplars }) => sum + exemplars.length, 0);
  if (count > maxSamples) {
    throw new ConnectorError(
      'read-limit-exceeded',
      `the query selects ${count} exemplars, ${maxSamples} are allowed (max-samples-per-read)`,
    );
  }
  context.metrics.add(METRICS.readSeries, series.length);
  return `{"status":"success","data":[${series.map(seriesJson).join(',')}]}`;
}

/** The different selectors of the query. */
function parseSelectors(
  text: string,
  { config: { promqlExperimentalFunctions: experimentalFunctions } }: ExemplarContext,
): ReturnType<typeof selectorsOf> {
  try {
    const selectors = selectorsOf(parseExpression(text, { experimentalFunctions, fillModifiers: experimentalFunctions }));
    return [...new Map(selectors.map((matchers) => [JSON.stringify(matchers), matchers])).values()];
  } catch (error) {
    if (error instanceof ParseError) throw new ConnectorError('malformed-query', error.message);
    throw error;
  }
}

/** Each series once: what two selectors both select has the same exemplars in both answers. */
function unionOf(answers: readonly (readonly ExemplarsOfSeries[])[]): readonly ExemplarsOfSeries[] {
  if (answers.length === 1) return answers[0] ?? [];
  const sorted = answers.flat().sort((left, right) => compareLabels(left.labels, right.labels));
  return sorted.filter(({ labels }, index) => index === 0 || compareLabels(sorted[index - 1]?.labels ?? [], labels) !== 0);
}

function seriesJson({ labels, exemplars }: ExemplarsOfSeries): string {
  return `{"seriesLabels":${labelsJson(labels)},"exemplars":[${exemplars.map(exemplarJson).join(',')}]}`;
}

function exemplarJson({ labels, valueBits, timestampMs }: Exemplar): string {
  const value = formatApiValue(floatFromBits(valueBits));
  return `{"labels":${labelsJson(labels)},"value":"${value}","timestamp":${Number(timestampMs) / 1000}}`;
}
