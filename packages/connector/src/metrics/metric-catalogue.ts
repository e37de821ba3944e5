/** A metric of the catalogue. `Label` is the union of its label names, `never` if it has none: a measurement with other labels does not compile. */
export interface MetricDefinition<Label extends string = string> {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** In the order in which a page shows them. Every label has a small, closed set of values. */
  readonly labelNames: readonly Label[];
  /** Upper bounds of a histogram, in its unit. */
  readonly buckets?: readonly number[];
}

export interface CounterDefinition<Label extends string = string> extends MetricDefinition<Label> {
  readonly type: 'counter';
}

export interface GaugeDefinition<Label extends string = string> extends MetricDefinition<Label> {
  readonly type: 'gauge';
}

export interface HistogramDefinition<Label extends string = string> extends MetricDefinition<Label> {
  readonly type: 'histogram';
}

/** Values of the label `endpoint`: what a request was for. */
export type Endpoint = 'write' | 'read' | 'other';

const SECONDS_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * Everything that the connector measures. The edges register it with their metrics library; the core and its storage report to it
 * through `MetricsSink`. The first six have the names and the meaning that they have in the earlier Go connector.
 */
export const METRICS = {
  receivedSamples: {
    name: 'timestream_connector_received_samples_total',
    type: 'counter',
    help: 'Samples, native histograms and exemplars received by remote write.',
    labelNames: [],
  },
  ignoredSamples: {
    name: 'timestream_connector_ignored_samples_total',
    type: 'counter',
    help: 'Samples that were not sent to Timestream; timestream_connector_dropped_samples_total says why.',
    labelNames: [],
  },
  writeRequests: {
    name: 'timestream_connector_write_requests_total',
    type: 'counter',
    help: 'WriteRecords calls to Timestream, failed ones included.',
    labelNames: [],
  },
  writeDuration: {
    name: 'timestream_connector_write_duration_seconds',
    type: 'histogram',
    help: 'Time of one WriteRecords call, its retries included.',
    labelNames: [],
    buckets: SECONDS_BUCKETS,
  },
  readRequests: {
    name: 'timestream_connector_read_requests_total',
    type: 'counter',
    help: 'Query calls to Timestream, one per page, failed ones included.',
    labelNames: [],
  },
  readDuration: {
    name: 'timestream_connector_read_duration_seconds',
    type: 'histogram',
    help: 'Time of one Query call (one page), its retries included.',
    labelNames: [],
    buckets: SECONDS_BUCKETS,
  },
  responses: {
    name: 'timestream_connector_responses_total',
    type: 'counter',
    help: 'Answers to clients by endpoint (write, read, other), HTTP status and error code (none, or a code of docs/errors.md). A streamed answer that broke after it began has status 200 and a code.',
    labelNames: ['endpoint', 'status', 'error'],
  },
  requestDuration: {
    name: 'timestream_connector_request_duration_seconds',
    type: 'histogram',
    help: 'Time from a complete request to its answer, of a streamed one to its end, by endpoint.',
    labelNames: ['endpoint'],
    buckets: SECONDS_BUCKETS,
  },
  readBytesInFlight: {
    name: 'timestream_connector_read_bytes_in_flight',
    type: 'gauge',
    help: 'What reads, PromQL queries and questions for labels hold of max-read-bytes-in-flight: pages, samples, steps, answers.',
    labelNames: [],
  },
  requestsInFlight: {
    name: 'timestream_connector_requests_in_flight',
    type: 'gauge',
    help: 'Requests being worked on, by endpoint.',
    labelNames: ['endpoint'],
  },
  receivedMetadata: {
    name: 'timestream_connector_received_metadata_total',
    type: 'counter',
    help: 'Metadata entries received by remote write, of which few are new and written.',
    labelNames: [],
  },
  writtenMetadata: {
    name: 'timestream_connector_written_metadata_total',
    type: 'counter',
    help: 'Metadata entries that were written to Timestream: new or changed ones, and once a day each.',
    labelNames: [],
  },
  droppedMetadata: {
    name: 'timestream_connector_dropped_metadata_total',
    type: 'counter',
    help: 'Metadata entries that were not sent to Timestream, or rejected by it, by reason.',
    labelNames: ['reason'],
  },
  metadataOnlyRequests: {
    name: 'timestream_connector_metadata_only_requests_total',
    type: 'counter',
    help: 'Write requests that carried metadata and no series.',
    labelNames: [],
  },
  ignoredStartTimestamps: {
    name: 'timestream_connector_ignored_start_timestamps_total',
    type: 'counter',
    help: 'Start timestamps of samples received by remote write 2.0, which no layout has a place for; the samples are stored.',
    labelNames: [],
  },
  droppedSamples: {
    name: 'timestream_connector_dropped_samples_total',
    type: 'counter',
    help: 'Samples, histograms and exemplars that were not sent to Timestream, by reason.',
    labelNames: ['reason'],
  },
  rejectedRecords: {
    name: 'timestream_connector_rejected_records_total',
    type: 'counter',
    help: 'Records that Timestream rejected, by class of its reason.',
    labelNames: ['reason'],
  },
  unstoredSamples: {
    name: 'timestream_connector_unstored_samples_total',
    type: 'counter',
    help: 'Samples that were not stored because their write request ended with a final failure, by error code; senders give them up. Rejected records are not among them.',
    labelNames: ['error'],
  },
  storedRecords: {
    name: 'timestream_connector_stored_records_total',
    type: 'counter',
    help: 'Records (one per sample) that Timestream stored; a sample that is sent again counts again.',
    labelNames: [],
  },
  knownRecords: {
    name: 'timestream_connector_known_records_total',
    type: 'counter',
    help: 'Records that were not sent to Timestream again because it had stored them for an earlier attempt of the same request.',
    labelNames: [],
  },
  relearnedDimensions: {
    name: 'timestream_connector_relearned_dimensions_total',
    type: 'counter',
    help: 'Times the dimensions of a table were learned again because Timestream refused records for their dimensions.',
    labelNames: [],
  },
  meteredWriteBytes: {
    name: 'timestream_connector_metered_write_bytes_total',
    type: 'counter',
    help: 'Estimate of the bytes that Timestream charges for writes: each successful call rounded up to 1 KiB.',
    labelNames: [],
  },
  meteredQueryBytes: {
    name: 'timestream_connector_metered_query_bytes_total',
    type: 'counter',
    help: 'Bytes that Timestream says it metered for queries.',
    labelNames: [],
  },
  timestreamCalls: {
    name: 'timestream_connector_timestream_calls_total',
    type: 'counter',
    help: 'Calls to Timestream by operation (WriteRecords, Query, CancelQuery) and outcome (ok, rejected, or a code of docs/errors.md).',
    labelNames: ['operation', 'outcome'],
  },
  timestreamRetries: {
    name: 'timestream_connector_timestream_retries_total',
    type: 'counter',
    help: 'Attempts after the first one, by operation.',
    labelNames: ['operation'],
  },
  timestreamCallsInFlight: {
    name: 'timestream_connector_timestream_calls_in_flight',
    type: 'gauge',
    help: 'Calls to Timestream in flight, by operation.',
    labelNames: ['operation'],
  },
  readQueries: {
    name: 'timestream_connector_read_queries_total',
    type: 'counter',
    help: 'Queries of remote read requests that were answered.',
    labelNames: [],
  },
  readQueryReruns: {
    name: 'timestream_connector_read_query_reruns_total',
    type: 'counter',
    help: 'Queries that were sent to Timestream again because the columns of the table were others than assumed.',
    labelNames: [],
  },
  packedReadChecks: {
    name: 'timestream_connector_packed_read_checks_total',
    type: 'counter',
    help: 'Packed reads of which a slice was read as rows too, by whether both were equal.',
    labelNames: ['outcome'],
  },
  packedReadFaults: {
    name: 'timestream_connector_packed_read_faults_total',
    type: 'counter',
    help: 'Packed reads that were answered from rows instead, by reason. `bins` only turns off that samples are left out which a PromQL query cannot need, `aggregation` that Timestream aggregates series for one, `steps` that times are left out; all others but `failed` turn packed reads off.',
    labelNames: ['fault'],
  },
  readPages: {
    name: 'timestream_connector_read_pages_total',
    type: 'counter',
    help: 'Pages read from Timestream.',
    labelNames: [],
  },
  readRows: {
    name: 'timestream_connector_read_rows_total',
    type: 'counter',
    help: 'Rows read from Timestream.',
    labelNames: [],
  },
  readSeries: {
    name: 'timestream_connector_read_series_total',
    type: 'counter',
    help: 'Series in answers to remote read.',
    labelNames: [],
  },
  readSamples: {
    name: 'timestream_connector_read_samples_total',
    type: 'counter',
    help: 'Samples in answers to remote read.',
    labelNames: [],
  },
  openStorages: {
    name: 'timestream_connector_open_storages',
    type: 'gauge',
    help: 'Pairs of credentials and table whose Timestream clients are open.',
    labelNames: [],
  },
  lostWorkers: {
    name: 'timestream_connector_lost_workers_total',
    type: 'counter',
    help: 'Worker threads that ended by themselves, for want of memory for instance.',
    labelNames: [],
  },
  fileReloads: {
    name: 'timestream_connector_file_reloads_total',
    type: 'counter',
    help: 'Times that a file had changed and was read again, by file (users, tls) and outcome: ok, or failed, and then what was read before is used on.',
    labelNames: ['file', 'outcome'],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** Every metric, in the order of the documentation. */
export const METRIC_CATALOGUE: readonly MetricDefinition[] = Object.values(METRICS);
