import { queryInstant, QueryError, type AggregatedSeries, type Aggregation, type SeriesStorage } from '@timestream-prometheus/promql';
import type { LabelMatcher } from '@timestream-prometheus/prom-codec';
import { ConnectorError } from '../errors/connector-error.js';

/** A difference counts when both ways, asked again at the same time, still differ: samples may arrive in between. */
const REPETITIONS = 3;

export interface AggregationCheck {
  readonly matchers: readonly LabelMatcher[];
  readonly aggregation: Aggregation;
  /** The aggregation at one moment, as Timestream answers; null if it does not any more. */
  readonly ask: (aggregation: Aggregation) => Promise<readonly AggregatedSeries[] | null>;
  /** What reads the series, and leaves nothing of the evaluation to Timestream. */
  readonly series: SeriesStorage;
}

/**
 * Compares the aggregation at one moment in the middle with what the engine makes of the series: labels, order and bits.
 *
 * @returns `not-asked` if Timestream is not asked for it any more, `too-many` if the series are more than a read may have
 * @throws ConnectorError
 */
export async function checkAggregation({
  matchers,
  aggregation,
  ask,
  series,
}: AggregationCheck): Promise<'equal' | 'different' | 'not-asked' | 'too-many'> {
  const { firstMs, stepMs, steps, lookbackMs } = aggregation;
  const timeMs = firstMs + Math.floor((steps - 1) / 2) * stepMs;
  const moment: Aggregation = { ...aggregation, firstMs: timeMs, stepMs: 1, steps: 1, isOrdered: true };
  const query = queryText(matchers, aggregation);
  try {
    for (let repetition = 1; repetition <= REPETITIONS; repetition += 1) {
      const [answered, { value }] = await Promise.all([ask(moment), queryInstant(query, timeMs, series, { lookbackMs })]);
      if (answered === null) return 'not-asked';
      const got = answered.map(({ labels, values }) => textOf(labels, values[0]));
      const wanted = value.type === 'vector' ? value.samples.map((sample) => textOf(sample.labels, sample.value)) : [];
      if (got.length === wanted.length && got.every((text, index) => text === wanted[index])) return 'equal';
    }
    return 'different';
  } catch (error) {
    if (error instanceof QueryError || (error instanceof ConnectorError && error.code === 'read-limit-exceeded')) return 'too-many';
    throw error;
  }
}

/** Quoted names are PromQL for any label. */
function queryText(matchers: readonly LabelMatcher[], { operator, grouping, without }: Aggregation): string {
  const selector = matchers.map(({ name, type, value }) => `${JSON.stringify(name)}${type}${JSON.stringify(value)}`).join(',');
  return `${operator} ${without ? 'without' : 'by'} (${grouping.map((name) => JSON.stringify(name)).join(',')}) ({${selector}})`;
}

function textOf(labels: AggregatedSeries['labels'], value: unknown): string {
  const number = typeof value === 'number' ? String(value) : null;
  return JSON.stringify([labels.map(({ name, value: text }) => [name, text]), Object.is(value, -0) ? '-0' : number]);
}
