import {
  LABELS_DIMENSION,
  MAX_DIMENSIONS_PER_TABLE,
  MAX_MEASURE_NAMES_PER_TABLE,
  MEASURE_VALUE_BIGINT_COLUMN,
  MEASURE_VALUE_DOUBLE_COLUMN,
  SAMPLE_BITS_COLUMN,
  SAMPLE_VALUE_COLUMN,
  VALUE_COLUMN,
} from '@timestream-prometheus/timestream-translator';
import type { Config } from '../../config/parse-config.js';
import type { RowSource } from '../../ports.js';
import { failed, ok, warning, type Finding } from './finding.js';

/** A row of DESCRIBE. */
export interface TableColumn {
  readonly name: string;
  /** In lower case, such as `double`. */
  readonly type: string;
  /** DIMENSION, MULTI, MEASURE_NAME, MEASURE_VALUE or TIMESTAMP. */
  readonly kind: string;
}

/** Above this share of a limit a person has to think of it. */
const NEARLY_FULL = 0.8;

/** DESCRIBE is free of charge. @throws ConnectorError */
export async function readColumns(source: RowSource, tableName: string, signal: AbortSignal): Promise<readonly TableColumn[]> {
  const rows = await readTexts(source, `DESCRIBE ${tableName}`, signal);
  return rows.map(([name = '', type = '', kind = '']) => ({ name, type: type.toLowerCase(), kind: kind.toUpperCase() }));
}

/** The types that our columns have; of another type a value can be neither written nor read. */
const OWN_TYPES: Readonly<Record<string, { readonly type: string; readonly kind: string }>> = {
  [SAMPLE_VALUE_COLUMN]: { type: 'double', kind: 'MULTI' },
  [SAMPLE_BITS_COLUMN]: { type: 'bigint', kind: 'MULTI' },
  [LABELS_DIMENSION]: { type: 'varchar', kind: 'DIMENSION' },
};

/** Says how full the table is, who else wrote to it, and what stands in the way of our columns. */
export function* examineColumns(
  columns: readonly TableColumn[],
  { defaultTable }: Pick<Config, 'defaultTable'>,
): Generator<Finding, void, undefined> {
  const dimensions = columns.filter(({ kind }) => kind === 'DIMENSION');
  const hasOurs = dimensions.some(({ name }) => name === LABELS_DIMENSION);
  const count = `${dimensions.length} of ${MAX_DIMENSIONS_PER_TABLE} dimensions are used`;
  if (dimensions.length >= MAX_DIMENSIONS_PER_TABLE && !hasOurs) {
    yield failed(
      'dimensions',
      `${count}, and none of them is ${LABELS_DIMENSION}: no series with a label that is new to the table can be stored`,
      'Drop labels by write_relabel_configs, or use another table',
    );
  } else if (dimensions.length >= MAX_DIMENSIONS_PER_TABLE * NEARLY_FULL) {
    yield warning(
      'dimensions',
      `${count}: further label names are stored together in ${LABELS_DIMENSION}, exactly as well, but queries for them read more`,
      'Which ones: ' + dimensions.map(({ name }) => name).join(' '),
    );
  } else yield ok('dimensions', count);

  let conflicts = 0;
  for (const { name, type, kind } of columns) {
    if (name === VALUE_COLUMN && !(type === 'double' && kind === 'MULTI')) {
      yield warning(
        'columns',
        `the column ${name} is a ${kind === 'DIMENSION' ? 'dimension' : 'measure'} of type ${type}, so the layout multi-measure writes finite values to ${SAMPLE_VALUE_COLUMN} in this table, exactly as well, but for about a fifth more`,
        'A new table (--default-table) has no such column; --table-layout=compact does without',
      );
    }
    const own = OWN_TYPES[name];
    if (own === undefined || (own.type === type && own.kind === kind)) continue;
    conflicts += 1;
    yield failed(
      'columns',
      `the column ${name} is a ${kind === 'DIMENSION' ? 'dimension' : 'measure'} of type ${type}; the connector needs ${own.kind === 'DIMENSION' ? 'a dimension' : 'a measure'} of type ${own.type}, so Timestream refuses its records`,
      `Something else writes to ${defaultTable}: use another table (--default-table)`,
    );
  }
  const others = columns.filter(
    ({ name, kind }) => kind === 'MULTI' && name !== VALUE_COLUMN && !(name in OWN_TYPES) && !name.startsWith('sample_'),
  );
  if (others.length > 0) {
    yield warning(
      'columns',
      `${others.length === 1 ? 'a column that is' : `${others.length} columns that are`} not the connector's: ${others.map(({ name }) => name).join(' ')}. Rows with only these are not read as samples`,
    );
  }
  const hasSingleMeasures = columns.some(({ name }) => name === MEASURE_VALUE_DOUBLE_COLUMN || name === MEASURE_VALUE_BIGINT_COLUMN);
  if (hasSingleMeasures) {
    yield ok(
      'columns',
      'there are single-measure rows, as the layout compact and the earlier Go connector write them: they are read together with all others (docs/migration.md)',
    );
  } else if (conflicts === 0) {
    yield ok(
      'columns',
      columns.some(({ kind }) => kind === 'MULTI') ? 'as the connector writes them' : 'nothing was written to the table yet',
    );
  }
}

/** SHOW MEASURES is free of charge, and has a row for each metric name and each type of it. @throws ConnectorError */
export async function readMetricNameCount(source: RowSource, tableName: string, signal: AbortSignal): Promise<readonly Finding[]> {
  const rows = await readTexts(source, `SHOW MEASURES FROM ${tableName}`, signal);
  const count = new Set(rows.map(([name = '']) => name)).size;
  const text = `${count} of ${MAX_MEASURE_NAMES_PER_TABLE} metric names are used`;
  if (count < MAX_MEASURE_NAMES_PER_TABLE * NEARLY_FULL) return [ok('metric names', text)];
  const remedy = 'Keep only what you ask for: write_relabel_configs with action keep on __name__; or a second table';
  return [
    count >= MAX_MEASURE_NAMES_PER_TABLE
      ? failed('metric names', `${text}: samples of any new metric name are refused (too-many-metric-names)`, remedy)
      : warning('metric names', text, remedy),
  ];
}

async function readTexts(source: RowSource, sql: string, signal: AbortSignal): Promise<readonly (readonly (string | undefined)[])[]> {
  const rows: (string | undefined)[][] = [];
  for await (const page of source.query(sql, signal)) {
    for (const { Data } of page.Rows) rows.push((Data ?? []).map(({ ScalarValue }) => ScalarValue));
  }
  return rows;
}
