/** What of a table is decided when it is made, and what its retention is now. */
export interface TableDescription {
  /** ACTIVE, DELETING or RESTORING. */
  readonly status: string;
  readonly arn: string;
  readonly memoryStoreRetentionHours: number;
  readonly magneticStoreRetentionDays: number;
  readonly magneticStoreWrites: boolean;
  readonly partitionKey: PartitionKey;
}

/** How Timestream spreads the series of a table. It cannot be changed afterwards (developer guide, customer-defined partition keys). */
export type PartitionKey =
  | { readonly kind: 'measure' }
  /** A record without a required dimension is rejected. */
  | { readonly kind: 'dimension'; readonly name: string; readonly isRequired: boolean };

export interface NewTable {
  readonly memoryStoreRetentionHours: number;
  readonly magneticStoreRetentionDays: number;
  readonly magneticStoreWrites: boolean;
  readonly partitionKey: PartitionKey;
}

/** The credentials in use, without what must not be shown. */
export interface FoundCredentials {
  readonly accessKeyId: string;
  readonly isTemporary: boolean;
  readonly expiresMs: number | undefined;
}

/**
 * What commands for people ask of Timestream beside samples. Every method throws ConnectorError, in the same words as writes and reads.
 */
export interface TableAdmin {
  findCredentials(): Promise<FoundCredentials>;
  /** The host that the service names for this account and region. */
  discoverEndpoint(service: 'write' | 'query', signal: AbortSignal): Promise<string>;
  assertDatabase(signal: AbortSignal): Promise<void>;
  describeTable(signal: AbortSignal): Promise<TableDescription>;
  /** False if it was there. */
  createDatabase(signal: AbortSignal): Promise<boolean>;
  /** False if it was there. */
  createTable(table: NewTable, signal: AbortSignal): Promise<boolean>;
  /** Starts a query, reads its first page and cancels it: whether that may be done is seen by doing it. */
  startAndCancelQuery(sql: string, signal: AbortSignal): Promise<void>;
  /** How far the clock of the service is ahead of ours, in milliseconds, as its newest answer showed it; undefined before any. */
  readonly clockLeadMs: number | undefined;
  close(): void;
}
