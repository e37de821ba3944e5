import type { CatalogMeasure } from '../sql/catalog.js';
import { KnownHeads } from '../write/known-heads.js';
import type { SeriesState } from '../write/record.js';
import type { Retention } from '../write/retention-window.js';

export interface PartitionKey {
  readonly Type: 'DIMENSION' | 'MEASURE';
  readonly Name?: string;
  readonly EnforcementInRecord?: 'REQUIRED' | 'OPTIONAL';
}

/** What a table was created with; kept as JSON beside its id. */
export interface TableProperties {
  readonly retention: Retention;
  readonly rejectedDataLocation?: object;
  readonly partitionKey?: PartitionKey;
}

export interface DimensionColumn {
  readonly name: string;
  readonly firstSeenMs: number;
}

export interface MeasureColumn extends CatalogMeasure {
  /** From 1; the column is `m_<position>`. */
  readonly position: number;
  readonly firstSeenMs: number;
}

/** A measure name with one data type, and the dimensions seen with it. */
export interface MeasureNameState {
  readonly measureName: string;
  readonly dataType: string;
  readonly dimensions: Set<string>;
}

/** A table as the writer and the catalogue see it: always what is committed, never more. */
export interface TableState {
  readonly tableId: number;
  readonly databaseName: string;
  readonly tableName: string;
  readonly createdMs: number;
  updatedMs: number;
  properties: TableProperties;
  /** Insertion order is first-seen order, here and below. */
  readonly dimensions: Map<string, DimensionColumn>;
  readonly measures: Map<string, MeasureColumn>;
  readonly measureNames: Map<string, MeasureNameState>;
  readonly distinctMeasureNames: Set<string>;
  readonly series: Map<string, SeriesState>;
  /** What records of this table began with: most come again. */
  readonly heads: KnownHeads;
  /** Counted, because every record with a new attribute asks. */
  multiMeasureColumns: number;
  nextSid: number;
  deleted: boolean;
}

export function seriesRelation(tableId: number): string {
  return `series_${tableId}`;
}

export function pointsRelation(tableId: number): string {
  return `points_${tableId}`;
}

export function measureNameKey(measureName: string, dataType: string): string {
  return `${dataType}:${measureName}`;
}

export function createTableState(
  identity: Pick<TableState, 'tableId' | 'databaseName' | 'tableName' | 'createdMs' | 'updatedMs' | 'properties'>,
): TableState {
  return {
    ...identity,
    dimensions: new Map(),
    measures: new Map(),
    measureNames: new Map(),
    distinctMeasureNames: new Set(),
    series: new Map(),
    heads: new KnownHeads(),
    multiMeasureColumns: 0,
    nextSid: 1,
    deleted: false,
  };
}

export function addMeasureName(table: TableState, measureName: string, dataType: string, dimensions: Iterable<string>): void {
  const key = measureNameKey(measureName, dataType);
  const known = table.measureNames.get(key);
  if (known === undefined) table.measureNames.set(key, { measureName, dataType, dimensions: new Set(dimensions) });
  else for (const dimension of dimensions) known.dimensions.add(dimension);
  table.distinctMeasureNames.add(measureName);
}

export function addMeasureColumn(table: TableState, column: MeasureColumn): void {
  table.measures.set(column.name, column);
  if (column.multi) table.multiMeasureColumns += 1;
}
