import { compareLabels, compareUtf8, type Label, type LabelMatcher } from '@timestream-prometheus/prom-codec';
import { ParseError, parseMetricSelector } from '@timestream-prometheus/promql';
import { ConnectorError } from '../errors/connector-error.js';
import { runTogether } from '../concurrency/run-together.js';
import { MatcherCompiler } from '../read/compile-matchers.js';
import { createSeriesStore } from '../read/create-series-store.js';
import type { ReadContext } from '../read/read-context.js';
import type { SeriesStore } from '../read/series-store.js';
import { labelsJson } from './answer-json.js';
import { type ApiParameters, invalidParameter, parseLimit } from './api-parameters.js';
import { parseTimeRange } from './time-parameters.js';
import { unescapeLabelName } from './unescape-label-name.js';

type MatcherSet = readonly LabelMatcher[];

/** JSON of the answer of `/api/v1/labels`. @throws ConnectorError */
export async function answerLabels(parameters: ApiParameters, context: ReadContext): Promise<string> {
  const limit = parseLimit(parameters);
  const { startMs, endMs } = parseTimeRange(parameters);
  const sets = parseMatcherSets(parameters);
  const names = await unionOf(sets.length === 0 ? [[]] : sets, context, (store, matchers) =>
    store.listLabelNames(matchers, startMs, endMs),
  );
  return listJson(names, limit);
}

/** JSON of the answer of `/api/v1/label/<name>/values`. @throws ConnectorError */
export async function answerLabelValues(nameInPath: string, parameters: ApiParameters, context: ReadContext): Promise<string> {
  const name = unescapeLabelName(nameInPath);
  // Any other text is a label name to Prometheus 3 (`model.UTF8Validation`).
  if (name === '') throw new ConnectorError('malformed-query', 'invalid label name: ""');
  const limit = parseLimit(parameters);
  const { startMs, endMs } = parseTimeRange(parameters);
  const sets = parseMatcherSets(parameters);
  const values = await unionOf(sets.length === 0 ? [[]] : sets, context, (store, matchers) =>
    store.listLabelValues(name, matchers, startMs, endMs),
  );
  return listJson(values, limit);
}

/** JSON of the answer of `/api/v1/series`. @throws ConnectorError */
export async function answerSeries(parameters: ApiParameters, context: ReadContext): Promise<string> {
  // The one question that insists on a form without a fault (`web/api/v1/api.go`, series).
  if (parameters.fault !== null) throw new ConnectorError('malformed-query', `error parsing form values: ${parameters.fault}`);
  if (parameters.getAll('match[]').length === 0) throw new ConnectorError('malformed-query', 'no match[] parameter provided');
  const limit = parseLimit(parameters);
  const { startMs, endMs } = parseTimeRange(parameters);
  const sets = parseMatcherSets(parameters, (text) => invalidParameter('match[]', text));
  const found = await askEach(sets, context, (store, matchers) => store.listSeries(matchers, startMs, endMs));
  const sorted: (readonly Label[])[] = found.flat().sort(compareLabels);
  const series = sorted.filter((labels, index) => index === 0 || compareLabels(sorted[index - 1] ?? [], labels) !== 0);
  return answerJsonOf(series.map(labelsJson), limit);
}

/**
 * Each `match[]` as a list of matchers.
 *
 * @param refuse what is thrown for a text that is no selector
 * @throws ConnectorError malformed-query
 */
function parseMatcherSets(
  parameters: ApiParameters,
  refuse = (text: string): ConnectorError => new ConnectorError('malformed-query', text),
): readonly MatcherSet[] {
  let sets: readonly MatcherSet[];
  try {
    sets = parameters.getAll('match[]').map((text) => parseMetricSelector(text));
  } catch (error) {
    throw error instanceof ParseError ? refuse(error.message) : error;
  }
  const compiler = new MatcherCompiler();
  for (const matchers of sets) {
    if (!compiler.compile(matchers).some(({ matchesEmpty }) => !matchesEmpty)) {
      throw refuse('match[] must contain at least one non-empty matcher');
    }
  }
  return sets;
}

async function unionOf(
  sets: readonly MatcherSet[],
  context: ReadContext,
  ask: (store: SeriesStore, matchers: MatcherSet) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const lists = await askEach(sets, context, ask);
  return [...new Set(lists.flat())].sort(compareUtf8);
}

/** The answer for each selector. The first failure ends all of them. */
async function askEach<Answer>(
  sets: readonly MatcherSet[],
  context: ReadContext,
  ask: (store: SeriesStore, matchers: MatcherSet) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const { maxQueriesPerRead } = context.config;
  if (sets.length > maxQueriesPerRead) {
    throw new ConnectorError(
      'read-limit-exceeded',
      `the request has ${sets.length} selectors in match[], ${maxQueriesPerRead} are allowed (max-queries-per-read)`,
    );
  }
  return runTogether(
    sets.map((matchers) => (signal) => ask(createSeriesStore({ ...context, signal }), matchers)),
    context.signal,
  );
}

function listJson(texts: readonly string[], limit: number): string {
  return answerJsonOf(
    texts.map((text) => JSON.stringify(text)),
    limit,
  );
}

/** @param limit 0 for none */
function answerJsonOf(items: readonly string[], limit: number): string {
  const isCut = limit > 0 && items.length > limit;
  const shown = isCut ? items.slice(0, limit) : items;
  const warnings = isCut ? ',"warnings":["results truncated due to limit"]' : '';
  return `{"status":"success","data":[${shown.join(',')}]${warnings}}`;
}
