import { analyzeAggregateCall, isAggregateCall } from './call-analyzer.js';
import { expressionContext, type AnalyzedQuery, type ExpressionContext, type OutputColumn, type QueryPlace } from './context.js';
import { analyzeCondition, analyzeExpression } from './expression-analyzer.js';
import { columnKey, createExpressionKeys, someExpression } from './expression-key.js';
import { columnList, isComparable, orderAndLimit, ordinalOf, sortSql } from './ordering.js';
import { analyzeFrom } from './merged-source.js';
import { findColumn, type Field, type Source } from './scope.js';
import { expandItem, type Item } from './select-item.js';
import { invalidAt, type SourcePosition } from '../sql-error.js';
import { refusingLargeList } from '../values/made-text.js';
import { typeText, type SqlType } from '../values/sql-type.js';
import type { ColumnExpression, Expression, SelectBody, SortItem } from '../parse/syntax-tree.js';
import type { Emitter, TypedExpression } from '../values/typed-expression.js';

/** @throws {SqlError} */
export function analyzeSelect(
  select: SelectBody,
  orderBy: readonly SortItem[],
  limit: bigint | undefined,
  place: QueryPlace,
): AnalyzedQuery {
  const { statement } = place;
  const source: Source = select.from === undefined ? { sql: '', fields: [] } : analyzeFrom(select.from, place);
  const rows = expressionContext(place, source.fields, undefined);
  const from = source.sql === '' ? '' : ` FROM ${source.sql}`;
  const conditions = [
    ...(source.where ?? []),
    ...(select.where === undefined ? [] : [analyzeCondition(select.where, { ...rows, clause: 'WHERE clause' }, 'WHERE clause').sql]),
  ];
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.map((condition) => `(${condition})`).join(' AND ')}`;
  const items = select.items.flatMap((item) => expandItem(item, source.fields));

  const written = [
    ...items.flatMap(({ expression }) => expression ?? []),
    ...orderBy.map(({ expression }) => expression),
    ...(select.having ? [select.having] : []),
  ];
  const hasAggregates = written.some((expression) => someExpression(expression, (part) => part.kind === 'call' && isAggregateCall(part)));
  const isAggregated = select.groupBy !== undefined || select.having !== undefined || hasAggregates;
  const groups = isAggregated ? new Aggregation(select, items, rows) : undefined;
  const outputs = groups?.context ?? rows;
  const analyzeItem = (item: Item): TypedExpression => {
    if (item.expression !== undefined) return analyzeExpression(item.expression, outputs);
    return groups === undefined ? item.field : groups.column(item.field, item.position);
  };

  const typed = items.map(analyzeItem);
  const columns = items.map(({ name }, index): OutputColumn => {
    const item = typed[index];
    if (item === undefined) throw new Error('one type for each item');
    return { name, type: item.type, mayBeNaN: item.mayBeNaN };
  });
  if (select.distinct) {
    const opaque = columns.find(({ type }) => !isComparable(type));
    if (opaque !== undefined)
      throw invalidAt(select.position, `DISTINCT can only be applied to comparable types (actual: ${typeText(opaque.type)})`);
  }
  const having =
    select.having === undefined
      ? ''
      : ` WHERE ${analyzeCondition(select.having, { ...outputs, clause: 'HAVING clause' }, 'HAVING clause').sql}`;
  const { hidden, sort } = analyzeOrder(orderBy, items, typed, outputs, select.distinct);

  const list = [...typed.map(({ sql }, index) => `${sql} AS c${index}`), ...hidden.map((sql, index) => `${sql} AS s${index}`)].join(', ');
  const rowsSql = groups === undefined ? `${from}${where}` : ` FROM (${groups.sql(from, where)}) AS ${groups.alias}${having}`;
  const selected = `SELECT ${select.distinct ? 'DISTINCT ' : ''}${list}${rowsSql}`;
  if (sort.length === 0) return { columns, sql: `${selected}${orderAndLimit([], limit)}` };
  const alias = statement.emitter.name('q');
  const sorted = sort.map(({ item, column, type }) => sortSql(item, { type, sql: `${alias}.${column}`, mayBeNaN: true }));
  return { columns, sql: `SELECT ${columnList(columns.length, alias)} FROM (${selected}) AS ${alias}${orderAndLimit(sorted, limit)}` };
}

/** GROUP BY and the aggregates: computed once in a query of their own, whose columns the select list then names. */
class Aggregation {
  readonly alias: string;
  readonly context: ExpressionContext;
  readonly #groupKeys = new Map<string, TypedExpression>();
  readonly #groupSql: string[] = [];
  readonly #aggregates = new Map<string, string>();
  /** Those that collect values. */
  readonly #lists = new Map<string, SqlType>();
  readonly #emitter: Emitter;

  constructor(select: SelectBody, items: readonly Item[], rows: ExpressionContext) {
    this.#emitter = rows.emitter;
    this.alias = rows.emitter.name('g');
    const keyOf = createExpressionKeys(rows.fields);
    for (const written of select.groupBy ?? []) {
      const ordinal = ordinalOf({ expression: written }, items.length);
      const item = ordinal === undefined ? undefined : items[ordinal];
      const expression = item === undefined ? written : item.expression;
      const typed = expression === undefined ? item?.field : analyzeExpression(expression, { ...rows, clause: 'GROUP BY clause' });
      if (typed === undefined) throw new Error('a group is an expression or a column');
      if (!isComparable(typed.type))
        throw invalidAt(written.position, `${typeText(typed.type)} is not comparable, and therefore cannot be used in GROUP BY`);
      const key = expression === undefined ? columnKey(typed) : keyOf(expression);
      if (this.#groupKeys.has(key)) continue;
      const { type, mayBeNaN } = typed;
      this.#groupKeys.set(key, { type, mayBeNaN, sql: `${this.alias}.k${this.#groupSql.length}` });
      this.#groupSql.push(typed.sql);
    }
    this.context = {
      ...rows,
      intercept: (expression) => {
        const group = this.#groupKeys.get(keyOf(expression));
        if (group !== undefined) return group;
        if (expression.kind === 'call' && isAggregateCall(expression)) {
          return this.#aggregate(analyzeAggregateCall(expression, { ...rows, clause: 'An aggregate function' }));
        }
        if (expression.kind !== 'column') return undefined;
        const isOwn = expression.parts.some((_, index) => {
          const base = { ...expression, parts: expression.parts.slice(0, index + 1) };
          return findColumn(base, rows.fields).length > 0;
        });
        // A column of the query around this one is the same for the whole group; one of nowhere is said to be missing.
        if (!isOwn || this.#isFieldOfGroup(expression, keyOf)) return undefined;
        throw notGrouped(expression.parts.map(({ name }) => name).join('.'), expression.position);
      },
    };
  }

  /** `k.field` where `k` is grouped by: its analysis comes back here for `k`. */
  #isFieldOfGroup({ parts, ...column }: ColumnExpression, keyOf: (expression: Expression) => string): boolean {
    return parts.some((_, index) => index > 0 && this.#groupKeys.has(keyOf({ ...column, parts: parts.slice(0, index) })));
  }

  /** A column that a star brings: it must be grouped by. */
  column(field: Field, position: SourcePosition): TypedExpression {
    const group = this.#groupKeys.get(columnKey(field));
    if (group === undefined) throw notGrouped(field.name ?? '*', position);
    return group;
  }

  /** Called last, when every aggregate is known. The extra count makes it an aggregation when there is neither a key nor an aggregate. */
  sql(from: string, where: string): string {
    const keys = this.#groupSql.map((sql, index) => `${sql} AS k${index}`);
    const aggregates = Array.from(this.#aggregates, ([sql, name]) => `${sql} AS ${name}`);
    const groupBy = keys.length === 0 ? '' : ` GROUP BY ${keys.map((_, index) => index + 1).join(', ')}`;
    const grouped = `SELECT ${[...keys, ...aggregates, 'count(*) AS n'].join(', ')}${from}${where}${groupBy}`;
    const lists = Array.from(this.#lists, ([name, type]) => `${refusingLargeList(name, type, this.#lists.size, this.#emitter)} AS ${name}`);
    return lists.length === 0 ? grouped : `SELECT * REPLACE (${lists.join(', ')}) FROM (${grouped})`;
  }

  #aggregate({ type, sql, mayBeNaN }: TypedExpression): TypedExpression {
    const name = this.#aggregates.get(sql) ?? `a${this.#aggregates.size}`;
    this.#aggregates.set(sql, name);
    if (sql.startsWith('list(')) this.#lists.set(name, type);
    return { type, mayBeNaN, sql: `${this.alias}.${name}` };
  }
}

