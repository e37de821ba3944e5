import { assertWithin, DEFAULT_READ_RESPONSE_LIMITS, type ReadResponseLimits } from './limits.js';
import type { ReadResponse } from './model.js';
import { type MessageShape, ProtobufReader, WIRE_BYTES } from './protobuf-reader.js';
import { MAX_SAMPLE_BYTES, ProtobufWriter } from './protobuf-writer.js';
import { lastStepOf } from './last-step-of.js';
import { StepPace } from './step-pace.js';
import { TimeSeriesReader, writeTimeSeriesInSteps } from './time-series.js';

const READ_RESPONSE: MessageShape = { name: 'ReadResponse', fields: { 1: 'results' } };
const QUERY_RESULT: MessageShape = { name: 'QueryResult', fields: { 1: 'timeseries' } };

/**
 * Decode a `prometheus.ReadResponse` (`prompb/remote.proto`), the answer of type SAMPLES.
 *
 * @throws CodecError `truncated`, `malformed`, or `too-large` if a limit is exceeded; limits left out have their default
 */
export function decodeReadResponse(bytes: Uint8Array, limits: Partial<ReadResponseLimits> = {}): ReadResponse {
  const bounds = { ...DEFAULT_READ_RESPONSE_LIMITS, ...limits };
  const reader = new ProtobufReader(bytes);
  const timeseries = new TimeSeriesReader(reader, bounds);
  const resultEnds: number[] = [];
  while (!reader.atEnd()) {
    const tag = reader.readTag(READ_RESPONSE);
    if (tag !== ((1 << 3) | WIRE_BYTES)) {
      reader.skip(tag, READ_RESPONSE);
      continue;
    }
    assertWithin(bounds.maxResults, 'maxResults', resultEnds.length + 1, 'ReadResponse.results', reader.position);
    const outerEnd = reader.enter('ReadResponse.results');
    while (!reader.atEnd()) {
      const innerTag = reader.readTag(QUERY_RESULT);
      if (innerTag === ((1 << 3) | WIRE_BYTES)) timeseries.read('QueryResult.timeseries');
      else reader.skip(innerTag, QUERY_RESULT);
    }
    reader.leave(outerEnd);
    resultEnds.push(timeseries.count);
  }
  const all = timeseries.finish();
  return { results: resultEnds.map((end, index) => ({ timeseries: all.slice(resultEnds[index - 1] ?? 0, end) })) };
}

/** Samples, or buckets of histograms, that are written between two steps of {@link encodeReadResponseInSteps}: a few milliseconds. */
const SAMPLES_PER_STEP = 50_000;

/** What the labels of a series cost beside a sample. */
const SAMPLES_OF_LABELS = 20;

const EXPECTED_SAMPLE_BYTES = 19;
const EXPECTED_SERIES_BYTES = 256;

/** Encode a `prometheus.ReadResponse`. Zero-valued samples are written, so `-0.0` stays `-0.0`. */
export function encodeReadResponse(response: ReadResponse): Uint8Array {
  return lastStepOf(encodeReadResponseInSteps(response));
}

/** The same for large answers: it yields again and again, so that whoever drives it can let others work in between. */
export function* encodeReadResponseInSteps(response: ReadResponse): Generator<void, Uint8Array, void> {
  const writer = new ProtobufWriter(expectedBytes(response));
  const pace = new StepPace(SAMPLES_PER_STEP);
  for (const result of response.results) {
    const start = writer.begin(1);
    for (const series of result.timeseries) {
      yield* writeTimeSeriesInSteps(writer, 1, series, pace);
      if (pace.isDue(SAMPLES_OF_LABELS)) yield;
    }
    writer.end(start);
  }
  return writer.finishInPlace();
}

/** What a sample takes whose time is one of this century, and more than most labels take. Growing costs a copy of what is written. */
function expectedBytes({ results }: ReadResponse): number {
  let bytes = 1024;
  for (const { timeseries } of results) {
    for (const { samples } of timeseries)
      bytes += MAX_SAMPLE_BYTES + EXPECTED_SERIES_BYTES + EXPECTED_SAMPLE_BYTES * samples.timestampsMs.length;
  }
  return bytes;
}
