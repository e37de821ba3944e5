import type { Catalog } from '../catalog.js';
import { matchesLike, parseLikePattern } from '../java-pattern/like-pattern.js';
import { invalidAt } from '../sql-error.js';
import type { LikeClause, Statement } from '../parse/syntax-tree.js';
import { checkDatabase, findTable } from '../analyze/table-name.js';
import type { ColumnInfo, Datum, Row } from '../values/wire-value.js';

export interface CatalogAnswer {
  readonly columns: readonly ColumnInfo[];
  readonly rows: readonly Row[];
}

const varcharColumn = (name: string): ColumnInfo => ({ Name: name, Type: { ScalarType: 'VARCHAR' } });
const text = (value: string): Datum => ({ ScalarValue: value });
const row = (...values: readonly string[]): Row => ({ Data: values.map(text) });

/** The statements that are answered from the catalog, without DuckDB. @throws {SqlError} */
export function answerFromCatalog(statement: Exclude<Statement, { kind: 'query' | 'unload' }>, catalog: Catalog): CatalogAnswer {
  switch (statement.kind) {
    case 'show-databases':
      return {
        columns: [varcharColumn('Database')],
        rows: catalog
          .databases()
          .filter(likeFilter(statement.like))
          .map((name) => row(name)),
      };
    case 'show-tables': {
      const { database, like, position } = statement;
      if (database === undefined) throw invalidAt(position, 'SHOW TABLES needs FROM and a database');
      checkDatabase(database, database.name, catalog);
      return {
        columns: [varcharColumn('Table')],
        rows: catalog
          .tables(database.name)
          .filter(likeFilter(like))
          .map((name) => row(name)),
      };
    }
    case 'show-measures': {
      const { table } = findTable(statement.table, catalog);
      const isShown = likeFilter(statement.like);
      return {
        columns: [varcharColumn('measure_name'), varcharColumn('data_type'), dimensionsColumn],
        // In the order of their names, as the service lists them, whichever was written first.
        rows: table.measureNames
          .filter(({ measureName }) => isShown(measureName))
          .sort((a, b) => (`${a.measureName} ${a.dataType}` < `${b.measureName} ${b.dataType}` ? -1 : 1))
          .map(({ measureName, dataType, dimensions }) => ({
            Data: [
              text(measureName),
              text(dataType),
              { ArrayValue: dimensions.map((name): Datum => ({ RowValue: row(name, 'varchar') })) },
            ],
          })),
      };
    }
    case 'describe': {
      const { table } = findTable(statement.table, catalog);
      return {
        columns: ['Column', 'Type', 'Timestream attribute type'].map(varcharColumn),
        rows: [
          ...table.dimensions.map((name) => row(name, 'varchar', 'DIMENSION')),
          row('measure_name', 'varchar', 'MEASURE_NAME'),
          row('time', 'timestamp', 'TIMESTAMP'),
          ...table.measures.map(({ name, type, multi }) => row(name, type.toLowerCase(), multi ? 'MULTI' : 'MEASURE_VALUE')),
        ],
      };
    }
  }
}

const dimensionsColumn: ColumnInfo = {
  Name: 'dimensions',
  Type: { ArrayColumnInfo: { Type: { RowColumnInfo: [varcharColumn('dimension_name'), varcharColumn('data_type')] } } },
};

function likeFilter(like: LikeClause | undefined): (name: string) => boolean {
  if (like === undefined) return () => true;
  if (like.escape !== undefined && Array.from(like.escape).length !== 1)
    throw invalidAt(like.position, 'Escape string must be a single character');
  const pieces = parseLikePattern(like.pattern, like.escape);
  if (pieces === undefined) throw invalidAt(like.position, "Escape character must be followed by '%', '_' or the escape character itself");
  return (name) => matchesLike(name, pieces);
}
