import type { Unload } from '../parse/syntax-tree.js';
import { invalidAt } from '../sql-error.js';

export interface UnloadTarget {
  readonly bucket: string;
  readonly prefix: string;
  readonly options: UnloadOptions;
}

export interface UnloadOptions {
  readonly format: 'CSV' | 'PARQUET';
  readonly compression: 'GZIP' | 'NONE';
  readonly partitionedBy: readonly string[];
  readonly fieldDelimiter: string;
  readonly escapedBy: string;
  readonly includeHeader: boolean;
}

/** Options that say where and how the service encrypts or splits; there is nothing to encrypt here, and one file for each partition. */
const ignoredOptions: ReadonlySet<string> = new Set(['encryption', 'kms_key', 'max_file_size']);

/** What a file of texts needs and a Parquet file has no place for. */
const csvOptions: ReadonlySet<string> = new Set(['field_delimiter', 'escaped_by', 'include_header']);

/** The place and the options of UNLOAD. @throws {SqlError} for an address or an option that there is not. */
export function unloadTarget({ target, properties, position }: Unload): UnloadTarget {
  const address = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(target);
  if (address === null) throw invalidAt(position, `'${target}' is not an address s3://bucket/folder`);
  const given = new Map<string, readonly string[]>();
  for (const { name, values } of properties) {
    const key = name.name.toLowerCase();
    const isKnown = ['format', 'compression', 'partitioned_by', 'field_delimiter', 'escaped_by', 'include_header'].includes(key);
    if (!isKnown && !ignoredOptions.has(key)) throw invalidAt(name.position, `UNLOAD has no option '${name.name}'`);
    given.set(key, values);
  }
  const one = (key: string, otherwise: string): string => given.get(key)?.[0] ?? otherwise;
  const format = one('format', 'CSV').toUpperCase();
  if (format !== 'CSV' && format !== 'PARQUET') throw invalidAt(position, `The format of UNLOAD is CSV or PARQUET, not '${format}'`);
  const ofCsv = properties.find(({ name }) => csvOptions.has(name.name.toLowerCase()));
  if (format === 'PARQUET' && ofCsv !== undefined)
    throw invalidAt(ofCsv.name.position, `The option ${ofCsv.name.name} of UNLOAD belongs to the format CSV, not to PARQUET`);
  const compression = one('compression', 'GZIP').toUpperCase();
  if (compression !== 'GZIP' && compression !== 'NONE')
    throw invalidAt(position, `The compression of UNLOAD is GZIP or NONE, not '${compression}'`);
  const [delimiter, escape] = [one('field_delimiter', ','), one('escaped_by', '\\')];
  if (delimiter.length !== 1 || escape.length !== 1) throw invalidAt(position, 'field_delimiter and escaped_by are one character each');
  return {
    bucket: address[1] ?? '',
    prefix: address[2] ?? '',
    options: {
      format,
      compression,
      partitionedBy: given.get('partitioned_by') ?? [],
      fieldDelimiter: delimiter,
      escapedBy: escape,
      includeHeader: one('include_header', 'false').toLowerCase() === 'true',
    },
  };
}
