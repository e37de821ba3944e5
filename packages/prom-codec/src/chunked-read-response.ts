import { CodecError } from './codec-error.js';
import { crc32c } from './crc32c.js';
import { LabelReader, writeLabels } from './label.js';
import { assertWithin, type ChunkedReadLimits, DEFAULT_CHUNKED_READ_LIMITS } from './limits.js';
import type { Chunk, ChunkedReadResponse, ChunkedSeries, ChunkEncoding, Label } from './model.js';
import { type MessageShape, ProtobufReader, WIRE_BYTES, WIRE_VARINT } from './protobuf-reader.js';
import { ProtobufWriter, varintSize } from './protobuf-writer.js';

const CHUNKED_READ_RESPONSE: MessageShape = { name: 'ChunkedReadResponse', fields: { 1: 'chunked_series', 2: 'query_index' } };
const CHUNKED_SERIES: MessageShape = { name: 'ChunkedSeries', fields: { 1: 'labels', 2: 'chunks' } };
const CHUNK: MessageShape = { name: 'Chunk', fields: { 1: 'min_time_ms', 2: 'max_time_ms', 3: 'type', 4: 'data' } };

/** By number of the enum Chunk.Encoding; a number that is not here is read as unknown. */
const CHUNK_ENCODINGS: readonly ChunkEncoding[] = [
  'unknown',
  'xor',
  'histogram',
  'float-histogram',
  'xor2',
  'histogram-st',
  'float-histogram-st',
];

const CHECKSUM_BYTES = 4;

/**
 * Encode one frame of an answer of type STREAMED_XOR_CHUNKS (`storage/remote/chunked.go`): uvarint length, CRC-32C big-endian, message.
 *
 * @throws RangeError if the message would be empty: a frame without bytes is never sent
 */
export function encodeChunkedReadFrame(response: ChunkedReadResponse): Uint8Array {
  const message = encodeChunkedReadResponse(response);
  if (message.length === 0) throw new RangeError('a frame of a streamed answer must hold a series');
  return frameBytes(message);
}

/** The frame around a message: exported for the test of its format. */
export function frameBytes(message: Uint8Array): Uint8Array {
  const prefixBytes = varintSize(message.length);
  const frame = new Uint8Array(prefixBytes + CHECKSUM_BYTES + message.length);
  for (let index = 0, rest = message.length; index < prefixBytes; index++, rest >>>= 7) {
    frame[index] = index < prefixBytes - 1 ? (rest & 0x7f) | 0x80 : rest;
  }
  new DataView(frame.buffer).setUint32(prefixBytes, crc32c(message));
  frame.set(message, prefixBytes + CHECKSUM_BYTES);
  return frame;
}

function encodeChunkedReadResponse(response: ChunkedReadResponse): Uint8Array {
  const writer = new ProtobufWriter(4096);
  for (const series of response.chunkedSeries) {
    const start = writer.begin(1);
    writeLabels(writer, 1, series.labels);
    for (const chunk of series.chunks) {
      const chunkStart = writer.begin(2);
      writer.int64(1, chunk.minTimeMs);
      writer.int64(2, chunk.maxTimeMs);
      writer.uint32(3, CHUNK_ENCODINGS.indexOf(chunk.encoding));
      writer.bytes(4, chunk.bytes);
      writer.end(chunkStart);
    }
    writer.end(start);
  }
  writer.int64(2, response.queryIndex);
  return writer.finish();
}

/**
 * Decode all frames of the body of a streamed answer. There is no end marker: whether the body itself is whole, only the transport knows.
 *
 * @throws CodecError `truncated`, `malformed` (a wrong checksum too), or `too-large` if a limit is exceeded; limits left out have their
 *   default
 */
