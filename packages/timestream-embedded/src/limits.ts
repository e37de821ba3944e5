import { memoryShares, type MemoryShares } from './memory-shares.js';

/**
 * The service limits that this server enforces. Source: Amazon Timestream developer guide, "Quotas", and the API models of
 * 2018-11-01. Every one of them can be lowered (or raised) for a test.
 */
export interface TimestreamLimits {
  readonly maxDatabases: number;
  readonly maxTables: number;
  readonly maxResourceNameBytes: number;
  readonly maxRecordsPerRequest: number;
  /** Of a single-measure record: 8 bytes of time, dimension names and values, measure name and value. */
  readonly maxRecordBytes: number;
  /** All measure values of a multi-measure record together ("Size of measure values per multi-measure record"); their names do not count. */
  readonly maxMultiMeasureBytes: number;
  readonly maxDimensionsPerTable: number;
  /** All dimension names and values of one series together. */
  readonly maxSeriesDimensionBytes: number;
  readonly maxDimensionNameBytes: number;
  readonly maxMeasureNameBytes: number;
  readonly maxMeasureNamesPerTable: number;
  readonly maxMeasuresPerRecord: number;
  /** Different attribute names over all multi-measure records of a table. */
  readonly maxMultiMeasureColumnsPerTable: number;
  readonly maxValueBytes: number;
  readonly maxFutureMs: number;
  readonly maxQueryStringBytes: number;
  readonly maxRowsPerPage: number;
  readonly maxPageBytes: number;
  readonly maxResultMetadataBytes: number;
  readonly maxQueryCallMs: number;
  readonly maxTokenUses: number;
  readonly maxTokenAgeMs: number;
  /** Queries with QueryInsights ENABLED_WITH_RATE_CONTROL (API reference, Query: 1 a second). */
  readonly maxInsightsQueriesPerSecond: number;
}

export const serviceLimits: TimestreamLimits = {
  maxDatabases: 500,
  maxTables: 50_000,
  maxResourceNameBytes: 256,
  maxRecordsPerRequest: 100,
  maxRecordBytes: 2048,
  maxMultiMeasureBytes: 2048,
  maxDimensionsPerTable: 128,
  maxSeriesDimensionBytes: 2048,
  maxDimensionNameBytes: 60,
  maxMeasureNameBytes: 256,
  maxMeasureNamesPerTable: 8192,
  maxMeasuresPerRecord: 256,
  maxMultiMeasureColumnsPerTable: 1024,
  maxValueBytes: 2048,
  maxFutureMs: 15 * 60_000,
  maxQueryStringBytes: 262_144,
  maxRowsPerPage: 1000,
  maxPageBytes: 1_048_576,
  maxResultMetadataBytes: 102_400,
  maxQueryCallMs: 60_000,
  maxTokenUses: 5,
  maxTokenAgeMs: 3_600_000,
  maxInsightsQueriesPerSecond: 1,
};

/** Bounds of this server itself, not of the service: they keep one process healthy whatever it is sent. */
export interface ServerBounds extends MemoryShares {
  readonly maxBodyBytes: number;
  /** Requests being worked on at once; more are answered with ThrottlingException. */
  readonly maxRequestsInFlight: number;
  /** DuckDB runs on the four threads of Node's pool: queries leave one of them to the writer. */
  readonly maxConcurrentQueries: number;
  /** Queries that wait for their turn; more are answered with ThrottlingException. */
  readonly maxWaitingQueries: number;
  readonly maxRememberedClientTokens: number;
  /** Records that one DuckDB transaction takes at most. */
  readonly maxRecordsPerCommit: number;
  /** WriteRecords requests that wait for their commit; more are answered with ThrottlingException. */
  readonly maxWaitingWrites: number;
  /** How long close() waits for requests that are being answered. */
  readonly maxCloseMs: number;
  /** DuckDB's own memory bound, in its notation. */
  readonly duckdbMemoryLimit: string;
}

export const serverBounds: ServerBounds = {
  maxBodyBytes: 4 * 1_048_576,
  ...memoryShares('2GB'),
  maxRequestsInFlight: 512,
  maxConcurrentQueries: 3,
  maxWaitingQueries: 256,
  maxRememberedClientTokens: 10_000,
  maxRecordsPerCommit: 20_000,
  maxWaitingWrites: 2_000,
  maxCloseMs: 5_000,
  duckdbMemoryLimit: '2GB',
};
