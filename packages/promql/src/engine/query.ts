import type { FloatHistogram } from '../histogram/float-histogram.js';
import type { Label, SeriesStorage } from '../storage.js';
import { documentedType } from '../syntax/check-types.js';
import { type Expression, typeOf, type ValueType, type VectorSelector } from '../syntax/expression.js';
import { parseExpression, type ParseOptions } from '../syntax/parser.js';
import { Annotations } from './annotations.js';
import { Evaluator } from './evaluator.js';
import { FLOAT, type GridSeries, HISTOGRAM, NONE } from './grid.js';
import { LabelSet } from './label-set.js';
import { planAggregations } from './aggregation-plan.js';
import { preprocess, type QueryTimes, unwrapParens } from './preprocess.js';
import { DEFAULT_LIMITS, QueryBudget, type QueryLimits } from './query-budget.js';
import { QueryError } from './query-error.js';
import { type RawSeries, rawSeriesFrom, withoutBuckets } from './raw-series.js';
import { planSelections } from './select-plan.js';

export interface QueryOptions extends ParseOptions {
  /** How long a sample counts after its time. Default: 5 minutes, as `--query.lookback-delta`. */
  readonly lookbackMs?: number;
  /** The step of a subquery that names none. Default: 1 minute, Prometheus' evaluation interval. */
  readonly defaultSubqueryStepMs?: number;
  readonly limits?: Partial<QueryLimits>;
  /** Called again and again while a query runs, with the samples in memory now. It may give others a turn, and throws to stop the query. */
  readonly breathe?: (samples: number) => Promise<void> | void;
}

/** A sample of an answer. */
export interface AnswerPoint {
  readonly timestampMs: number;
  readonly value: number | FloatHistogram;
}

export interface AnswerSeries {
  readonly labels: readonly Label[];
  /** In order of time, floats and histograms apart as in the HTTP API. */
  readonly floats: readonly { readonly timestampMs: number; readonly value: number }[];
  readonly histograms: readonly { readonly timestampMs: number; readonly histogram: FloatHistogram }[];
}

export type QueryValue =
  | { readonly type: 'vector'; readonly samples: readonly (AnswerPoint & { readonly labels: readonly Label[] })[] }
  | { readonly type: 'matrix'; readonly series: readonly AnswerSeries[] }
  | { readonly type: 'scalar'; readonly timestampMs: number; readonly value: number }
  | { readonly type: 'string'; readonly timestampMs: number; readonly value: string };

export interface QueryAnswer {
  readonly value: QueryValue;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** What the query took, as `stats` of the HTTP API has it. */
  readonly totalQueryableSamples: number;
  readonly peakSamples: number;
}

const DEFAULT_LOOKBACK_MS = 300_000;
const DEFAULT_SUBQUERY_STEP_MS = 60_000;

/**
 * Answer a query for one moment.
 *
 * @throws ParseError for what is no PromQL
 * @throws QueryError for a query that cannot be answered; errors of the storage and of `breathe` pass through
 */
export async function queryInstant(
  query: string,
  timeMs: number,
  storage: SeriesStorage,
  options: QueryOptions = {},
): Promise<QueryAnswer> {
  const run = new QueryRun(query, { startMs: timeMs, endMs: timeMs, stepMs: 0 }, storage, options);
  return run.answerInstant();
}

/**
 * Answer a query for the moments `startMs`, `startMs + stepMs`, … up to `endMs`.
 *
 * @throws ParseError, QueryError as {@link queryInstant}
 */
export async function queryRange(
  query: string,
  times: QueryTimes,
  storage: SeriesStorage,
  options: QueryOptions = {},
): Promise<QueryAnswer> {
  return new QueryRun(query, times, storage, options).answerRange();
}

class QueryRun {
  readonly #query: string;
  readonly #times: QueryTimes;
  readonly #storage: SeriesStorage;
  readonly #options: QueryOptions;
  readonly #annotations = new Annotations();
  readonly #budget: QueryBudget;
  readonly #lookbackMs: number;
  readonly #defaultStepMs: () => number;

  constructor(query: string, times: QueryTimes, storage: SeriesStorage, options: QueryOptions) {
    this.#query = query;
    this.#times = times;
    this.#storage = storage;
    this.#options = options;
    this.#budget = new QueryBudget({ ...DEFAULT_LIMITS, ...options.limits }, options.breathe ?? ((): void => undefined));
    this.#lookbackMs = options.lookbackMs ?? DEFAULT_LOOKBACK_MS;
    const stepMs = options.defaultSubqueryStepMs ?? DEFAULT_SUBQUERY_STEP_MS;
    this.#defaultStepMs = () => stepMs;
  }

