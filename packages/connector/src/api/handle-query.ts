import {
  formatExpression,
  ParseError,
  parseExpression,
  type QueryAnswer,
  QueryError,
  queryInstant,
  type QueryOptions,
  queryRange,
} from '@timestream-prometheus/promql';
import type { Config } from '../config/parse-config.js';
import { ConnectorError } from '../errors/connector-error.js';
import type { Clock } from '../ports.js';
import { ANSWERED_POINT_BYTES, EVALUATED_SAMPLE_BYTES } from '../read/bytes-held.js';
import type { ReadContext } from '../read/read-context.js';
import { answerJson } from './answer-json.js';
import { type ApiParameters, invalidParameter, parseLimit, parseParameter } from './api-parameters.js';
import { expressionJson } from './expression-json.js';
import { createPromqlStorage, type PushDown } from './promql-storage.js';
import { parseDurationParameterMs, parseTimeMs, parseTimeOr } from './time-parameters.js';

/** Points of one series that a range query may have, as in Prometheus. */
const MAX_POINTS = 11_000;

/** What the text of a native histogram takes beside that of a float, about. */
const POINTS_OF_A_HISTOGRAM = 16;

export interface QueryContext extends Omit<ReadContext, 'config'> {
  readonly config: ReadContext['config'] &
    Pick<Config, 'queryLookbackDeltaMs' | 'queryMaxSamples' | 'promqlExperimentalFunctions' | 'promqlPushdown'>;
  readonly clock: Clock;
}

/** JSON of the answer of `/api/v1/query`. @throws ConnectorError */
export async function answerQuery(parameters: ApiParameters, context: QueryContext): Promise<string> {
  const limit = parseLimit(parameters);
  const timeMs = parseTimeOr(context.clock.nowMs(), 'time', parameters);
  const options = optionsOf(parameters, context);
  return answer(parameters, limit, context, () =>
    queryInstant(parameters.get('query') ?? '', timeMs, createPromqlStorage(context, pushDownOf(parameters, context)), options),
  );
}

/** JSON of the answer of `/api/v1/query_range`. @throws ConnectorError */
export async function answerQueryRange(parameters: ApiParameters, context: QueryContext): Promise<string> {
  const limit = parseLimit(parameters);
  const startMs = parseParameter('start', () => parseTimeMs(parameters.get('start') ?? ''));
  const endMs = parseParameter('end', () => parseTimeMs(parameters.get('end') ?? ''));
  if (endMs < startMs) throw invalidParameter('end', 'end timestamp must not be before start time');
  const stepMs = parseParameter('step', () => parseDurationParameterMs(parameters.get('step') ?? ''));
  if (stepMs <= 0) {
    throw invalidParameter('step', 'zero or negative query resolution step widths are not accepted. Try a positive integer');
  }
  if (Math.floor((endMs - startMs) / stepMs) > MAX_POINTS) {
    throw new ConnectorError(
      'malformed-query',
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    );
  }
  const options = optionsOf(parameters, context);
  const times = { startMs, endMs, stepMs };
  return answer(parameters, limit, context, () =>
    queryRange(parameters.get('query') ?? '', times, createPromqlStorage(context, pushDownOf(parameters, context)), options),
  );
}

/** JSON of the answer of `/api/v1/format_query`. @throws ConnectorError */
export function answerFormatQuery(parameters: ApiParameters, config: Pick<Config, 'promqlExperimentalFunctions'>): string {
  const expression = parseQueryParameter(parameters, config);
  return JSON.stringify({ status: 'success', ['data']: formatExpression(expression) });
}

/** JSON of the answer of `/api/v1/parse_query`. @throws ConnectorError */
export function answerParseQuery(parameters: ApiParameters, config: Pick<Config, 'promqlExperimentalFunctions'>): string {
  const expression = parseQueryParameter(parameters, config);
  return JSON.stringify({ status: 'success', ['data']: expressionJson(expression) });
}

/** The time that the client gives the query, or null. @throws ConnectorError */
export function requestedTimeoutMs(parameters: ApiParameters): number | null {
  const timeout = parameters.get('timeout') ?? '';
  return timeout === '' ? null : parseParameter('timeout', () => parseDurationParameterMs(timeout));
}

function parseQueryParameter(
  parameters: ApiParameters,
  { promqlExperimentalFunctions: experimentalFunctions }: Pick<Config, 'promqlExperimentalFunctions'>,
): ReturnType<typeof parseExpression> {
  try {
    return parseExpression(parameters.get('query') ?? '', { experimentalFunctions, fillModifiers: experimentalFunctions });
  } catch (error) {
    if (error instanceof ParseError) throw invalidParameter('query', error.message);
    throw error;
  }
}

function optionsOf(parameters: ApiParameters, { config, turns, memory, signal }: QueryContext): QueryOptions {
  const asked = parameters.get('lookback_delta') ?? '';
  let lookbackMs = 0;
  try {
    if (asked !== '') lookbackMs = parseDurationParameterMs(asked);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConnectorError('malformed-query', `error parsing lookback delta duration: ${error.message}`);
  }
  const evaluated = memory.hold();
  return {
    lookbackMs: lookbackMs > 0 ? lookbackMs : config.queryLookbackDeltaMs,
    limits: { maxSamples: config.queryMaxSamples, maxSeries: config.maxSeriesPerRead },
    experimentalFunctions: config.promqlExperimentalFunctions,
    fillModifiers: config.promqlExperimentalFunctions,
    breathe: async (samples) => {
      await evaluated.set(EVALUATED_SAMPLE_BYTES * samples);
      await turns.next(signal);
    },
  };
}

async function answer(
  parameters: ApiParameters,
  limit: number,
  { clock, turns, memory, signal }: QueryContext,
  run: () => Promise<QueryAnswer>,
): Promise<string> {
  const startMs = clock.nowMs();
  try {
    // The text is parsed in one piece, its regular expressions with it.
    await turns.next(signal);
    const result = await run();
    await memory.hold().set(ANSWERED_POINT_BYTES * pointsOf(result));
    const stats = asksForStats(parameters) ? statsJson(result, (clock.nowMs() - startMs) / 1000) : null;
    return await answerJson(result, { limit, stats, breathe: () => turns.next(signal) });
  } catch (error) {
    if (error instanceof ParseError) throw invalidParameter('query', error.message);
    if (!(error instanceof QueryError)) throw error;
    if (error.kind === 'bad_data') throw invalidParameter('query', error.message);
    throw new ConnectorError('query-not-executable', error.message, { cause: error });
  }
}

function pointsOf({ value }: QueryAnswer): number {
  if (value.type === 'vector') return value.samples.length;
  if (value.type !== 'matrix') return 1;
  return value.series.reduce((sum, { floats, histograms }) => sum + floats.length + POINTS_OF_A_HISTOGRAM * histograms.length, 0);
}

function asksForStats(parameters: ApiParameters): boolean {
  return (parameters.get('stats') ?? '') !== '';
}

function pushDownOf(parameters: ApiParameters, { config }: QueryContext): PushDown {
  return { isOn: config.promqlPushdown, countsSamples: asksForStats(parameters) };
}

/** Times are of the whole query: its parts are not measured apart. */
function statsJson({ totalQueryableSamples, peakSamples }: QueryAnswer, seconds: number): string {
  return JSON.stringify({
    timings: {
      evalTotalTime: seconds,
      resultSortTime: 0,
      queryPreparationTime: 0,
      innerEvalTime: seconds,
      execQueueTime: 0,
      execTotalTime: seconds,
    },
    samples: { totalQueryableSamples, peakSamples },
  });
}
