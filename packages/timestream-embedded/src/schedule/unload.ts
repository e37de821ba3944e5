import { gzipSync } from 'node:zlib';
import { validationError } from '../service-error.js';
import type { UnloadInsights } from '../query/query-insights.js';
import type { ColumnInfo, Datum, Row, ScalarTypeName, UnloadOptions, UnloadStatement } from '../sql/engine.js';
import { encodeParquet, type ParquetColumn } from '../store/encode-parquet.js';
import { randomBase32 } from '../wire/request-id.js';
import type { BucketFolder } from './bucket-folder.js';
import { csvLine } from './csv.js';

export interface UnloadAnswer extends UnloadInsights {
  readonly columns: readonly ColumnInfo[];
  readonly rows: readonly Row[];
}

const author = { name: 'Amazon Timestream', manifest_file_version: '1.0' };

/** What a column of a Parquet file has for a type; the others have none there (developer guide, "UNLOAD": `time` and `unknown` do not apply). */
const parquetTypes: Partial<Record<ScalarTypeName, ParquetColumn['type']>> = {
  VARCHAR: 'VARCHAR',
  BOOLEAN: 'BOOLEAN',
  BIGINT: 'BIGINT',
  INTEGER: 'INTEGER',
  DOUBLE: 'DOUBLE',
  // Nanoseconds, as a TIMESTAMP has them: INT64 with the logical type TIMESTAMP(NANOS).
  TIMESTAMP: 'TIMESTAMP_NS',
  DATE: 'DATE',
};

/** Refuses what there is not here, before the query runs. @throws {ServiceError} ValidationException */
export function checkUnload({ options, columns }: UnloadStatement): void {
  const missing = options.partitionedBy.find((name) => !columns.some((column) => column.Name === name));
  if (missing !== undefined) throw validationError(`Column '${missing}' of partitioned_by is not in the select list.`);
  const { format } = options;
  if (columns.some(({ Type }) => !('ScalarType' in Type))) throw validationError(`UNLOAD to ${format} takes columns of scalar types only.`);
  if (format === 'CSV') return;
  const kept = keptColumns(columns, options.partitionedBy);
  for (const { Name = '', Type } of kept) {
    if ('ScalarType' in Type && parquetTypes[Type.ScalarType] === undefined)
      throw validationError(`UNLOAD to PARQUET has no type for the column '${Name}', which is ${Type.ScalarType}; CSV takes it.`);
  }
  const names = kept.map(({ Name = '' }) => Name.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw validationError(`UNLOAD to PARQUET takes columns whose names differ in more than case; '${twice}' is there twice.`);
  if (names.length === 0) throw validationError('UNLOAD to PARQUET needs a column that it is not partitioned by.');
}

/** What is written: a column that the result is partitioned by is a folder instead. */
function keptColumns(columns: readonly ColumnInfo[], partitionedBy: readonly string[]): readonly ColumnInfo[] {
  return columns.filter(({ Name }) => Name === undefined || !partitionedBy.includes(Name));
}

type Texts = readonly (string | undefined)[];

/**
 * Writes a result as the service unloads it: the rows under `results/`, a manifest and the metadata beside them (developer guide, "UNLOAD
 * concepts"). The answer is one row: how many rows there are, and where the two files lie.
 */
export async function unload(statement: UnloadStatement, rows: readonly Row[], buckets: BucketFolder): Promise<UnloadAnswer> {
  const { bucket, prefix, options, columns } = statement;
  const id = randomBase32(15);
  const folder = prefix === '' ? '' : `${prefix.replace(/\/$/, '')}/`;
  const partitionIndexes = options.partitionedBy.map((name) => columns.findIndex((column) => column.Name === name));
  const written = keptColumns(columns, options.partitionedBy);
  const indexes = written.map((column) => columns.indexOf(column));
  const rowsByPartition = new Map<string, Texts[]>();
  for (const { Data } of rows) {
    const partition = partitionIndexes
      .map((index) => `${columns[index]?.Name ?? ''}=${encodeURIComponent(textOf(Data[index]) ?? '__HIVE_DEFAULT_PARTITION__')}/`)
      .join('');
    const texts = indexes.map((index) => textOf(Data[index]));
    const together = rowsByPartition.get(partition);
    if (together === undefined) rowsByPartition.set(partition, [texts]);
    else together.push(texts);
  }
  const results: object[] = [];
  let totalBytes = 0;
  for (const [partition, texts] of rowsByPartition) {
    const key = `${folder}results/${partition}${id}_00000${endingOf(options)}`;
    const content = options.format === 'CSV' ? encodeCsv(written, texts, options) : await encodeRows(written, texts, options);
    await buckets.write(bucket, key, content);
    totalBytes += content.length;
    results.push({ url: `s3://${bucket}/${key}`, file_metadata: { content_length_in_bytes: content.length, row_count: texts.length } });
  }
  const manifest = {
    result_files: results,
    query_metadata: {
      content_length_in_bytes: totalBytes,
      total_row_count: rows.length,
      result_format: options.format,
      result_version: 'Amazon Timestream version 1.0.0',
    },
    author,
  };
  const [manifestKey, metadataKey] = [`${folder}${id}_manifest.json`, `${folder}${id}_metadata.json`];
  await buckets.write(bucket, manifestKey, JSON.stringify(manifest, undefined, 2));
  await buckets.write(bucket, metadataKey, JSON.stringify({ ColumnInfo: columns, Author: author }, undefined, 2));
  const scalar = (Name: string, ScalarType: 'BIGINT' | 'VARCHAR'): ColumnInfo => ({ Name, Type: { ScalarType } });
  return {
    UnloadPartitionCount: rowsByPartition.size,
    UnloadWrittenRows: rows.length,
    UnloadWrittenBytes: totalBytes,
    columns: [scalar('rows', 'BIGINT'), scalar('metadataFile', 'VARCHAR'), scalar('manifestFile', 'VARCHAR')],
    rows: [
      {
        Data: [
          { ScalarValue: String(rows.length) },
          { ScalarValue: `s3://${bucket}/${metadataKey}` },
          { ScalarValue: `s3://${bucket}/${manifestKey}` },
        ],
      },
    ],
  };
}

function endingOf({ format, compression }: UnloadOptions): string {
  if (format === 'PARQUET') return '.parquet';
  return compression === 'NONE' ? '.csv' : '.csv.gz';
}

function encodeCsv(columns: readonly ColumnInfo[], rows: readonly Texts[], options: UnloadOptions): Buffer {
  const format = { separator: options.fieldDelimiter, quote: '"', escape: options.escapedBy };
  const header = options.includeHeader
    ? csvLine(
        columns.map(({ Name }) => Name),
        format,
      )
    : '';
  const text = header + rows.map((texts) => csvLine(texts, format)).join('');
  return options.compression === 'NONE' ? Buffer.from(text) : gzipSync(text);
}

function encodeRows(columns: readonly ColumnInfo[], rows: readonly Texts[], { compression }: UnloadOptions): Promise<Buffer> {
  const typed = columns.map(({ Name, Type }, index): ParquetColumn => {
    const type = 'ScalarType' in Type ? parquetTypes[Type.ScalarType] : undefined;
    return { name: Name ?? `_col${index}`, type: type ?? 'VARCHAR' };
  });
  return encodeParquet(typed, rows, compression);
}

function textOf(datum: Datum | undefined): string | undefined {
  return datum !== undefined && 'ScalarValue' in datum ? datum.ScalarValue : undefined;
}