  async answerInstant(): Promise<QueryAnswer> {
    const parsed = parseExpression(this.#query, this.#options);
    const type = typeOf(parsed);
    const expression = preprocess(this.#query, parsed, this.#times);
    const { startMs } = this.#times;
    const evaluator = this.#evaluator(expression, startMs, startMs, 1);
    if (type === 'matrix') {
      const inner = unwrapParens(expression);
      if (inner.kind !== 'matrix-selector' && inner.kind !== 'subquery') throw new QueryError('internal', 'unexpected range vector');
      return this.#finish({ type: 'matrix', series: matrixFromRaw(await evaluator.evaluateMatrix(inner)) });
    }
    const result = await evaluator.evaluate(expression);
    if (typeof result === 'string') return this.#finish({ type: 'string', timestampMs: startMs, value: result });
    if (type === 'scalar') return this.#finish({ type: 'scalar', timestampMs: startMs, value: result[0]?.floats[0] ?? NaN });
    const samples = result
      .filter(({ kinds }) => kinds[0] !== NONE)
      .map(({ metric, kinds, floats, histograms }) => ({
        labels: metric.labels,
        timestampMs: startMs,
        value: kinds[0] === FLOAT ? floats[0]! : histograms![0]!,
      }));
    return this.#finish({ type: 'vector', samples });
  }

  async answerRange(): Promise<QueryAnswer> {
    const parsed = parseExpression(this.#query, this.#options);
    assertRangeType(typeOf(parsed));
    const expression = preprocess(this.#query, parsed, this.#times);
    const { startMs, endMs, stepMs } = this.#times;
    const result = await this.#evaluator(expression, startMs, endMs, stepMs).evaluate(expression);
    if (typeof result === 'string') throw new QueryError('internal', 'unexpected string');
    const series: AnswerSeries[] = [];
    for (const one of [...result].sort((left, right) => LabelSet.compare(left.metric, right.metric))) {
      await this.#budget.work(one.kinds.length);
      series.push(seriesFromGrid(one, startMs, stepMs));
    }
    return this.#finish({ type: 'matrix', series });
  }

  #evaluator(expression: Expression, startMs: number, endMs: number, stepMs: number): Evaluator {
    const selections = new Map(
      planSelections(expression, this.#times, this.#lookbackMs, this.#defaultStepMs).map((selection) => [selection.selector, selection]),
    );
    const aggregations = planAggregations(expression, this.#times, selections);
    const known = new Map<VectorSelector, Promise<readonly RawSeries[]>>();
    const seriesOf = (selector: VectorSelector): Promise<readonly RawSeries[]> => {
      let series = known.get(selector);
      if (series === undefined) {
        const selection = selections.get(selector);
        if (selection === undefined) throw new QueryError('internal', 'selector without a plan');
        const { fromMs, toMs, hints } = selection;
        series = this.#select(selector.matchers, fromMs, toMs, hints, selection.skipsBuckets);
        known.set(selector, series);
      }
      return series;
    };
    return new Evaluator(
      {
        lookbackMs: this.#lookbackMs,
        defaultSubqueryStepMs: this.#defaultStepMs,
        annotations: this.#annotations,
        budget: this.#budget,
        seriesOf,
        aggregated: async (part) => {
          const planned = aggregations.get(part);
          if (planned === undefined || this.#storage.aggregate === undefined) return null;
          const { selector, fromMs, toMs, hints, aggregation } = planned;
          return this.#storage.aggregate(selector.matchers, fromMs, toMs, hints, aggregation);
        },
        select: (matchers, fromMs, toMs, hints) => this.#select(matchers, fromMs, toMs, hints, false),
      },
      startMs,
      endMs,
      stepMs,
    );
  }

  async #select(
    matchers: Parameters<SeriesStorage['select']>[0],
    fromMs: number,
    toMs: number,
    hints: Parameters<SeriesStorage['select']>[3],
    skipsBuckets: boolean,
  ): Promise<readonly RawSeries[]> {
    const series: RawSeries[] = [];
    for await (const selected of this.#storage.select(matchers, fromMs, toMs, hints)) {
      this.#budget.addSeries();
      const raw = rawSeriesFrom(selected, fromMs, toMs);
      series.push(skipsBuckets && raw.histograms.length > 0 ? withoutBuckets(raw) : raw);
    }
    // Sums depend on the order of their parts in the last bit; this order is one that every storage can give.
    return series.sort((left, right) => LabelSet.compare(left.metric, right.metric));
  }

  #finish(value: QueryValue): QueryAnswer {
    const { warnings, infos } = this.#annotations.texts(this.#query);
    const { totalSamples: totalQueryableSamples, peakSamples } = this.#budget;
    return { value, warnings, infos, totalQueryableSamples, peakSamples };
  }
}

function assertRangeType(type: ValueType): void {
  if (type === 'vector' || type === 'scalar') return;
  throw new QueryError('bad_data', `invalid expression type "${documentedType(type)}" for range query, must be Scalar or instant Vector`);
}

function seriesFromGrid({ metric, kinds, floats, histograms }: GridSeries, startMs: number, stepMs: number): AnswerSeries {
  const points: { timestampMs: number; value: number }[] = [];
  const histogramPoints: { timestampMs: number; histogram: FloatHistogram }[] = [];
  for (let step = 0; step < kinds.length; step++) {
    const timestampMs = startMs + step * stepMs;
    if (kinds[step] === FLOAT) points.push({ timestampMs, value: floats[step]! });
    else if (kinds[step] === HISTOGRAM) histogramPoints.push({ timestampMs, histogram: histograms![step]! });
  }
  return { labels: metric.labels, floats: points, histograms: histogramPoints };
}

function matrixFromRaw(raw: readonly RawSeries[]): AnswerSeries[] {
  return [...raw]
    .sort((left, right) => LabelSet.compare(left.metric, right.metric))
    .map(({ metric, timesMs, floats, histogramTimesMs, histograms }) => ({
      labels: metric.labels,
      floats: Array.from(timesMs, (timestampMs, index) => ({ timestampMs, value: floats[index]! })),
      histograms: histogramTimesMs.flatMap((timestampMs, index) => {
        const histogram = histograms[index];
        return histogram == null ? [] : [{ timestampMs, histogram }];
      }),
    }));
}
