import { analyzeCondition, analyzeExpression, makeAlike } from './expression-analyzer.js';
import { expressionContext, type OutputColumn, type QueryPlace } from './context.js';
import { nameFields, type Field, type Source } from './scope.js';
import { findTable } from './table-name.js';
import { scanTable } from './table-scan.js';
import { invalidAt } from '../sql-error.js';
import { timestamp, typeText } from '../values/sql-type.js';
import type { Identifier, Relation, RelationAlias } from '../parse/syntax-tree.js';
import { comparisonSql } from '../values/comparison-sql.js';

/** @throws {SqlError} for a database or table that is not there, and for joins that are not supported. */
export function analyzeRelation(relation: Relation, place: QueryPlace): Source {
  const { statement, named } = place;
  switch (relation.kind) {
    case 'table': {
      const [first, second] = relation.name;
      const alias = statement.emitter.name('r');
      const known = first !== undefined && second === undefined ? named.get(first.name) : undefined;
      if (first !== undefined && known !== undefined) {
        return { sql: `${known.sqlName} AS ${alias}`, fields: aliased(known.columns, alias, first.name, undefined, relation.alias) };
      }
      const { table, database, name } = findTable(relation.name, statement.catalog);
      const { columns, from, where } = scanTable(table, statement.emitter);
      const items = columns.map((column, index) => `${column.sql} AS c${index}`).join(', ');
      return {
        sql: `(SELECT ${items} FROM ${from} WHERE ${where}) AS ${alias}`,
        fields: aliased(columns, alias, name, database, relation.alias),
      };
    }
    case 'derived': {
      const alias = statement.emitter.name('r');
      const { sql, columns } = statement.analyzeQuery(relation.query, named, place.outer);
      return { sql: `(${sql}) AS ${alias}`, fields: aliased(columns, alias, undefined, undefined, relation.alias) };
    }
    case 'unnest':
      return analyzeUnnest(relation, [], place);
    case 'join':
      return analyzeJoin(relation, place);
  }
}

function analyzeJoin(relation: Extract<Relation, { kind: 'join' }>, place: QueryPlace): Source {
  const { join, left, right, on, position } = relation;
  const leftSource = analyzeRelation(left, place);
  if (right.kind === 'unnest') {
    if (join !== 'CROSS') throw invalidAt(position, 'UNNEST is supported with CROSS JOIN only');
    const unnested = analyzeUnnest(right, leftSource.fields, place);
    return { sql: `${leftSource.sql} CROSS JOIN ${unnested.sql}`, fields: [...leftSource.fields, ...unnested.fields] };
  }
  const rightSource = analyzeRelation(right, place);
  const fields = [...leftSource.fields, ...rightSource.fields];
  if (relation.using !== undefined) return joinUsing(relation, relation.using, leftSource, rightSource, place);
  if (on === undefined) return { sql: `${leftSource.sql} CROSS JOIN ${rightSource.sql}`, fields };
  const condition = analyzeCondition(on, expressionContext(place, fields, 'JOIN clause'), 'JOIN ON clause');
  return { sql: `(${leftSource.sql} ${join} JOIN ${rightSource.sql} ON ${condition.sql})`, fields };
}

/** `USING (a, b)`: the columns stand once, in front of all others, and cannot be named by a relation. */
function joinUsing(
  { join }: Extract<Relation, { kind: 'join' }>,
  names: readonly Identifier[],
  left: Source,
  right: Source,
  { statement: { emitter } }: QueryPlace,
): Source {
  const used = names.map(({ name, position }) => {
    const [a, b] = [left, right].map(({ fields }, side) => {
      const [field, second] = fields.filter((each) => each.name === name);
      if (field === undefined) throw invalidAt(position, `Column '${name}' is missing from ${side === 0 ? 'left' : 'right'} side of join`);
      if (second !== undefined) throw invalidAt(position, `Column '${name}' is ambiguous`);
      return field;
    });
    if (a === undefined || b === undefined) throw new Error('a join has two sides');
    const [x, y] = makeAlike([a, b], position, emitter);
    if (x === undefined || y === undefined) throw new Error('two columns');
    const merged = join === 'RIGHT' ? y.sql : join === 'FULL' ? `coalesce(${x.sql}, ${y.sql})` : x.sql;
    const field: Field = { name, relation: undefined, database: undefined, type: x.type, mayBeNaN: x.mayBeNaN, sql: merged };
    return { left: a, right: b, field, condition: comparisonSql('=', x, y, position, emitter) };
  });
  const isUsed = (field: Field): boolean => used.some((each) => each.left === field || each.right === field);
  return {
    sql: `(${left.sql} ${join} JOIN ${right.sql} ON ${used.map(({ condition }) => condition).join(' AND ')})`,
    fields: [...used.map(({ field }) => field), ...[...left.fields, ...right.fields].filter((field) => !isUsed(field))],
  };
}

/** A row for each entry; a time series gives two columns, time and value. */
function analyzeUnnest(
  { operand, alias, position }: Extract<Relation, { kind: 'unnest' }>,
  left: readonly Field[],
  place: QueryPlace,
): Source {
  const { type, sql } = analyzeExpression(operand, expressionContext(place, left, 'UNNEST'));
  const sqlAlias = place.statement.emitter.name('r');
  const from = `UNNEST(${sql}) AS ${sqlAlias}(c0)`;
  if (type.kind === 'array') {
    return { sql: from, fields: aliased([{ name: undefined, type: type.element, mayBeNaN: true }], sqlAlias, undefined, undefined, alias) };
  }
  if (type.kind !== 'timeseries') throw invalidAt(position, `Cannot unnest type: ${typeText(type)}`);
  const columns: OutputColumn[] = [
    { name: 'time', type: timestamp, mayBeNaN: false },
    { name: 'value', type: type.value, mayBeNaN: true },
  ];
  const fields = aliased(columns, sqlAlias, undefined, undefined, alias).map((field, index) => ({
    ...field,
    sql: `struct_extract(${sqlAlias}.c0, 'f${index}')`,
  }));
  return { sql: from, fields };
}

function aliased(
  columns: readonly OutputColumn[],
  sqlAlias: string,
  name: string | undefined,
  database: string | undefined,
  alias: RelationAlias | undefined,
): Field[] {
  const fields = columns.map(({ name: column, type, mayBeNaN }, index) => ({ name: column, type, mayBeNaN, sql: `${sqlAlias}.c${index}` }));
  return nameFields(fields, name, database, alias);
}
