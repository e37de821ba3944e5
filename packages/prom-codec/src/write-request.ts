import { assertWithin, DEFAULT_WRITE_REQUEST_LIMITS, type WriteRequestLimits } from './limits.js';
import { METRIC_TYPES } from './metric-types.js';
import type { MetricMetadata, MetricType, WriteRequest } from './model.js';
import { type MessageShape, ProtobufReader, WIRE_BYTES, WIRE_VARINT } from './protobuf-reader.js';
import { ProtobufWriter } from './protobuf-writer.js';
import { TimeSeriesReader, writeTimeSeries } from './time-series.js';

/** `prompb/remote.proto`, WriteRequest. Field 2 is Cortex' `source`: reserved, skipped. */
export const WRITE_REQUEST: MessageShape = { name: 'WriteRequest', fields: { 1: 'timeseries', 3: 'metadata' } };
/** `prompb/types.proto`, MetricMetadata. There is no field 3. */
const METRIC_METADATA: MessageShape = { name: 'MetricMetadata', fields: { 1: 'type', 2: 'metric_family_name', 4: 'help', 5: 'unit' } };

/**
 * Decode a `prometheus.WriteRequest` (remote write 1.0). Unknown fields are skipped, several requests one after the other are one request,
 * labels and samples come out in the order in which they came in.
 *
 * @throws CodecError `truncated`, `malformed`, or `too-large` if a limit is exceeded; limits left out have their default
 */
export function decodeWriteRequest(bytes: Uint8Array, limits: Partial<WriteRequestLimits> = {}): WriteRequest {
  const bounds = { ...DEFAULT_WRITE_REQUEST_LIMITS, ...limits };
  const reader = new ProtobufReader(bytes);
  const timeseries = new TimeSeriesReader(reader, bounds);
  const metadata: MetricMetadata[] = [];
  while (!reader.atEnd()) {
    const tag = reader.readTag(WRITE_REQUEST);
    if (tag === ((1 << 3) | WIRE_BYTES)) {
      timeseries.read('WriteRequest.timeseries');
    } else if (tag === ((3 << 3) | WIRE_BYTES)) {
      assertWithin(bounds.maxMetadata, 'maxMetadata', metadata.length + 1, 'WriteRequest.metadata', reader.position);
      metadata.push(readMetadata(reader));
    } else reader.skip(tag, WRITE_REQUEST);
  }
  return { timeseries: timeseries.finish(), metadata };
}

/** Encode a `prometheus.WriteRequest`. Zero-valued samples are written, so `-0.0` stays `-0.0`. */
export function encodeWriteRequest(request: WriteRequest): Uint8Array {
  const writer = new ProtobufWriter();
  for (const series of request.timeseries) writeTimeSeries(writer, 1, series);
  for (const metadata of request.metadata) {
    const start = writer.begin(3);
    writer.uint32(1, METRIC_TYPES.indexOf(metadata.type));
    writer.string(2, metadata.metricFamilyName);
    writer.string(4, metadata.help);
    writer.string(5, metadata.unit);
    writer.end(start);
  }
  return writer.finish();
}

export function readMetadata(reader: ProtobufReader): MetricMetadata {
  const outerEnd = reader.enter('WriteRequest.metadata');
  let type: MetricType = 'unknown';
  let metricFamilyName = '';
  let help = '';
  let unit = '';
  while (!reader.atEnd()) {
    const tag = reader.readTag(METRIC_METADATA);
    if (tag === ((1 << 3) | WIRE_VARINT)) type = METRIC_TYPES[reader.readInt32('MetricMetadata.type')] ?? 'unknown';
    else if (tag === ((2 << 3) | WIRE_BYTES)) metricFamilyName = reader.readString('MetricMetadata.metric_family_name');
    else if (tag === ((4 << 3) | WIRE_BYTES)) help = reader.readString('MetricMetadata.help');
    else if (tag === ((5 << 3) | WIRE_BYTES)) unit = reader.readString('MetricMetadata.unit');
    else reader.skip(tag, METRIC_METADATA);
  }
  reader.leave(outerEnd);
  return { type, metricFamilyName, help, unit };
}
