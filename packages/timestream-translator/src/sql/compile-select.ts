import type { Query } from '@timestream-prometheus/prom-codec';
import type { ColumnKnowledge } from './column-knowledge.js';
import { labelCondition } from './label-condition.js';
import { METRIC_NAME_LABEL } from '../model/layout.js';
import { MAX_QUERY_BYTES, MAX_TIMESTAMP_MS, MIN_TIMESTAMP_MS } from '../model/limits.js';
import type { Matcher } from '../matcher/matcher.js';
import { MAX_WORK_OF_ONE_MATCH } from '../matcher/regex-budget.js';
import { metricNameCondition } from './metric-name-condition.js';
import { allOf, type Predicate, printPredicate } from './predicate.js';
import { identifier } from './sql.js';
import type { TableSchema } from '../model/table-schema.js';
import { utf8ByteLength } from '../text/text-codec.js';

export interface SelectOptions {
  /** Its time range is used; the hints are not, which is always right. */
  readonly query: Pick<Query, 'startTimestampMs' | 'endTimestampMs'>;
  /** The query's matchers. */
  readonly matchers: readonly Matcher[];
  readonly database: string;
  readonly table: string;
  /**
   * Null if nothing is known of the table. Then columns are named that may not exist; when Timestream says so, compile again with the name
   * in `absentColumns`. At most one column per matcher, and `prometheus_labels`, can go that way.
   */
  readonly schema: TableSchema | null;
  /** Columns that do not exist although `schema` is null. */
  readonly absentColumns?: ReadonlySet<string>;
  /** Whether expressions that say more than LIKE can are sent as `regexp_like`. */
  readonly regexPushdown: boolean;
}

/** Which rows a query asks for, as a sound pre-filter: maybe too many, never too few. */
export type CompiledFilter =
  | {
      /** No row can match: nothing has to be asked, unless the schema is old and `labelsAssumedAbsent` is not empty. */
      readonly kind: 'nothing';
      readonly labelsAssumedAbsent: ReadonlySet<string>;
    }
  | {
      readonly kind: 'filter';
      readonly predicate: Predicate;
      /**
       * Columns that the predicate takes not to exist, so that it leaves out rows that have them. If the answer's columns show one of them,
       * compile again with that schema and ask again.
       */
      readonly labelsAssumedAbsent: ReadonlySet<string>;
      /** Conditions that are not in the SQL, because it would have been longer than Timestream takes: the check of each series decides. */
      readonly droppedConditions: number;
    };

export type CompiledSelect =
  | Extract<CompiledFilter, { kind: 'nothing' }>
  | (Extract<CompiledFilter, { kind: 'filter' }> & { readonly sql: string });

/**
 * `SELECT *` over the rows that the query can need: every column, so that the answer shows the table's schema in the same breath.
 *
 * The rows must go through `createSeriesAssembler` with the same matchers and bounds.
 */
export function compileSelect(options: SelectOptions): CompiledSelect {
  const head = `SELECT * FROM ${tableName(options)} WHERE `;
  const filter = compileFilter(options, MAX_QUERY_BYTES - utf8ByteLength(head));
  return filter.kind === 'nothing' ? filter : { ...filter, sql: head + printPredicate(filter.predicate) };
}

/**
 * @param maxBytes what the printed predicate may take
 * @param nameCondition what a matcher of the metric name says of a row; that it is the name of the measure, if not given
 */
export function compileFilter(
  options: SelectOptions,
  maxBytes: number,
  nameCondition: (matcher: Matcher, columns: ColumnKnowledge) => Predicate = metricNameCondition,
): CompiledFilter {
  const columns: ColumnKnowledge = {
    schema: options.schema,
    absentColumns: options.absentColumns ?? new Set(),
    assumedAbsent: new Set(),
    regexPushdown: options.regexPushdown,
  };
  const labelsAssumedAbsent = columns.assumedAbsent;
  const time = timePredicate(options.query);
  // Prometheus answers a query without matchers with no series.
  if (time === null || options.matchers.length === 0) return { kind: 'nothing', labelsAssumedAbsent };
  const conditions = mergeMatchers(options.matchers).map((matcher) =>
    matcher.name === METRIC_NAME_LABEL ? nameCondition(matcher, columns) : labelCondition(matcher, columns),
  );
  if (conditions.some((condition) => condition.kind === 'constant' && !condition.value)) return { kind: 'nothing', labelsAssumedAbsent };

  // Every condition but the time may be missing, so the longest go first: a list of values, of thousands of them.
  let bytes = utf8ByteLength(printPredicate(time));
  const kept = conditions
    .map((condition, index) => ({ condition, index, bytes: utf8ByteLength(printPredicate(condition)) + ' AND '.length }))
    .sort((left, right) => left.bytes - right.bytes)
    .filter((entry) => (bytes += entry.bytes) <= maxBytes)
    .sort((left, right) => left.index - right.index)
    .map(({ condition }) => condition);
  return {
    kind: 'filter',
    predicate: allOf(...kept, time),
    labelsAssumedAbsent,
    droppedConditions: conditions.length - kept.length,
  };
}

export function tableName({ database, table }: { readonly database: string; readonly table: string }): string {
  return `${identifier(database)}.${identifier(table)}`;
}

/** Both bounds inclusive, as Timestream can hold them; null if no time is within. */
export function timePredicate({ startTimestampMs, endTimestampMs }: Pick<Query, 'startTimestampMs' | 'endTimestampMs'>): Predicate | null {
  const minMs = BigInt(MIN_TIMESTAMP_MS);
  const maxMs = BigInt(MAX_TIMESTAMP_MS);
  if (startTimestampMs > endTimestampMs || endTimestampMs < minMs || startTimestampMs > maxMs) return null;
  const fromMs = startTimestampMs < minMs ? MIN_TIMESTAMP_MS : Number(startTimestampMs);
  // The millisecond behind the last one cannot be written as a time.
  return { kind: 'time', fromMs, beforeMs: endTimestampMs >= maxMs ? null : Number(endTimestampMs) + 1 };
}

/**
 * One matcher per label that some matcher narrows to a finite set: those values of it that pass all matchers of the label. So contradictions
 * (`a="x",a!~"x|y"`) come out as the empty set. Other matchers stay as they are.
 */
function mergeMatchers(matchers: readonly Matcher[]): readonly Matcher[] {
  const byName = new Map<string, Matcher[]>();
  for (const matcher of matchers) byName.set(matcher.name, [...(byName.get(matcher.name) ?? []), matcher]);
  return [...byName.values()].flatMap((group) => {
    const finite = group.find(({ meaning }) => meaning.kind === 'in');
    if (finite?.meaning.kind !== 'in') return group;
    // Every condition is asked as it is, and the rows are compared with all matchers.
    if (matchingWorkOf(group, finite.meaning.values) > MAX_WORK_OF_ONE_MATCH) return group;
    const values = finite.meaning.values.filter((value) => group.every((matcher) => matcher.matches(value)));
    return [{ ...finite, matchesEmpty: values.includes(''), meaning: { kind: 'in', values } } satisfies Matcher];
  });
}

function matchingWorkOf(matchers: readonly Matcher[], values: readonly string[]): number {
  const cost = matchers.reduce((sum, { costPerCharacter }) => sum + costPerCharacter, 0);
  return cost * values.reduce((length, value) => length + value.length, 0);
}
