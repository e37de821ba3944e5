import type { Config } from '../config/parse-config.js';
import type { Logger, MetricsSink, Storage } from '../ports.js';
import { Packing } from '../read/packed/packing.js';
import { RememberedSchema } from '../read/remembered-schema.js';
import { describeTable } from '../write/describe-table.js';
import { TableDimensions } from '../write/table-dimensions.js';

/** What is remembered beside the storage of one credential: two keys may belong to two accounts, whose tables share nothing but a name. */
export interface StorageState {
  readonly dimensions: TableDimensions;
  readonly schema: RememberedSchema;
  readonly packing: Packing;
}

export function createStorageState(
  source: Storage,
  { defaultDatabase: database, defaultTable: table, readStrategy }: Pick<Config, 'defaultDatabase' | 'defaultTable' | 'readStrategy'>,
  { logger, metrics }: { readonly logger: Logger; readonly metrics: MetricsSink },
): StorageState {
  return {
    dimensions: new TableDimensions(() => describeTable({ source, database, table, logger })),
    schema: new RememberedSchema(),
    packing: new Packing({ isWanted: readStrategy === 'packed', logger, metrics }),
  };
}
