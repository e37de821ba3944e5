import { CodecError } from './codec-error.js';
import { assertWithin, DEFAULT_READ_REQUEST_LIMITS, type ReadRequestLimits } from './limits.js';
import type { LabelMatcher, MatcherType, Query, ReadHints, ReadRequest } from './model.js';
import { type MessageShape, ProtobufReader, WIRE_BYTES, WIRE_VARINT } from './protobuf-reader.js';
import { ProtobufWriter } from './protobuf-writer.js';

const READ_REQUEST: MessageShape = { name: 'ReadRequest', fields: { 1: 'queries', 2: 'accepted_response_types' } };
const QUERY: MessageShape = { name: 'Query', fields: { 1: 'start_timestamp_ms', 2: 'end_timestamp_ms', 3: 'matchers', 4: 'hints' } };
const LABEL_MATCHER: MessageShape = { name: 'LabelMatcher', fields: { 1: 'type', 2: 'name', 3: 'value' } };
const READ_HINTS: MessageShape = {
  name: 'ReadHints',
  fields: { 1: 'step_ms', 2: 'func', 3: 'start_ms', 4: 'end_ms', 5: 'grouping', 6: 'by', 7: 'range_ms' },
};

/** By number of the enum (EQ, NEQ, RE, NRE). */
const MATCHER_TYPES: readonly MatcherType[] = ['=', '!=', '=~', '!~'];

type HintsUnderWay = { -readonly [Field in keyof ReadHints]: ReadHints[Field] } & { grouping: string[] };

/**
 * Decode a `prometheus.ReadRequest` (`prompb/remote.proto`).
 *
 * @throws CodecError `truncated`, `malformed` (a matcher of an unknown type too: ignoring it would answer another question), or `too-large`
 *   if a limit is exceeded; limits left out have their default
 */
export function decodeReadRequest(bytes: Uint8Array, limits: Partial<ReadRequestLimits> = {}): ReadRequest {
  const bounds = { ...DEFAULT_READ_REQUEST_LIMITS, ...limits };
  const reader = new ProtobufReader(bytes);
  const queries: Query[] = [];
  const acceptedResponseTypes: number[] = [];
  const readResponseType = (): void => {
    const field = 'ReadRequest.accepted_response_types';
    assertWithin(bounds.maxAcceptedResponseTypes, 'maxAcceptedResponseTypes', acceptedResponseTypes.length + 1, field, reader.position);
    acceptedResponseTypes.push(reader.readInt32(field));
  };
  while (!reader.atEnd()) {
    const tag = reader.readTag(READ_REQUEST);
    if (tag === ((1 << 3) | WIRE_BYTES)) {
      assertWithin(bounds.maxQueries, 'maxQueries', queries.length + 1, 'ReadRequest.queries', reader.position);
      queries.push(readQuery(reader, bounds));
    } else if (tag === ((2 << 3) | WIRE_VARINT)) {
      readResponseType();
    } else if (tag === ((2 << 3) | WIRE_BYTES)) {
      const outerEnd = reader.enter('ReadRequest.accepted_response_types');
      while (!reader.atEnd()) readResponseType();
      reader.leave(outerEnd);
    } else reader.skip(tag, READ_REQUEST);
  }
  return { queries, acceptedResponseTypes };
}

/** Encode a `prometheus.ReadRequest`. */
export function encodeReadRequest(request: ReadRequest): Uint8Array {
  const writer = new ProtobufWriter();
  for (const query of request.queries) {
    const start = writer.begin(1);
    writer.int64(1, query.startTimestampMs);
    writer.int64(2, query.endTimestampMs);
    for (const matcher of query.matchers) {
      const matcherStart = writer.begin(3);
      writer.uint32(1, MATCHER_TYPES.indexOf(matcher.type));
      writer.string(2, matcher.name);
      writer.string(3, matcher.value);
      writer.end(matcherStart);
    }
    if (query.hints !== undefined) writeHints(writer, query.hints);
    writer.end(start);
  }
  writer.packedInt32(2, request.acceptedResponseTypes);
  return writer.finish();
}

