import type { Query, QueryBody, SetOperation, ValuesBody } from '../parse/syntax-tree.js';
import { invalidAt } from '../sql-error.js';
import { commonType, sameType, typeText } from '../values/sql-type.js';
import { coerce, type TypedExpression } from '../values/typed-expression.js';
import { expressionContext, type AnalyzedQuery, type OutputColumn, type QueryPlace } from './context.js';
import { analyzeExpression, makeAlike } from './expression-analyzer.js';
import { columnList, isComparable, orderAndLimit, ordinalOf, sortSql } from './ordering.js';
import type { Field } from './scope.js';
import { analyzeSelect } from './select-analyzer.js';

/** @throws {SqlError} */
export function analyzeQuery(query: Query, { statement, named: known, outer }: QueryPlace): AnalyzedQuery {
  const named = new Map(known);
  for (const { name, columns, query: definition } of query.with) {
    const analyzed = analyzeQuery(definition, { statement, named, outer: undefined });
    if (columns.length > 0 && columns.length !== analyzed.columns.length) {
      throw invalidAt(
        name.position,
        `Column alias list has ${columns.length} entries but WITH query has ${analyzed.columns.length} columns`,
      );
    }
    const sqlName = statement.emitter.name('w');
    statement.commonTables.push({ sqlName, sql: analyzed.sql });
    named.set(name.name, {
      sqlName,
      columns: analyzed.columns.map((column, index) => ({ ...column, name: columns[index]?.name ?? column.name })),
    });
  }
  const place: QueryPlace = { statement, named, outer };
  const { body, orderBy, limit } = query;
  if (body.kind === 'select') return analyzeSelect(body, orderBy, limit, place);
  const analyzed = analyzeBody(body, place);
  if (orderBy.length === 0 && limit === undefined) return analyzed;
  const alias = statement.emitter.name('q');
  const fields = analyzed.columns.map((column, index): Field => ({
    ...column,
    relation: undefined,
    database: undefined,
    sql: `${alias}.c${index}`,
  }));
  const context = expressionContext(place, fields, 'ORDER BY');
  const sort = orderBy.map((item) => {
    const ordinal = ordinalOf(item, fields.length);
    const field = ordinal === undefined ? undefined : fields[ordinal];
    return sortSql(item, field ?? analyzeExpression(item.expression, context));
  });
  return {
    columns: analyzed.columns,
    sql: `SELECT ${columnList(analyzed.columns.length, alias)} FROM (${analyzed.sql}) AS ${alias}${orderAndLimit(sort, limit)}`,
  };
}

function analyzeBody(body: QueryBody, place: QueryPlace): AnalyzedQuery {
  switch (body.kind) {
    case 'select':
      return analyzeSelect(body, [], undefined, place);
    case 'nested':
      return analyzeQuery(body.query, place);
    case 'values':
      return analyzeValues(body, place);
    case 'set-operation':
      return analyzeSetOperation(body, place);
  }
}

function analyzeSetOperation({ operator, all, left, right, position }: SetOperation, place: QueryPlace): AnalyzedQuery {
  const { statement } = place;
  const sides = [analyzeBody(left, place), analyzeBody(right, place)] as const;
  const [first, second] = sides;
  if (first.columns.length !== second.columns.length) {
    throw invalidAt(position, `${operator} query has different number of fields: ${first.columns.length}, ${second.columns.length}`);
  }
  const columns = first.columns.map((column, index): OutputColumn => {
    const other = second.columns[index] ?? column;
    const type = commonType(column.type, other.type);
    if (type === undefined)
      throw invalidAt(
        position,
        `column ${index + 1} in ${operator} query has incompatible types: ${typeText(column.type)}, ${typeText(other.type)}`,
      );
    if (!all && !isComparable(type)) throw invalidAt(position, `${operator} cannot compare columns of type ${typeText(type)}`);
    return { name: column.name, type, mayBeNaN: column.mayBeNaN || other.mayBeNaN };
  });
  const [leftSql, rightSql] = sides.map((side) => {
    const alias = statement.emitter.name('q');
    const items = columns.map(({ type }, index) => {
      const column: TypedExpression = { type: side.columns[index]?.type ?? type, sql: `${alias}.c${index}`, mayBeNaN: true };
      const converted = sameType(column.type, type) ? column : coerce(column, type, position, statement.emitter);
      return `${converted?.sql ?? column.sql} AS c${index}`;
    });
    return `(SELECT ${items.join(', ')} FROM (${side.sql}) AS ${alias})`;
  });
  return { columns, sql: `${leftSql ?? ''} ${operator}${all ? ' ALL' : ''} ${rightSql ?? ''}` };
}

function analyzeValues({ rows, position }: ValuesBody, place: QueryPlace): AnalyzedQuery {
  const { statement } = place;
  const context = expressionContext(place, [], 'VALUES');
  const width = rows[0]?.length ?? 0;
  if (rows.some((row) => row.length !== width)) throw invalidAt(position, 'Values rows have mismatched types: their lengths differ');
  const cells = rows.map((row) => row.map((expression) => analyzeExpression(expression, context)));
  const byColumn = Array.from({ length: width }, (_, index) =>
    makeAlike(
      cells.flatMap((row) => row[index] ?? []),
      position,
      statement.emitter,
    ),
  );
  const alias = statement.emitter.name('q');
  const texts = rows.map((_, row) => `(${byColumn.map((column) => column[row]?.sql ?? 'NULL').join(', ')})`);
  const columns = byColumn.map((column): OutputColumn => {
    const [first] = column;
    if (first === undefined) throw new Error('VALUES has a row');
    return { name: undefined, type: first.type, mayBeNaN: column.some(({ mayBeNaN }) => mayBeNaN) };
  });
  const names = columns.map((_, index) => `c${index}`).join(', ');
  return { columns, sql: `SELECT ${names} FROM (VALUES ${texts.join(', ')}) AS ${alias}(${names})` };
}
