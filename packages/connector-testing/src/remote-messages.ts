import {
  createSamples,
  encodeReadRequest,
  encodeSnappy,
  encodeWriteRequest,
  encodeWriteRequestV2,
  type LabelMatcher,
  type MetricMetadata,
  type Query,
  type TimeSeries,
  type TimeSeriesV2,
} from '@timestream-prometheus/prom-codec';

/** The headers that Prometheus sends with every remote write and remote read. */
export const PROTOCOL_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
};

/** The headers that Prometheus sends with remote write 2.0. */
export const PROTOCOL_HEADERS_V2: Readonly<Record<string, string>> = {
  'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '2.0.0',
};

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The value of the header `authorization`. */
export function basicAuthorization({ accessKeyId, secretAccessKey }: AccessKey): string {
  return `Basic ${Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString('base64')}`;
}

/** A series with labels in the order given; a `bigint` value is taken as IEEE-754 bits. */
export function series(
  labels: Readonly<Record<string, string>>,
  ...samples: readonly (readonly [timestampMs: number, value: number | bigint])[]
): TimeSeries {
  return {
    labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
    samples: createSamples(samples),
    exemplars: [],
    histograms: [],
  };
}

export function writeBody(timeseries: readonly TimeSeries[], metadata: readonly MetricMetadata[] = []): Uint8Array {
  return encodeSnappy(encodeWriteRequest({ timeseries, metadata }));
}

export function writeBodyV2(timeseries: readonly TimeSeriesV2[]): Uint8Array {
  return encodeSnappy(encodeWriteRequestV2({ timeseries }));
}

export function readBody(queries: readonly Query[], acceptedResponseTypes: readonly number[] = []): Uint8Array {
  return encodeSnappy(encodeReadRequest({ queries, acceptedResponseTypes }));
}

export function query(
  startMs: number,
  endMs: number,
  ...matchers: readonly (readonly [name: string, type: LabelMatcher['type'], value: string])[]
): Query {
  return {
    startTimestampMs: BigInt(startMs),
    endTimestampMs: BigInt(endMs),
    matchers: matchers.map(([name, type, value]) => ({ name, type, value })),
  };
}