function notGrouped(column: string, position: SourcePosition): ReturnType<typeof invalidAt> {
  return invalidAt(position, `'${column}' must be an aggregate expression or appear in GROUP BY clause`);
}

interface SortColumn {
  readonly item: SortItem;
  readonly column: string;
  readonly type: TypedExpression['type'];
}

/** Sort keys are columns of the select list where they can be, and hidden columns beside it where not. An alias hides a column of its name. */
function analyzeOrder(
  orderBy: readonly SortItem[],
  items: readonly Item[],
  typed: readonly TypedExpression[],
  context: ExpressionContext,
  distinct: boolean,
): { hidden: string[]; sort: SortColumn[] } {
  const hidden: string[] = [];
  const outputNamed = (expression: Expression): TypedExpression | undefined => {
    const [name, more] = expression.kind === 'column' ? expression.parts : [];
    if (expression.kind !== 'column' || name === undefined || more !== undefined) return undefined;
    const indexes = items.flatMap((item, index) => (item.name === name.name ? [index] : []));
    const [index] = indexes;
    if (index === undefined) return undefined;
    if (new Set(indexes.map((each) => typed[each]?.sql)).size > 1)
      throw invalidAt(expression.position, `Column '${name.name}' is ambiguous`);
    return typed[index];
  };
  const sortContext: ExpressionContext = {
    ...context,
    intercept: (expression) => outputNamed(expression) ?? context.intercept?.(expression),
  };
  const sort = orderBy.map((item): SortColumn => {
    const ordinal = ordinalOf(item, items.length);
    const key = ordinal === undefined ? analyzeExpression(item.expression, sortContext) : typed[ordinal];
    if (key === undefined) throw new Error('an ordinal is within the list');
    const index = ordinal ?? typed.findIndex(({ sql }) => sql === key.sql);
    if (index >= 0) return { item, column: `c${index}`, type: key.type };
    if (distinct) throw invalidAt(item.expression.position, 'For SELECT DISTINCT, ORDER BY expressions must appear in select list');
    hidden.push(key.sql);
    return { item, column: `s${hidden.length - 1}`, type: key.type };
  });
  return { hidden, sort };
}