export function decodeChunkedReadFrames(bytes: Uint8Array, limits: Partial<ChunkedReadLimits> = {}): ChunkedReadResponse[] {
  const bounds = { ...DEFAULT_CHUNKED_READ_LIMITS, ...limits };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = new ProtobufReader(bytes);
  const chunkedSeries = new ChunkedSeriesReader(reader, bounds);
  const responses: ChunkedReadResponse[] = [];
  while (!reader.atEnd()) {
    const frameStart = reader.position;
    assertWithin(bounds.maxFrames, 'maxFrames', responses.length + 1, 'frame', frameStart);
    reader.readVarint('frame length');
    const length = reader.high * 2 ** 32 + reader.low;
    if (length === 0) throw new CodecError('malformed', 'frame: it is empty', frameStart);
    if (length > bounds.maxFrameBytes) {
      const what = `frame: declared length ${length} is over the limit maxFrameBytes of ${bounds.maxFrameBytes}`;
      throw new CodecError('too-large', what, frameStart);
    }
    const checksumAt = reader.position;
    reader.skipBytes(CHECKSUM_BYTES, 'frame checksum');
    const messageAt = reader.position;
    const outerEnd = reader.enterRegion(length, 'frame');
    if (crc32c(bytes.subarray(messageAt, messageAt + length)) !== view.getUint32(checksumAt)) {
      throw new CodecError('malformed', 'frame: the checksum is not that of its bytes', checksumAt);
    }
    responses.push(readResponse(reader, chunkedSeries));
    reader.leave(outerEnd);
  }
  return responses;
}

function readResponse(reader: ProtobufReader, seriesReader: ChunkedSeriesReader): ChunkedReadResponse {
  const chunkedSeries: ChunkedSeries[] = [];
  let queryIndex = 0n;
  while (!reader.atEnd()) {
    const tag = reader.readTag(CHUNKED_READ_RESPONSE);
    if (tag === ((1 << 3) | WIRE_BYTES)) chunkedSeries.push(seriesReader.read());
    else if (tag === ((2 << 3) | WIRE_VARINT)) queryIndex = reader.readInt64('ChunkedReadResponse.query_index');
    else reader.skip(tag, CHUNKED_READ_RESPONSE);
  }
  return { chunkedSeries, queryIndex };
}

/** Reads the series of all frames of a body, counting them against the limits. */
class ChunkedSeriesReader {
  readonly #reader: ProtobufReader;
  readonly #limits: ChunkedReadLimits;
  readonly #labels: LabelReader;
  #seriesCount = 0;
  #chunkCount = 0;

  constructor(reader: ProtobufReader, limits: ChunkedReadLimits) {
    this.#reader = reader;
    this.#limits = limits;
    this.#labels = new LabelReader(reader, limits);
  }

  read(): ChunkedSeries {
    const reader = this.#reader;
    const field = 'ChunkedReadResponse.chunked_series';
    assertWithin(this.#limits.maxSeries, 'maxSeries', ++this.#seriesCount, field, reader.position);
    const outerEnd = reader.enter(field);
    const labels: Label[] = [];
    const chunks: Chunk[] = [];
    while (!reader.atEnd()) {
      const tag = reader.readTag(CHUNKED_SERIES);
      if (tag === ((1 << 3) | WIRE_BYTES)) this.#labels.readInto(labels, 'ChunkedSeries.labels');
      else if (tag === ((2 << 3) | WIRE_BYTES)) chunks.push(this.#readChunk());
      else reader.skip(tag, CHUNKED_SERIES);
    }
    reader.leave(outerEnd);
    return { labels, chunks };
  }

  #readChunk(): Chunk {
    const reader = this.#reader;
    assertWithin(this.#limits.maxChunks, 'maxChunks', ++this.#chunkCount, 'ChunkedSeries.chunks', reader.position);
    const outerEnd = reader.enter('ChunkedSeries.chunks');
    let minTimeMs = 0n;
    let maxTimeMs = 0n;
    let encoding: ChunkEncoding = 'unknown';
    let bytes: Uint8Array = new Uint8Array(0);
    while (!reader.atEnd()) {
      const tag = reader.readTag(CHUNK);
      if (tag === ((1 << 3) | WIRE_VARINT)) minTimeMs = reader.readInt64('Chunk.min_time_ms');
      else if (tag === ((2 << 3) | WIRE_VARINT)) maxTimeMs = reader.readInt64('Chunk.max_time_ms');
      else if (tag === ((3 << 3) | WIRE_VARINT)) encoding = CHUNK_ENCODINGS[reader.readInt32('Chunk.type')] ?? 'unknown';
      else if (tag === ((4 << 3) | WIRE_BYTES)) bytes = reader.readBytes('Chunk.data');
      else reader.skip(tag, CHUNK);
    }
    reader.leave(outerEnd);
    return { minTimeMs, maxTimeMs, encoding, bytes };
  }
}