function writeHints(writer: ProtobufWriter, hints: ReadHints): void {
  const start = writer.begin(4);
  writer.int64(1, hints.stepMs);
  writer.string(2, hints.func);
  writer.int64(3, hints.startMs);
  writer.int64(4, hints.endMs);
  for (const label of hints.grouping) writer.repeatedString(5, label);
  writer.uint32(6, hints.by ? 1 : 0);
  writer.int64(7, hints.rangeMs);
  writer.end(start);
}

function readQuery(reader: ProtobufReader, bounds: ReadRequestLimits): Query {
  const outerEnd = reader.enter('ReadRequest.queries');
  let startTimestampMs = 0n;
  let endTimestampMs = 0n;
  const matchers: LabelMatcher[] = [];
  let hints: HintsUnderWay | undefined;
  while (!reader.atEnd()) {
    const tag = reader.readTag(QUERY);
    if (tag === ((1 << 3) | WIRE_VARINT)) startTimestampMs = reader.readInt64('Query.start_timestamp_ms');
    else if (tag === ((2 << 3) | WIRE_VARINT)) endTimestampMs = reader.readInt64('Query.end_timestamp_ms');
    else if (tag === ((3 << 3) | WIRE_BYTES)) {
      assertWithin(bounds.maxMatchersPerQuery, 'maxMatchersPerQuery', matchers.length + 1, 'Query.matchers', reader.position);
      matchers.push(readMatcher(reader));
    } else if (tag === ((4 << 3) | WIRE_BYTES)) {
      // A singular message that comes twice is merged: what the second one sets replaces, what it repeats is added.
      hints ??= { stepMs: 0n, func: '', startMs: 0n, endMs: 0n, grouping: [], by: false, rangeMs: 0n };
      readHintsInto(hints, reader, bounds);
    } else reader.skip(tag, QUERY);
  }
  reader.leave(outerEnd);
  const query = { startTimestampMs, endTimestampMs, matchers };
  return hints === undefined ? query : { ...query, hints };
}

function readMatcher(reader: ProtobufReader): LabelMatcher {
  const start = reader.position;
  const outerEnd = reader.enter('Query.matchers');
  let typeNumber = 0;
  let name = '';
  let value = '';
  while (!reader.atEnd()) {
    const tag = reader.readTag(LABEL_MATCHER);
    if (tag === ((1 << 3) | WIRE_VARINT)) typeNumber = reader.readInt32('LabelMatcher.type');
    else if (tag === ((2 << 3) | WIRE_BYTES)) name = reader.readString('LabelMatcher.name');
    else if (tag === ((3 << 3) | WIRE_BYTES)) value = reader.readString('LabelMatcher.value');
    else reader.skip(tag, LABEL_MATCHER);
  }
  reader.leave(outerEnd);
  const type = MATCHER_TYPES[typeNumber];
  if (type === undefined) throw new CodecError('malformed', `LabelMatcher.type: ${typeNumber} is no matcher type`, start);
  return { type, name, value };
}

function readHintsInto(hints: HintsUnderWay, reader: ProtobufReader, bounds: ReadRequestLimits): void {
  const outerEnd = reader.enter('Query.hints');
  while (!reader.atEnd()) {
    const tag = reader.readTag(READ_HINTS);
    if (tag === ((1 << 3) | WIRE_VARINT)) hints.stepMs = reader.readInt64('ReadHints.step_ms');
    else if (tag === ((2 << 3) | WIRE_BYTES)) hints.func = reader.readString('ReadHints.func');
    else if (tag === ((3 << 3) | WIRE_VARINT)) hints.startMs = reader.readInt64('ReadHints.start_ms');
    else if (tag === ((4 << 3) | WIRE_VARINT)) hints.endMs = reader.readInt64('ReadHints.end_ms');
    else if (tag === ((5 << 3) | WIRE_BYTES)) {
      const actual = hints.grouping.length + 1;
      assertWithin(bounds.maxGroupingLabelsPerQuery, 'maxGroupingLabelsPerQuery', actual, 'ReadHints.grouping', reader.position);
      hints.grouping.push(reader.readString('ReadHints.grouping'));
    } else if (tag === ((6 << 3) | WIRE_VARINT)) hints.by = reader.readBool('ReadHints.by');
    else if (tag === ((7 << 3) | WIRE_VARINT)) hints.rangeMs = reader.readInt64('ReadHints.range_ms');
    else reader.skip(tag, READ_HINTS);
  }
  reader.leave(outerEnd);
}
