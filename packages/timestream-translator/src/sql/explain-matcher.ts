import { METRIC_NAME_LABEL } from '../model/layout.js';
import type { TableSchema } from '../model/table-schema.js';
import type { Matcher } from '../matcher/matcher.js';
import { likeEstimateOf } from '../matcher/regex/like-patterns.js';
import { canBeDimension } from '../names/label-dimension.js';
import type { ColumnKnowledge } from './column-knowledge.js';
import { labelCondition } from './label-condition.js';
import { metricNameCondition } from './metric-name-condition.js';
import { printPredicate } from './predicate.js';

/** What becomes of a matcher in SQL, for people. */
export interface MatcherExplanation {
  readonly matcher: Pick<Matcher, 'name' | 'type' | 'value'>;
  /**
   * - `exact`: its condition lets through what the matcher does, as far as the label's own column goes;
   * - `wider`: the condition lets more through, and the connector leaves it out;
   * - `none`: nothing of it is in the statement;
   * - `nothing`: no row can match, so nothing is asked.
   */
  readonly pushdown: 'exact' | 'wider' | 'none' | 'nothing';
  /** The condition alone; in the statement those of one label are merged. Null if there is none. */
  readonly sql: string | null;
  /** Why it is so, in one sentence. */
  readonly reason: string;
}

export interface ExplainMatcherOptions {
  readonly schema: TableSchema;
  readonly regexPushdown: boolean;
}

/** Says which part of a matcher Timestream evaluates, and why not all of it. */
export function explainMatcher(matcher: Matcher, { schema, regexPushdown }: ExplainMatcherOptions): MatcherExplanation {
  const columns: ColumnKnowledge = { schema, absentColumns: new Set(), assumedAbsent: new Set(), regexPushdown };
  const condition = matcher.name === METRIC_NAME_LABEL ? metricNameCondition(matcher, columns) : labelCondition(matcher, columns);
  const { name, type, value, meaning } = matcher;
  const explained = { matcher: { name, type, value } };
  if (condition.kind === 'constant' && !condition.value) {
    const reason =
      schema.dimensions.has(name) || name === METRIC_NAME_LABEL
        ? 'no value passes it'
        : `no series of the table has the label ${name}, and the matcher asks for one`;
    return { ...explained, pushdown: 'nothing', sql: null, reason };
  }
  if (condition.kind === 'constant') return { ...explained, pushdown: 'none', sql: null, reason: whyNone(matcher, schema, regexPushdown) };
  const sql = printPredicate(condition);
  if (meaning.kind === 'in' || meaning.kind === 'not-in') {
    return {
      ...explained,
      pushdown: 'exact',
      sql,
      reason: `it means ${valuesText(meaning.kind === 'in', meaning.values.length)}`,
    };
  }
  if (meaning.kind === 'regex' && name !== METRIC_NAME_LABEL && likeEstimateOf(meaning.root).exact) {
    return { ...explained, pushdown: 'exact', sql, reason: 'LIKE says the same as the expression' };
  }
  if (sql.includes('regexp_like(')) return { ...explained, pushdown: 'exact', sql, reason: 'the expression means the same to Timestream' };
  const reason = regexPushdown
    ? 'of the expression only the fixed parts can be asked for; the connector checks the rest'
    : 'expressions are not sent (--regex-pushdown=false), only their fixed parts; the connector checks the rest';
  return { ...explained, pushdown: 'wider', sql, reason };
}

function whyNone({ name, matchesEmpty, meaning }: Matcher, schema: TableSchema, regexPushdown: boolean): string {
  if (matchesEmpty && !schema.dimensions.has(name) && name !== METRIC_NAME_LABEL) {
    return canBeDimension(name)
      ? `series without the label pass, and no series of the table has a column ${name}`
      : `series without the label pass, and the label ${name} can be no column of Timestream`;
  }
  if (meaning.kind === 'opaque') return 'only the connector understands this expression';
  if (meaning.kind === 'regex' && meaning.negated)
    return 'Timestream might exclude more than Prometheus does; the connector checks each series';
  if (meaning.kind === 'regex' && !regexPushdown) return 'expressions are not sent (--regex-pushdown=false)';
  return 'everything passes it as far as Timestream can tell; the connector checks each series';
}

function valuesText(isIn: boolean, count: number): string {
  if (count === 1) return isIn ? 'one value' : 'any value but one';
  return `${isIn ? 'one' : 'none'} of ${count} values`;
}
