import { decodeReadRequest, decodeSnappy, type LabelMatcher } from '@timestream-prometheus/prom-codec';
import {
  parseExpression,
  parseMetricSelector,
  queryInstant,
  queryRange,
  ParseError,
  QueryError,
  type QueryTimes,
  type SelectHints,
} from '@timestream-prometheus/promql';
import {
  compileAggregation,
  compilePackedSelect,
  compileSelect,
  explainMatcher,
  identifier,
  type MatcherExplanation,
  type QueryPage,
  type SampleAggregation,
  type SampleBins,
  type TableSchema,
} from '@timestream-prometheus/timestream-translator';
import { pushedHints } from '../../api/promql-storage.js';
import { createLimiter } from '../../concurrency/create-limiter.js';
import { ReadBudget } from '../../concurrency/read-budget.js';
import { Turns } from '../../concurrency/turns.js';
import type { Config } from '../../config/parse-config.js';
import { ConnectorError } from '../../errors/connector-error.js';
import type { Logger, MetricsSink, RowSource } from '../../ports.js';
import { compileMatchers } from '../../read/compile-matchers.js';
import { createSeriesStore } from '../../read/create-series-store.js';
import { isWorthAsking } from '../../read/packed/bin-memory.js';
import { Packing } from '../../read/packed/packing.js';
import { RememberedSchema } from '../../read/remembered-schema.js';
import { decodeChecked } from '../../protocol/read-message.js';
import { readColumns } from '../doctor/examine-columns.js';

