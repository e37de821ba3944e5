import type { Config } from '../config/parse-config.js';
import type { Clock, Destination, Logger, MetricsSink, Storage } from '../ports.js';
import { Packing } from '../read/packed/packing.js';
import { RememberedSchema } from '../read/remembered-schema.js';
import { describeTable } from '../write/describe-table.js';
import { makeLabelsDimension } from '../write/make-labels-dimension.js';
import { KnownMetadata } from '../write/known-metadata.js';
import { StoredBatches } from '../write/stored-batches.js';
import { TableDimensions } from '../write/table-dimensions.js';

/** What is remembered beside the storage of one credential and table: two keys may belong to two accounts, whose tables share nothing but a name. */
export interface StorageState {
  /** The configuration with the table that this is the storage of. */
  readonly config: Config;
  readonly dimensions: TableDimensions;
  readonly stored: StoredBatches;
  readonly metadata: KnownMetadata;
  readonly schema: RememberedSchema;
  readonly packing: Packing;
}

export function createStorageState(
  source: Storage,
  config: Config,
  { database, table }: Destination,
  { logger, metrics, clock }: { readonly logger: Logger; readonly metrics: MetricsSink; readonly clock: Clock },
): StorageState {
  return {
    config: { ...config, defaultDatabase: database, defaultTable: table },
    dimensions: new TableDimensions(
      () => describeTable({ source, database, table, logger }),
      // What the earlier Go connector reads is left as that one writes it.
      config.tableLayout === 'single-measure' ? undefined : () => makeLabelsDimension(source, clock.nowMs()),
      () => clock.nowMs(),
    ),
    stored: new StoredBatches(clock),
    metadata: new KnownMetadata(),
    schema: new RememberedSchema(),
    packing: new Packing({ isWanted: config.readStrategy === 'packed', logger, metrics }),
  };
}
