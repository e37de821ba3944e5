import { writeHistogram } from './histogram.js';
import { METRIC_TYPES } from './metric-types.js';
import type { Label, MetricType, TimeSeries } from './model.js';
import { ProtobufWriter } from './protobuf-writer.js';

/** A series of remote write 2.0: what a series of 1.0 has, its metric's metadata, and since when its samples count. */
export interface TimeSeriesV2 extends TimeSeries {
  readonly metadata?: { readonly type: MetricType; readonly help: string; readonly unit: string };
  /** One for each sample, 0 if not known. */
  readonly startTimestampsMs?: BigInt64Array;
}

export interface WriteRequestV2 {
  readonly timeseries: readonly TimeSeriesV2[];
}

/** Encode an `io.prometheus.write.v2.Request`. Each text stands once among the symbols, the first of which is empty. */
export function encodeWriteRequestV2(request: WriteRequestV2): Uint8Array {
  const refByText = new Map([['', 0]]);
  const refOf = (text: string): number => {
    const known = refByText.get(text);
    if (known !== undefined) return known;
    refByText.set(text, refByText.size);
    return refByText.size - 1;
  };
  const refsOf = (labels: readonly Label[]): number[] => labels.flatMap(({ name, value }) => [refOf(name), refOf(value)]);

  const series = new ProtobufWriter();
  for (const one of request.timeseries) writeSeries(series, one, refOf, refsOf);
  const symbols = new ProtobufWriter();
  for (const text of refByText.keys()) symbols.repeatedString(4, text);
  const head = symbols.finish();
  const body = series.finish();
  const message = new Uint8Array(head.length + body.length);
  message.set(head);
  message.set(body, head.length);
  return message;
}

function writeSeries(
  writer: ProtobufWriter,
  series: TimeSeriesV2,
  refOf: (text: string) => number,
  refsOf: (labels: readonly Label[]) => number[],
): void {
  const start = writer.begin(5);
  writer.packedUint32(1, refsOf(series.labels));
  if (series.startTimestampsMs === undefined) writer.samples(2, series.samples);
  else {
    const { timestampsMs, valueBits } = series.samples;
    for (let index = 0; index < timestampsMs.length; index++) {
      const sampleStart = writer.begin(2);
      writer.presentDouble(1, valueBits[index] ?? 0n);
      writer.int64(2, timestampsMs[index] ?? 0n);
      writer.int64(3, series.startTimestampsMs[index] ?? 0n);
      writer.end(sampleStart);
    }
  }
  for (const histogram of series.histograms) writeHistogram(writer, 3, histogram);
  for (const exemplar of series.exemplars) {
    const exemplarStart = writer.begin(4);
    writer.packedUint32(1, refsOf(exemplar.labels));
    writer.presentDouble(2, exemplar.valueBits);
    writer.int64(3, exemplar.timestampMs);
    writer.end(exemplarStart);
  }
  if (series.metadata !== undefined) {
    const metadataStart = writer.begin(5);
    writer.uint32(1, METRIC_TYPES.indexOf(series.metadata.type));
    writer.uint32(3, refOf(series.metadata.help));
    writer.uint32(4, refOf(series.metadata.unit));
    writer.end(metadataStart);
  }
  writer.end(start);
}