/** One question to the storage: a selector with its times. */
export interface ReadQuestion {
  readonly matchers: readonly LabelMatcher[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Only the newest sample of each series is needed, and Timestream picks it. */
  readonly newestOnly: boolean;
  /** Only some samples of each of these are needed, and Timestream picks them. */
  readonly bins: SampleBins | null;
  /** Timestream aggregates the series. Null as well if it cannot say for sure what the aggregation is. */
  readonly aggregation: SampleAggregation | null;
}

/** What asking it took, from first to last statement. */
export interface ReadMeasure {
  readonly statements: number;
  readonly pages: number;
  readonly rows: number;
  /** Characters of all values of all rows. */
  readonly bytes: number;
  /** What Timestream says that it metered. 0 where it charges by compute units. */
  readonly meteredBytes: number;
  /** Groups and their points, if Timestream aggregates. */
  readonly series: number;
  readonly samples: number;
  readonly durationMs: number;
}

export interface ReadExplanation {
  readonly question: ReadQuestion;
  readonly matchers: readonly MatcherExplanation[];
  /** Null: nothing is asked, since no series can match. */
  readonly sql: string | null;
  readonly strategy: 'packed' | 'rows';
  /** Undefined unless it was run. */
  readonly measure: ReadMeasure | undefined;
  /** The same question without anything left to Timestream but matchers and times. Undefined if nothing else is, or it was not run. */
  readonly measureOfAll: ReadMeasure | undefined;
}

export interface ReadExplainer {
  readonly config: Config;
  readonly source: RowSource;
  readonly logger: Logger;
  /** Whether each question is asked, and what it takes is measured: it is charged like any read. */
  readonly isRun: boolean;
  /** Bytes that Timestream has metered since the program started. */
  readonly meteredBytes: () => Promise<number>;
  readonly signal: AbortSignal;
}

/**
 * The questions that a PromQL query asks of its storage.
 *
 * @param selectFromMs a plain selector is read from this time to the end, as by remote read, instead of evaluated at the end
 * @throws ConnectorError malformed-query, query-not-executable
 */
export async function questionsOfQuery(
  query: string,
  times: QueryTimes,
  config: Config,
  selectFromMs?: number,
): Promise<readonly ReadQuestion[]> {
  const questions: ReadQuestion[] = [];
  // Rows are never put together.
  const isPushed = config.promqlPushdown && config.readStrategy === 'packed';
  const storage = {
    // oxlint-disable-next-line typescript/require-await, require-yield -- it notes what is asked for, and answers with no series
    async *select(
      matchers: readonly LabelMatcher[],
      fromMs: number,
      toMs: number,
      hints: Pick<SelectHints, 'newestOnly' | 'bins'>,
    ): AsyncGenerator<never, void, undefined> {
      questions.push({ matchers, fromMs, toMs, aggregation: null, ...pushedHints(hints, { isOn: isPushed, countsSamples: false }) });
    },
    // oxlint-disable-next-line typescript/require-await -- as above
    async aggregate(
      matchers: readonly LabelMatcher[],
      fromMs: number,
      toMs: number,
      hints: Pick<SelectHints, 'newestOnly' | 'bins'>,
      aggregation: SampleAggregation,
    ): Promise<readonly never[] | null> {
      if (!isPushed) return null;
      questions.push({ matchers, fromMs, toMs, aggregation, ...pushedHints(hints, { isOn: true, countsSamples: false }) });
      return [];
    },
  };
  const options = {
    lookbackMs: config.queryLookbackDeltaMs,
    experimentalFunctions: config.promqlExperimentalFunctions,
    fillModifiers: config.promqlExperimentalFunctions,
  };
  try {
    const expression = parseExpression(query, options);
    if (expression.kind === 'vector-selector' && selectFromMs !== undefined) {
      return [
        { matchers: parseMetricSelector(query), fromMs: selectFromMs, toMs: times.endMs, newestOnly: false, bins: null, aggregation: null },
      ];
    }
    if (times.startMs === times.endMs) await queryInstant(query, times.startMs, storage, options);
    else await queryRange(query, times, storage, options);
  } catch (error) {
    if (error instanceof ParseError) throw new ConnectorError('malformed-query', error.message, { cause: error });
    if (error instanceof QueryError) throw new ConnectorError('query-not-executable', error.message, { cause: error });
    throw error;
  }
  return questions;
}

/** The questions of a remote read as it travels: a snappy block. @throws ConnectorError malformed-body */
export function questionsOfReadBody(body: Uint8Array, { maxDecodedBytes }: Pick<Config, 'maxDecodedBytes'>): readonly ReadQuestion[] {
  const request = decodeChecked(() => decodeReadRequest(decodeSnappy(body, { maxBytes: maxDecodedBytes })));
  return request.queries.map(({ matchers, startTimestampMs, endTimestampMs }) => ({
    matchers,
    fromMs: Number(startTimestampMs),
    toMs: Number(endTimestampMs),
    newestOnly: false,
    bins: null,
    aggregation: null,
  }));
}

/** The statement of each question, what is pushed down in it, and what it takes. @throws ConnectorError */
export async function explainRead(questions: readonly ReadQuestion[], explainer: ReadExplainer): Promise<readonly ReadExplanation[]> {
  const { config, source, signal } = explainer;
  const schema = await describeSchema(source, config, signal);
  const explanations: ReadExplanation[] = [];
  for (const asked of questions) {
    const matchers = compileMatchers(asked.matchers);
    const query = { startTimestampMs: BigInt(Math.ceil(asked.fromMs)), endTimestampMs: BigInt(Math.floor(asked.toMs)) };
    const { defaultDatabase: database, defaultTable: table, regexPushdown, readStrategy: strategy } = config;
    const options = { query, matchers, database, table, schema, regexPushdown };
    const hasTable = schema.columns.length > 0;
    const aggregated = asked.aggregation !== null && hasTable ? compileAggregation({ ...options, aggregation: asked.aggregation }) : null;
    const question = {
      ...asked,
      bins: asked.bins !== null && isWorthAsking(asked.bins) ? asked.bins : null,
      aggregation: aggregated?.kind === 'statement' ? asked.aggregation : null,
    };
    const { newestOnly, bins } = question;
    const select = !hasTable
      ? undefined
      : strategy === 'packed'
        ? compilePackedSelect({ ...options, isOrdered: true, newestOnly, ...(newestOnly || bins === null ? {} : { bins }) })
        : compileSelect(options);
    const isPushed = newestOnly || bins !== null || question.aggregation !== null;
    explanations.push({
      question,
      matchers: matchers.map((matcher) => explainMatcher(matcher, { schema, regexPushdown })),
      sql: aggregated?.kind === 'statement' ? aggregated.sql : select?.kind === 'filter' ? select.sql : null,
      strategy,
      measure: explainer.isRun ? await measureRead(question, explainer) : undefined,
      measureOfAll:
        explainer.isRun && isPushed
          ? await measureRead({ ...question, newestOnly: false, bins: null, aggregation: null }, explainer)
          : undefined,
    });
  }
  return explanations;
}

/** As a read would find it, from DESCRIBE, which is free of charge. */
async function describeSchema(source: RowSource, config: Config, signal: AbortSignal): Promise<TableSchema> {
  const columns = await readColumns(source, `${identifier(config.defaultDatabase)}.${identifier(config.defaultTable)}`, signal);
  return {
    dimensions: new Set(columns.filter(({ kind }) => kind === 'DIMENSION').map(({ name }) => name)),
    valueColumns: new Set(columns.filter(({ kind }) => kind === 'MULTI' || kind === 'MEASURE_VALUE').map(({ name }) => name)),
    columns: columns.map(({ name }) => name),
  };
}

async function measureRead(
  { matchers, fromMs, toMs, aggregation, ...hints }: ReadQuestion,
  { config, source, logger, signal, meteredBytes }: ReadExplainer,
): Promise<ReadMeasure> {
  const counts = { statements: 0, pages: 0, rows: 0, bytes: 0, series: 0, samples: 0 };
  const counted: RowSource = {
    async *query(sql, querySignal) {
      counts.statements += 1;
      for await (const page of source.query(sql, querySignal)) {
        counts.pages += 1;
        counts.rows += page.Rows.length;
        counts.bytes += bytesOf(page);
        yield page;
      }
    },
  };
  const startMs = Date.now();
  const meteredBefore = await meteredBytes();
  const metrics: MetricsSink = { add: () => undefined, observe: () => undefined, move: () => undefined };
  const store = createSeriesStore({
    config,
    source: counted,
    schema: new RememberedSchema(),
    packing: new Packing({ isWanted: config.readStrategy === 'packed', logger, metrics }),
    limiter: createLimiter(config.maxReadConcurrency),
    turns: new Turns(),
    memory: new ReadBudget({ maxBytes: Infinity, metrics }).openShare(signal),
    metrics,
    signal,
  });
  const groups = aggregation === null ? null : await store.aggregate(matchers, fromMs, toMs, aggregation);
  if (groups !== null) {
    counts.series = groups.length;
    counts.samples = groups.reduce((sum, { steps }) => sum + steps.length, 0);
    return { ...counts, meteredBytes: (await meteredBytes()) - meteredBefore, durationMs: Date.now() - startMs };
  }
  for await (const batch of store.select(matchers, fromMs, toMs, hints)) {
    counts.series += batch.length;
    for (const { timestampsMs } of batch) counts.samples += timestampsMs.length;
  }
  return { ...counts, meteredBytes: (await meteredBytes()) - meteredBefore, durationMs: Date.now() - startMs };
}

function bytesOf({ Rows }: QueryPage): number {
  let bytes = 0;
  for (const { Data } of Rows) for (const { ScalarValue } of Data ?? []) bytes += ScalarValue?.length ?? 0;
  return bytes;
}
