/** The data types that a measure can have on the write side. */
export type MeasureDataType = 'DOUBLE' | 'BIGINT' | 'BOOLEAN' | 'VARCHAR' | 'TIMESTAMP';

export interface CatalogMeasure {
  /** The column as SQL names it: `measure_value::double` for a single measure, the attribute's own name in a multi-measure record. */
  readonly name: string;
  readonly type: MeasureDataType;
  /** Whether the column comes from a multi-measure record. */
  readonly multi: boolean;
  /**
   * The column of `pointsRelation` that holds it, e.g. `m_3`. DuckDB types: DOUBLE, BIGINT, BOOLEAN, VARCHAR; a TIMESTAMP measure is a
   * BIGINT of nanoseconds since the epoch.
   */
  readonly column: string;
}

/** What `SHOW MEASURES` tells of one pair of measure name and data type. */
export interface CatalogMeasureName {
  readonly measureName: string;
  /** Lower case, as Timestream prints it: `double`, `multi`. */
  readonly dataType: string;
  /** Only the dimensions that were seen with this measure, first-seen order. */
  readonly dimensions: readonly string[];
}

export interface CatalogTable {
  /** Dimension names, in the order they were first seen. */
  readonly dimensions: readonly string[];
  /** Measure columns, in the order they were first seen. */
  readonly measures: readonly CatalogMeasure[];
  readonly measureNames: readonly CatalogMeasureName[];
  /** DuckDB table `(sid INTEGER, measure_name VARCHAR, dims MAP(VARCHAR, VARCHAR))`; sid is unique. Named by id, never by user text. */
  readonly seriesRelation: string;
  /** DuckDB table `(sid INTEGER, time_ns BIGINT, m_1 …, m_n)`: one row per record. Named by id, never by user text. */
  readonly pointsRelation: string;
  /** Records older than this (retention) are invisible; nanoseconds since the epoch. */
  readonly oldestTimeNs: bigint;
  /** The dimension that the table is partitioned by; undefined where that is the measure name. */
  readonly partitionDimension?: string;
}

/** The store as the SQL engine sees it. */
export interface Catalog {
  /** Names of all databases, in the order `SHOW DATABASES` prints them. */
  databases(): readonly string[];
  /** Names of the database's tables; empty when there is no such database. */
  tables(database: string): readonly string[];
  table(database: string, table: string): CatalogTable | undefined;
}
