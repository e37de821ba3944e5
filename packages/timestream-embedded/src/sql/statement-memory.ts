import type { Catalog, CatalogTable } from './catalog.js';
import { compileQuery, compileStatement, type CompiledStatement, type QueryTemplate, type SqlClock } from './engine.js';
import { parseStatement } from './parse/statement-parser.js';
import { SqlError } from './sql-error.js';
import { shapeOf } from './statement-shape.js';

/** Characters of shapes and of what they were compiled to: some hundreds of statements over a table of a hundred dimensions. */
const maxCharacters = 8_000_000;

/** What the analysis saw of a table. Columns are only ever added, so how many there are says which. */
interface ReadTable extends Pick<CatalogTable, 'seriesRelation' | 'pointsRelation' | 'partitionDimension' | 'oldestTimeNs'> {
  readonly database: string;
  readonly name: string;
  readonly dimensions: number;
  readonly measures: number;
}

interface CompiledShape {
  readonly query: QueryTemplate;
  readonly tables: readonly ReadTable[];
}

interface Remembered extends CompiledShape {
  readonly characters: number;
}

/** The statement asks what time it is. */
class SpeaksOfNow extends Error {
  override readonly name = 'SpeaksOfNow';
}

/**
 * Compiles statements and remembers what it compiled them to, by their shapes: a dashboard asks the same of other times each time, and
 * compiling takes about as long as DuckDB takes for the rows of a panel.
 *
 * Nothing that is decided for a shape depends on its numbers, which the analysis does not see. What it sees of a table is compared with what
 * the table is now; one that was made anew has another name in DuckDB.
 */
export class StatementMemory {
  readonly #remembered = new Map<string, Remembered>();
  #characters = 0;

  /** As `compileStatement` without options. @throws {SqlError} */
  compile(sqlText: string, catalog: Catalog, clock: SqlClock): CompiledStatement {
    const shape = shapeOf(sqlText);
    if (shape === undefined) return compileStatement(sqlText, catalog, clock);
    const known = this.#take(shape.text);
    const oldestTimesNs = known && oldestTimesNow(known.tables, catalog);
    if (known !== undefined && oldestTimesNs !== undefined) {
      this.#remember(shape.text, known);
      return statementOf(known.query, shape.numbers, oldestTimesNs);
    }
    const compiled = compileShape(shape.text, catalog);
    // What is wrong with it, or needs the numbers, is said or done with them.
    if (compiled === undefined) return compileStatement(sqlText, catalog, clock);
    this.#remember(shape.text, compiled);
    return statementOf(compiled.query, shape.numbers);
  }

  #take(text: string): Remembered | undefined {
    const known = this.#remembered.get(text);
    if (known === undefined) return undefined;
    this.#remembered.delete(text);
    this.#characters -= known.characters;
    return known;
  }

  /** The least recently used come first. */
  #remember(text: string, compiled: CompiledShape): void {
    const characters = text.length + compiled.query.template.length;
    this.#remembered.set(text, { ...compiled, characters });
    this.#characters += characters;
    for (const oldest of this.#remembered.keys()) {
      if (this.#characters <= maxCharacters) return;
      this.#take(oldest);
    }
  }
}

/** Undefined for what is no query, is wrong, or asks for the time. */
function compileShape(text: string, catalog: Catalog): CompiledShape | undefined {
  const tables: ReadTable[] = [];
  const watched: Catalog = {
    databases: () => catalog.databases(),
    tables: (database) => catalog.tables(database),
    table: (database, name) => {
      const table = catalog.table(database, name);
      if (table !== undefined) tables.push(readTableOf(database, name, table));
      return table;
    },
  };
  const nowNs = (): never => {
    throw new SpeaksOfNow();
  };
  try {
    const statement = parseStatement(text, true);
    return statement.kind === 'query' ? { query: compileQuery(statement, watched, nowNs, {}), tables } : undefined;
  } catch (error) {
    if (error instanceof SqlError || error instanceof SpeaksOfNow) return undefined;
    throw error;
  }
}

function readTableOf(
  database: string,
  name: string,
  { seriesRelation, pointsRelation, partitionDimension, oldestTimeNs, dimensions, measures }: CatalogTable,
): ReadTable {
  const counts = { dimensions: dimensions.length, measures: measures.length };
  const partition = partitionDimension === undefined ? {} : { partitionDimension };
  return { database, name, seriesRelation, pointsRelation, oldestTimeNs, ...counts, ...partition };
}

/** Where the retention of each relation begins now; undefined if a table has changed. */
function oldestTimesNow(tables: readonly ReadTable[], catalog: Catalog): ReadonlyMap<string, bigint> | undefined {
  const oldestTimesNs = new Map<string, bigint>();
  for (const before of tables) {
    const table = catalog.table(before.database, before.name);
    if (table === undefined || !isAsBefore(table, before)) return undefined;
    oldestTimesNs.set(table.pointsRelation, table.oldestTimeNs);
  }
  return oldestTimesNs;
}

function isAsBefore(table: CatalogTable, before: ReadTable): boolean {
  return (
    table.seriesRelation === before.seriesRelation &&
    table.pointsRelation === before.pointsRelation &&
    table.partitionDimension === before.partitionDimension &&
    table.dimensions.length === before.dimensions &&
    table.measures.length === before.measures &&
    // A condition that left no row because of the retention leaves none as long as no older rows are seen.
    table.oldestTimeNs >= before.oldestTimeNs
  );
}

function statementOf(
  { template, tableReads: _none, ...query }: QueryTemplate,
  numbers: readonly bigint[],
  oldestTimesNs?: ReadonlyMap<string, bigint>,
): CompiledStatement {
  return { kind: 'query', query: { ...query, duckdbSql: template.sql(numbers, oldestTimesNs), parameters: template.parameters } };
}
