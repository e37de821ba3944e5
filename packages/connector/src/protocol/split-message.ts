/**
 * Cuts a protobuf message into messages of at most about `maxBytes`, each of whole top-level fields. Fields of a message may be parsed in any
 * number of pieces ("Message Structure", protobuf encoding guide), so together they say the same. What is no field stays with the last piece,
 * for the decoder to refuse.
 */
export function* splitMessage(bytes: Uint8Array, maxBytes: number): Generator<Uint8Array, void, undefined> {
  if (bytes.length <= maxBytes) {
    yield bytes;
    return;
  }
  let pieceStart = 0;
  let position = 0;
  while (position < bytes.length) {
    const end = endOfField(bytes, position);
    if (end === undefined) break;
    if (end - pieceStart > maxBytes && position > pieceStart) {
      yield bytes.subarray(pieceStart, position);
      pieceStart = position;
    }
    position = end;
  }
  if (pieceStart < bytes.length) yield bytes.subarray(pieceStart);
}

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;

/** Longest varint, of a 64-bit number. */
const MAX_VARINT_BYTES = 10;

/** Undefined: what begins here is no field, or goes beyond the end. */
function endOfField(bytes: Uint8Array, start: number): number | undefined {
  const tag = readVarint(bytes, start);
  if (tag === undefined) return undefined;
  const wireType = tag.value % 8;
  if (wireType === WIRE_VARINT) return readVarint(bytes, tag.end)?.end;
  let end = tag.end;
  if (wireType === WIRE_FIXED64) end += 8;
  else if (wireType === WIRE_FIXED32) end += 4;
  else if (wireType === WIRE_BYTES) {
    const length = readVarint(bytes, tag.end);
    if (length === undefined) return undefined;
    end = length.end + length.value;
  } else return undefined;
  return end <= bytes.length ? end : undefined;
}

function readVarint(bytes: Uint8Array, start: number): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  let scale = 1;
  for (let position = start; position < Math.min(bytes.length, start + MAX_VARINT_BYTES); position += 1) {
    const byte = bytes[position] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, end: position + 1 };
    scale *= 128;
  }
  return undefined;
}
