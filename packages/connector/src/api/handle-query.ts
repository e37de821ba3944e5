import {
  formatExpression,
  ParseError,
  parseExpression,
  type QueryAnswer,
  QueryError,
  queryInstant,
  type QueryOptions,
  queryRange,
  quoteGo,
} from '@timestream-prometheus/promql';
import type { Config } from '../config/parse-config.js';
import { ConnectorError } from '../errors/connector-error.js';
import type { Clock } from '../ports.js';
import { ANSWERED_POINT_BYTES, EVALUATED_SAMPLE_BYTES } from '../read/bytes-held.js';
import type { ReadContext } from '../read/read-context.js';
import { answerJson } from './answer-json.js';
import { type ApiParameters, invalidParameter, parseLimit, parseParameter } from './api-parameters.js';
import { expressionJson } from './expression-json.js';
import { formatGoDuration } from './go-duration.js';
import { createPromqlStorage, type PushDown } from './promql-storage.js';
import { parseDurationMs, parseDurationNs, parseTimeMs, parseTimeOr } from './time-parameters.js';

/** Points of one series that a range query may have, as in Prometheus. */
const MAX_POINTS = 11_000;

/** What the text of a native histogram takes beside that of a float, about. */
const POINTS_OF_A_HISTOGRAM = 16;

export interface QueryContext extends Omit<ReadContext, 'config'> {
  readonly config: ReadContext['config'] &
    Pick<Config, 'queryLookbackDeltaMs' | 'queryMaxSamples' | 'promqlExperimentalFunctions' | 'promqlPushdown'>;
  readonly clock: Clock;
  /** Ends the request when so much time has passed since it came, if that is sooner than it would end. */
  readonly limitTime: (timeoutMs: number) => void;
}

/** JSON of the answer of `/api/v1/query`, as bytes. @throws ConnectorError */
export async function answerQuery(parameters: ApiParameters, context: QueryContext): Promise<Uint8Array> {
  const limit = parseLimit(parameters);
  const timeMs = parseTimeOr(context.clock.nowMs(), 'time', parameters);
  limitTime(parameters, context);
  const options = optionsOf(parameters, context);
  return answer(parameters, limit, context, () =>
    queryInstant(parameters.get('query') ?? '', timeMs, createPromqlStorage(context, pushDownOf(parameters, context)), options),
  );
}

/** JSON of the answer of `/api/v1/query_range`. @throws ConnectorError */
export async function answerQueryRange(parameters: ApiParameters, context: QueryContext): Promise<Uint8Array> {
  const limit = parseLimit(parameters);
  const startMs = parseParameter('start', () => parseTimeMs(parameters.get('start') ?? ''));
  const endMs = parseParameter('end', () => parseTimeMs(parameters.get('end') ?? ''));
  if (endMs < startMs) throw invalidParameter('end', 'end timestamp must not be before start time');
  const stepMs = parseParameter('step', () => parseDurationMs(parameters.get('step') ?? ''));
  if (stepMs <= 0) {
    throw invalidParameter('step', 'zero or negative query resolution step widths are not accepted. Try a positive integer');
  }
  if (Math.floor((endMs - startMs) / stepMs) > MAX_POINTS) {
    throw new ConnectorError(
      'malformed-query',
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    );
  }
  limitTime(parameters, context);
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

/** Takes the time that the client gives the query. @throws ConnectorError malformed-query */
function limitTime(parameters: ApiParameters, context: QueryContext): void {
  const timeout = parameters.get('timeout') ?? '';
  if (timeout === '') return;
  const timeoutNs = parseParameter('timeout', () => parseDurationNs(timeout));
  if (timeoutNs <= 0) throw invalidParameter('timeout', `timeout must be positive, got ${formatGoDuration(timeoutNs)}`);
  context.limitTime(timeoutNs / 1e6);
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
    if (asked !== '') lookbackMs = parseDurationMs(asked);
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
): Promise<Uint8Array> {
  const startMs = clock.nowMs();
  try {
    // The text is parsed in one piece, its regular expressions with it.
    await turns.next(signal);
    const result = await run();
    await memory.hold().set(ANSWERED_POINT_BYTES * pointsOf(result));
    const stats = asksForStats(parameters) ? statsJson(result, (clock.nowMs() - startMs) / 1000) : null;
    return await answerJson(result, { limit, stats, warning: statsWarning(parameters), breathe: () => turns.next(signal) });
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

/** What Prometheus says to a value of `stats` that it has no use for (`web/api/v1/api.go`, statsParamWarning). */
function statsWarning(parameters: ApiParameters): string | null {
  const stats = parameters.get('stats') ?? '';
  if (['', 'true', 'all'].includes(stats)) return null;
  return `value ${quoteGo(stats)} for parameter "stats" is deprecated and will be rejected in the next major release, use "true" or "all"`;
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
