import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import {
  compileStatement,
  executionError,
  SqlError,
  type Catalog,
  type CatalogMeasure,
  type CatalogTable,
  type ColumnInfo,
  type Datum,
  type MeasureDataType,
} from '../../src/sql/engine.js';
import { registerCallbacks } from '../../src/store/register-callbacks.js';

export interface FixtureRecord {
  readonly measureName: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly timeNs: bigint;
  /** Column name to value; the type follows from the value unless `types` says otherwise. */
  readonly measures: Readonly<Record<string, number | bigint | boolean | string>>;
}

export interface FixtureTable {
  readonly records: readonly FixtureRecord[];
  readonly types?: Readonly<Record<string, MeasureDataType>>;
  readonly oldestTimeNs?: bigint;
}

/** 2023-11-14 22:13:20 UTC. */
export const epochNs = 1_700_000_000_000_000_000n;

export interface Answer {
  readonly columns: readonly ColumnInfo[];
  readonly rows: readonly (readonly unknown[])[];
}

export interface SqlFixture {
  readonly connection: DuckDBConnection;
  readonly catalog: Catalog;
  /** Runs a statement as the server would; rows as plain values (`null`, strings, arrays) instead of wire datums. */
  readonly query: (sql: string) => Promise<Answer>;
  /** Only the rows. */
  readonly rows: (sql: string) => Promise<readonly (readonly unknown[])[]>;
  /** The first value of the first row. */
  readonly value: (sql: string) => Promise<unknown>;
  /** `kind: message` of the refusal. Fails when the statement runs. */
  readonly refusal: (sql: string) => Promise<string>;
  readonly close: () => void;
}

