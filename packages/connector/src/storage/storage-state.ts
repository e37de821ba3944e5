import type { Config } from '../config/parse-config.js';
import type { Clock, Logger, MetricsSink, Storage } from '../ports.js';
import { Packing } from '../read/packed/packing.js';
import { RememberedSchema } from '../read/remembered-schema.js';
import { describeTable } from '../write/describe-table.js';
import { StoredBatches } from '../write/stored-batches.js';
import { TableDimensions } from '../write/table-dimensions.js';

/** What is remembered beside the storage of one credential: two keys may belong to two accounts, whose tables share nothing but a name. */
export interface StorageState {
  readonly dimensions: TableDimensions;
  readonly stored: StoredBatches;
  readonly schema: RememberedSchema;
  readonly packing: Packing;
}

export function createStorageState(
  source: Storage,
  { defaultDatabase: database, defaultTable: table, readStrategy }: Pick<Config, 'defaultDatabase' | 'defaultTable' | 'readStrategy'>,
  { logger, metrics, clock }: { readonly logger: Logger; readonly metrics: MetricsSink; readonly clock: Clock },
): StorageState {
  return {
    dimensions: new TableDimensions(() => describeTable({ source, database, table, logger })),
    stored: new StoredBatches(clock),
    schema: new RememberedSchema(),
    packing: new Packing({ isWanted: readStrategy === 'packed', logger, metrics }),
  };
}
