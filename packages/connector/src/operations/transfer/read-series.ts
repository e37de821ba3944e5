import {
  decodeChunkedReadFrames,
  decodeHistogramChunk,
  decodeReadResponse,
  decodeSnappy,
  decodeXorChunk,
  encodeReadRequest,
  encodeSnappy,
  type ChunkedSeries,
  type Histogram,
  type Label,
  type LabelMatcher,
} from '@timestream-prometheus/prom-codec';
import { ConnectorError } from '../../errors/connector-error.js';
import { collectBody } from '../../http/whole-body.js';
import { bodyInHand, type Connector } from '../../seam.js';

/** A server that is asked by remote read: a connector of one's own, a running one, or another server. */
export interface ReadTarget {
  readonly connector: Pick<Connector, 'handle'>;
  readonly authorization: string | undefined;
  readonly path: string;
}

export interface ReadSeries {
  readonly labels: readonly Label[];
  readonly timestampsMs: BigInt64Array;
  readonly valueBits: BigUint64Array;
  /** Native histograms, ascending in time. */
  readonly histograms: readonly Histogram[];
}

const MAX_ANSWER_BYTES = 1 << 30;
const CHECKSUM_BYTES = 4;
const MAX_LENGTH_BYTES = 5;

/** The series that match, as they come. Times are inclusive. @throws ConnectorError with the line of the answer */
export async function* readSeries(
  { connector, authorization, path }: ReadTarget,
  matchers: readonly LabelMatcher[],
  fromMs: number,
  toMs: number,
  signal: AbortSignal,
): AsyncGenerator<ReadSeries, void, undefined> {
  const query = { matchers, startTimestampMs: BigInt(fromMs), endTimestampMs: BigInt(toMs) };
  const answer = await connector.handle({
    method: 'POST',
    path,
    query: '',
    headers: {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-read-version': '0.1.0',
      'user-agent': 'timestream-prometheus',
      ...(authorization === undefined ? {} : { authorization }),
    },
    ...bodyInHand(encodeSnappy(encodeReadRequest({ queries: [query], acceptedResponseTypes: [1, 0] }))),
    signal,
  });
  if (answer.status !== 200) {
    const { body } = await collectBody(answer, 1 << 20);
    throw new ConnectorError(
      'query-failed',
      `the read was answered ${answer.status}: ${Buffer.from(body).toString().trim().slice(0, 1000)}`,
    );
  }
  if (answer.headers['content-type']?.startsWith('application/x-streamed-protobuf') !== true) {
    const { body } = await collectBody(answer, MAX_ANSWER_BYTES);
    const { results } = decodeReadResponse(decodeSnappy(body, { maxBytes: MAX_ANSWER_BYTES }));
    for (const { labels, samples, histograms } of results[0]?.timeseries ?? []) yield { labels, ...samples, histograms };
    return;
  }
  const parts = answer.body instanceof Uint8Array ? [answer.body] : answer.body;
  let pending: ReadSeries | undefined;
  for await (const series of framesOf(parts)) {
    const read = seriesOf(series);
    // Prometheus breaks a long series into several frames.
    if (pending !== undefined && JSON.stringify(pending.labels) === JSON.stringify(read.labels)) pending = joined(pending, read);
    else {
      if (pending !== undefined) yield pending;
      pending = read;
    }
  }
  if (pending !== undefined) yield pending;
}

async function* framesOf(parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<ChunkedSeries, void, undefined> {
  let rest: Uint8Array = new Uint8Array();
  for await (const part of parts) {
    rest = rest.length === 0 ? part : Buffer.concat([rest, part]);
    for (let size = frameSize(rest); size !== undefined && size <= rest.length; size = frameSize(rest)) {
      for (const { chunkedSeries } of decodeChunkedReadFrames(rest.subarray(0, size))) yield* chunkedSeries;
      rest = rest.subarray(size);
    }
  }
  if (rest.length > 0) throw new ConnectorError('malformed-answer', 'the answer of the read ends inside of a frame');
}

/** Undefined until enough of it is there. */
function frameSize(bytes: Uint8Array): number | undefined {
  let length = 0;
  for (let index = 0; index < MAX_LENGTH_BYTES; index += 1) {
    const byte = bytes[index];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return index + 1 + CHECKSUM_BYTES + length;
  }
  throw new ConnectorError('malformed-answer', 'the answer of the read has a frame without a length');
}

function seriesOf({ labels, chunks }: ChunkedSeries): ReadSeries {
  const decoded = chunks.filter(({ encoding }) => encoding === 'xor').map(({ bytes }) => decodeXorChunk(bytes));
  const size = decoded.reduce((sum, { timestampsMs }) => sum + timestampsMs.length, 0);
  const timestampsMs = new BigInt64Array(size);
  const valueBits = new BigUint64Array(size);
  let at = 0;
  for (const samples of decoded) {
    timestampsMs.set(samples.timestampsMs, at);
    valueBits.set(samples.valueBits, at);
    at += samples.timestampsMs.length;
  }
  const histograms = chunks.flatMap(({ encoding, bytes }) =>
    encoding === 'histogram' || encoding === 'float-histogram' ? decodeHistogramChunk(bytes, encoding) : [],
  );
  const unknown = chunks.find(({ encoding }) => !['xor', 'histogram', 'float-histogram'].includes(encoding));
  if (unknown !== undefined)
    throw new ConnectorError(
      'malformed-answer',
      `the answer of the read has a chunk of an encoding that is not known: ${unknown.encoding}`,
    );
  return { labels, timestampsMs, valueBits, histograms };
}

function joined(first: ReadSeries, second: ReadSeries): ReadSeries {
  const timestampsMs = new BigInt64Array(first.timestampsMs.length + second.timestampsMs.length);
  const valueBits = new BigUint64Array(timestampsMs.length);
  timestampsMs.set(first.timestampsMs);
  timestampsMs.set(second.timestampsMs, first.timestampsMs.length);
  valueBits.set(first.valueBits);
  valueBits.set(second.valueBits, first.valueBits.length);
  return { labels: first.labels, timestampsMs, valueBits, histograms: [...first.histograms, ...second.histograms] };
}