/** DuckDB in memory with the store's relations, filled row by row with bound values. Databases by name, tables by name. */
export async function createSqlFixture(
  databases: Readonly<Record<string, Readonly<Record<string, FixtureTable>>>>,
  nowNs = epochNs,
): Promise<SqlFixture> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  registerCallbacks(connection);
  const tables = new Map<string, Map<string, CatalogTable>>();
  let nextId = 1;
  for (const [database, contents] of Object.entries(databases)) {
    tables.set(database, new Map());
    for (const [name, table] of Object.entries(contents)) {
      tables.get(database)?.set(name, await loadTable(connection, nextId, table));
      nextId += 1;
    }
  }
  const catalog: Catalog = {
    databases: () => [...tables.keys()],
    tables: (database) => [...(tables.get(database)?.keys() ?? [])],
    table: (database, table) => tables.get(database)?.get(table),
  };
  const query = async (sql: string): Promise<Answer> => {
    const compiled = compileStatement(sql, catalog, { nowNs: () => nowNs });
    if (compiled.kind === 'rows') return { columns: compiled.columns, rows: compiled.rows.map(({ Data }) => Data.map(plainValue)) };
    const { duckdbSql, parameters, columns, formatRow } = compiled.query;
    try {
      const reader = await connection.runAndReadAll(duckdbSql, [...parameters]);
      return { columns, rows: reader.getRows().map((row) => formatRow(row).Data.map(plainValue)) };
    } catch (error) {
      throw executionError(error) ?? new Error(`DuckDB refused what the compiler wrote: ${String(error)}\n${duckdbSql}`, { cause: error });
    }
  };
  return {
    connection,
    catalog,
    query,
    rows: async (sql) => (await query(sql)).rows,
    value: async (sql) => (await query(sql)).rows[0]?.[0],
    refusal: async (sql) => {
      const answer = await query(sql).catch((error: unknown) => error);
      if (answer instanceof SqlError) return `${answer.kind}: ${answer.message}`;
      throw new Error(`not refused: ${sql} gave ${answer instanceof Error ? String(answer) : JSON.stringify(answer)}`);
    },
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

async function loadTable(
  connection: DuckDBConnection,
  id: number,
  { records, types = {}, oldestTimeNs = 0n }: FixtureTable,
): Promise<CatalogTable> {
  const measures: CatalogMeasure[] = [];
  const dimensions: string[] = [];
  const series = new Map<string, number>();
  for (const record of records) {
    for (const name of Object.keys(record.dimensions)) if (!dimensions.includes(name)) dimensions.push(name);
    for (const [name, value] of Object.entries(record.measures)) {
      if (measures.some((measure) => measure.name === name)) continue;
      measures.push({
        name,
        type: types[name] ?? typeOf(value),
        multi: !name.startsWith('measure_value::'),
        column: `m_${measures.length + 1}`,
      });
    }
  }
  const duckdbTypes: Readonly<Record<MeasureDataType, string>> = {
    DOUBLE: 'DOUBLE',
    BIGINT: 'BIGINT',
    BOOLEAN: 'BOOLEAN',
    VARCHAR: 'VARCHAR',
    TIMESTAMP: 'BIGINT',
  };
  const columns = measures.map(({ column, type }) => `, ${column} ${duckdbTypes[type]}`).join('');
  await connection.run(`CREATE TABLE series_${id} (sid INTEGER, measure_name VARCHAR, dims MAP(VARCHAR, VARCHAR))`);
  await connection.run(`CREATE TABLE points_${id} (sid INTEGER, time_ns BIGINT${columns})`);
  for (const record of records) {
    const entries = Object.entries(record.dimensions).sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([record.measureName, entries]);
    let sid = series.get(key);
    if (sid === undefined) {
      sid = series.size + 1;
      series.set(key, sid);
      const pairs = entries.map((_, index) => `struct_pack(k := $${index * 2 + 2}::VARCHAR, v := $${index * 2 + 3}::VARCHAR)`).join(', ');
      await connection.run(`INSERT INTO series_${id} VALUES (${sid}, $1::VARCHAR, map_from_entries([${pairs}]))`, [
        record.measureName,
        ...entries.flat(),
      ]);
    }
    const given = measures.flatMap(({ name, column, type }) =>
      Object.hasOwn(record.measures, name) ? [{ column, type: duckdbTypes[type], value: record.measures[name] ?? null }] : [],
    );
    const names = given.map(({ column }) => `, ${column}`).join('');
    const values = given.map(({ type }, index) => `, $${index + 2}::${type}`).join('');
    await connection.run(`INSERT INTO points_${id} (sid, time_ns${names}) VALUES (${sid}, $1::BIGINT${values})`, [
      record.timeNs,
      ...given.map(({ value }) => bindable(value)),
    ]);
  }
  const measureNames = [...new Set(records.map((record) => record.measureName))].map((measureName) => ({
    measureName,
    dataType: 'double',
    dimensions: dimensions.filter((name) =>
      records.some((record) => record.measureName === measureName && Object.hasOwn(record.dimensions, name)),
    ),
  }));
  return { dimensions, measures, measureNames, seriesRelation: `series_${id}`, pointsRelation: `points_${id}`, oldestTimeNs };
}

/** Doubles as text: the client binds whole ones as integers. */
function bindable(value: number | bigint | boolean | string | null): string | bigint | boolean | null {
  if (typeof value !== 'number') return value;
  return Object.is(value, -0) ? '-0' : String(value);
}

function typeOf(value: number | bigint | boolean | string): MeasureDataType {
  switch (typeof value) {
    case 'number':
      return 'DOUBLE';
    case 'bigint':
      return 'BIGINT';
    case 'boolean':
      return 'BOOLEAN';
    default:
      return 'VARCHAR';
  }
}

/** A datum as a test writes it: null, text, an array, or `{ time: value }` pairs of a time series. */
function plainValue(datum: Datum): unknown {
  if ('NullValue' in datum) return null;
  if ('ScalarValue' in datum) return datum.ScalarValue;
  if ('ArrayValue' in datum) return datum.ArrayValue.map(plainValue);
  if ('RowValue' in datum) return datum.RowValue.Data.map(plainValue);
  return datum.TimeSeriesValue.map(({ Time, Value }) => [Time, plainValue(Value)]);
}
