import type { CatalogTable } from '../catalog.js';
import { measureType, timestamp, varchar } from '../values/sql-type.js';
import type { Emitter } from '../values/typed-expression.js';
import type { Field } from './scope.js';

/** A table as rows. */
export interface TableScan {
  /** In Timestream's order: dimensions as first seen, measure_name, time, measures as first seen. */
  readonly columns: readonly Omit<Field, 'relation' | 'database'>[];
  readonly from: string;
  readonly where: string;
}

/**
 * Dimensions are read from the series, once for each series and not for each record; DuckDB pushes what the statement asks of them and of
 * the time down to the two scans.
 */
export function scanTable(table: CatalogTable, emitter: Emitter): TableScan {
  const series = emitter.scanSeries(table.seriesRelation, table.dimensions);
  const points = emitter.name('p');
  const { oldestTimeNs } = table;
  const column = (name: string, type: Field['type'], sql: string): TableScan['columns'][number] => ({ name, type, sql, mayBeNaN: false });
  return {
    columns: [
      ...table.dimensions.map((name, index) => column(name, varchar, `${series.alias}.d${index}`)),
      column('measure_name', varchar, `${series.alias}.measure_name`),
      { ...column('time', timestamp, `${points}.time_ns`), notBeforeNs: oldestTimeNs },
      ...table.measures.map((measure) => column(measure.name, measureType(measure.type), `${points}.${measure.column}`)),
    ],
    from: `${table.pointsRelation} AS ${points} JOIN ${series.sql} ON ${points}.sid = ${series.alias}.sid`,
    where: `${points}.time_ns >= ${emitter.bind({ relation: table.pointsRelation, oldestTimeNs }, 'BIGINT')}`,
  };
}
