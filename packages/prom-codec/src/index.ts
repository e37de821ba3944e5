export { decodeChunkedReadFrames, encodeChunkedReadFrame } from './chunked-read-response.js';
export { chunkedReadFrameBytes, splitSeriesIntoFrames } from './chunked-read-size.js';
export { CodecError, type CodecErrorCode } from './codec-error.js';
export { compareLabels, compareUtf8 } from './compare-labels.js';
export { countEntries } from './count-entries.js';
export { crc32c } from './crc32c.js';
export { createSnappyDecoder, decodeSnappy, type SnappyDecoder, type SnappyLimits } from './decode-snappy.js';
export { decodeWriteColumns, type DecodeWriteColumnsOptions } from './decode-write-columns.js';
export { decodeWriteColumnsV2, type DecodeWriteColumnsV2Options } from './decode-write-columns-v2.js';
export { encodeSnappy, encodeSnappyInSteps } from './encode-snappy.js';
export { encodeWriteRequestV2, type TimeSeriesV2, type WriteRequestV2 } from './encode-write-request-v2.js';
export { decodeHistogramChunk, encodeHistogramChunks } from './histogram-chunk.js';
export { type LabelSet, LabelSetCache, type LabelSetCacheOptions } from './label-set-cache.js';
export {
  type ChunkedReadLimits,
  DEFAULT_CHUNKED_READ_LIMITS,
  DEFAULT_READ_REQUEST_LIMITS,
  DEFAULT_READ_RESPONSE_LIMITS,
  DEFAULT_WRITE_REQUEST_LIMITS,
  DEFAULT_WRITE_REQUEST_V2_LIMITS,
  type ReadRequestLimits,
  type ReadResponseLimits,
  type SeriesLimits,
  type WriteRequestLimits,
  type WriteRequestV2Limits,
} from './limits.js';
export type {
  BucketSpan,
  Chunk,
  ChunkedReadResponse,
  ChunkedSeries,
  ChunkEncoding,
  Exemplar,
  Histogram,
  HistogramResetHint,
  Label,
  LabelMatcher,
  MatcherType,
  MetricMetadata,
  MetricType,
  Query,
  QueryResult,
  ReadHints,
  ReadRequest,
  ReadResponse,
  ResponseType,
  Samples,
  TimeSeries,
  WriteRequest,
} from './model.js';
export { METRIC_TYPES } from './metric-types.js';
export { decodeReadRequest, encodeReadRequest } from './read-request.js';
export { decodeReadResponse, encodeReadResponse, encodeReadResponseInSteps } from './read-response.js';
export { bitsFromFloat, createSamples, floatFromBits, floatsOf, NORMAL_NAN_BITS, STALE_NAN_BITS } from './samples.js';
export { samplesOfHistogram } from './step-pace.js';
export { encodeSeriesChunks, encodeSeriesChunksInSteps, MAX_SAMPLES_PER_CHUNK } from './series-chunks.js';
export { reduceToStoredSchema } from './reduce-histogram.js';
export { decodeWriteRequest, encodeWriteRequest } from './write-request.js';
export {
  assertSegmentHeader,
  decodeStoredChunk,
  decodeTombstones,
  SEGMENT_HEADER_BYTES,
  sizeOfStoredChunk,
  type Tombstone,
} from './tsdb-chunk.js';
export { type BlockChunk, type BlockSeries, TsdbIndex } from './tsdb-index.js';
export { CUSTOM_BUCKETS_SCHEMA, findHistogramFault } from './validate-histogram.js';
export type { MalformedSeries, MalformedSeriesReason, WriteColumns } from './write-columns.js';
export { decodeXorChunk, encodeXorChunk } from './xor-chunk.js';
