import { gzipSync } from 'node:zlib';
import { validationError } from '../service-error.js';
import type { UnloadInsights } from '../query/query-insights.js';
import type { ColumnInfo, Datum, Row, UnloadStatement } from '../sql/engine.js';
import { randomBase32 } from '../wire/request-id.js';
import type { BucketFolder } from './bucket-folder.js';
import { csvLine } from './csv.js';

export interface UnloadAnswer extends UnloadInsights {
  readonly columns: readonly ColumnInfo[];
  readonly rows: readonly Row[];
}

const author = { name: 'Amazon Timestream', manifest_file_version: '1.0' };

/** Refuses what there is not here, before the query runs. @throws {ServiceError} ValidationException */
export function checkUnload({ options, columns }: UnloadStatement): void {
  const missing = options.partitionedBy.find((name) => !columns.some((column) => column.Name === name));
  if (missing !== undefined) throw validationError(`Column '${missing}' of partitioned_by is not in the select list.`);
  if (columns.some(({ Type }) => !('ScalarType' in Type))) throw validationError('UNLOAD to CSV takes columns of scalar types only.');
}

/**
 * Writes a result as the service unloads it: the rows under `results/`, a manifest and the metadata beside them (developer guide, "UNLOAD
 * concepts"). The answer is one row: how many rows there are, and where the two files lie.
 */
export async function unload(statement: UnloadStatement, rows: readonly Row[], buckets: BucketFolder): Promise<UnloadAnswer> {
  const { bucket, prefix, options, columns } = statement;
  const id = randomBase32(15);
  const folder = prefix === '' ? '' : `${prefix.replace(/\/$/, '')}/`;
  const partitionIndexes = options.partitionedBy.map((name) => columns.findIndex((column) => column.Name === name));
  const kept = columns.flatMap((_, index) => (partitionIndexes.includes(index) ? [] : [index]));
  const format = { separator: options.fieldDelimiter, quote: '"', escape: options.escapedBy };
  const textsByPartition = new Map<string, { text: string; rows: number }>();
  for (const { Data } of rows) {
    const partition = partitionIndexes
      .map((index) => `${columns[index]?.Name ?? ''}=${encodeURIComponent(textOf(Data[index]) ?? '__HIVE_DEFAULT_PARTITION__')}/`)
      .join('');
    const file = textsByPartition.get(partition) ?? {
      text: options.includeHeader
        ? csvLine(
            kept.map((index) => columns[index]?.Name),
            format,
          )
        : '',
      rows: 0,
    };
    file.text += csvLine(
      kept.map((index) => textOf(Data[index])),
      format,
    );
    file.rows += 1;
    textsByPartition.set(partition, file);
  }
  const results: object[] = [];
  let totalBytes = 0;
  for (const [partition, { text, rows: rowCount }] of textsByPartition) {
    const isPlain = options.compression === 'NONE';
    const key = `${folder}results/${partition}${id}_00000.csv${isPlain ? '' : '.gz'}`;
    const content = isPlain ? Buffer.from(text) : gzipSync(text);
    await buckets.write(bucket, key, content);
    totalBytes += content.length;
    results.push({ url: `s3://${bucket}/${key}`, file_metadata: { content_length_in_bytes: content.length, row_count: rowCount } });
  }
  const manifest = {
    result_files: results,
    query_metadata: {
      content_length_in_bytes: totalBytes,
      total_row_count: rows.length,
      result_format: 'CSV',
      result_version: 'Amazon Timestream version 1.0.0',
    },
    author,
  };
  const [manifestKey, metadataKey] = [`${folder}${id}_manifest.json`, `${folder}${id}_metadata.json`];
  await buckets.write(bucket, manifestKey, JSON.stringify(manifest, undefined, 2));
  await buckets.write(bucket, metadataKey, JSON.stringify({ ColumnInfo: columns, Author: author }, undefined, 2));
  const scalar = (Name: string, ScalarType: 'BIGINT' | 'VARCHAR'): ColumnInfo => ({ Name, Type: { ScalarType } });
  return {
    UnloadPartitionCount: textsByPartition.size,
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

function textOf(datum: Datum | undefined): string | undefined {
  return datum !== undefined && 'ScalarValue' in datum ? datum.ScalarValue : undefined;
}
