import { isForbiddenInNames, isReservedName, MAX_MEASURE_NAME_BYTES } from '../model/limits.js';
import { encodeUtf8, utf8ByteLength } from '../text/text-codec.js';

/** Stands before the hash of a name that is too long. No encoded name contains it otherwise: `%` is followed by two hex digits there. */
const HASH_MARK = '%~';

const HASH_DIGITS = 16;

/**
 * The `measure_name` that a metric name is stored under.
 *
 * Most names are stored as they are. Percent-encoded, as UTF-8 bytes in upper-case hex, are `%` itself, what Timestream forbids in names
 * (`:`, `"`, control characters, U+2028, U+2029), and the first character of a name that is reserved or begins like a reserved one:
 * `job:up:sum` becomes `job%3Aup%3Asum`, `time` becomes `%74ime`.
 *
 * If that takes more than 256 bytes, the result is as much of its beginning as fits, then `%~` and the FNV-1a hash (64 bits, hex) of the
 * whole name: never over 256 bytes. Such a name cannot be decoded; the full name is kept beside it in the dimension `prometheus_labels`
 * (see {@link isHashedMeasureName}).
 */
export function encodeMeasureName(metricName: string): string {
  const pieces = encodePieces(metricName);
  const encoded = typeof pieces === 'string' ? pieces : pieces.join('');
  if (encoded.length <= MAX_MEASURE_NAME_BYTES / 3 || utf8ByteLength(encoded) <= MAX_MEASURE_NAME_BYTES) return encoded;
  const maxPrefixBytes = MAX_MEASURE_NAME_BYTES - HASH_MARK.length - HASH_DIGITS;
  let prefix = '';
  let prefixBytes = 0;
  // The pieces are whole characters, so neither a surrogate pair nor an escape is cut in two.
  for (const piece of pieces) {
    prefixBytes += utf8ByteLength(piece);
    if (prefixBytes > maxPrefixBytes) break;
    prefix += piece;
  }
  return prefix + HASH_MARK + fnv1a64Hex(encodeUtf8(metricName));
}

/** Whether the name is stored under a hash, so that its full text has to stand in `prometheus_labels` under `__name__`. */
export function isHashedMeasureName(measureName: string): boolean {
  return (
    measureName.length >= HASH_MARK.length + HASH_DIGITS &&
    measureName.startsWith(HASH_MARK, measureName.length - HASH_MARK.length - HASH_DIGITS)
  );
}

/**
 * The metric name that a stored `measure_name` means. Only what {@link encodeMeasureName} writes is decoded; any other text, such as a name
 * written by hand, means itself, `%` included. So every measure name means exactly one metric name.
 */
export function decodeMeasureName(measureName: string): string {
  if (!measureName.includes('%')) return measureName;
  // An escape of another character stays as it is; its `%` then makes the comparison fail.
  const decoded = measureName.replace(/%(?:E2%80%A8|E2%80%A9|[0-9A-F]{2})/g, (escape) => characterByEscape.get(escape) ?? escape);
  return encodeMeasureName(decoded) === measureName ? decoded : measureName;
}

/** Every `measure_name` that means this metric name: one or two, the one that we write first. */
export function measureNamesOf(metricName: string): readonly string[] {
  const encoded = encodeMeasureName(metricName);
  const meansItself = decodeMeasureName(metricName) === metricName;
  return encoded === metricName || !meansItself || utf8ByteLength(metricName) > MAX_MEASURE_NAME_BYTES ? [encoded] : [encoded, metricName];
}

/** The encoded name as one string if nothing had to be encoded, else character by character. */
function encodePieces(metricName: string): string | string[] {
  const reserved = isReservedName(metricName);
  if (!reserved && !needsEscape(metricName)) return metricName;
  return Array.from(metricName, (character, index) => {
    const isForbidden = character === '%' || isForbiddenInNames(character.charCodeAt(0));
    return isForbidden || (reserved && index === 0) ? escapeOf(character) : character;
  });
}

function needsEscape(metricName: string): boolean {
  for (let index = 0; index < metricName.length; index++) {
    const unit = metricName.charCodeAt(index);
    if (unit === 0x25 || isForbiddenInNames(unit)) return true;
  }
  return false;
}

function escapeOf(character: string): string {
  return Array.from(encodeUtf8(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

/** The reverse of {@link escapeOf} for every character that is ever escaped; `t` and `m` begin the reserved names. */
const characterByEscape: ReadonlyMap<string, string> = new Map(
  [...Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code)), '%', ':', '"', '\u007f', '\u2028', '\u2029', 't', 'm'].map(
    (character) => [escapeOf(character), character],
  ),
);

/** FNV-1a, 64 bits, as 16 lower-case hex digits (draft-eastlake-fnv), in two 32-bit halves because BigInt is slow. */
function fnv1a64Hex(bytes: Uint8Array): string {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (const byte of bytes) {
    low = (low ^ byte) >>> 0;
    // The prime is 2^40 + 0x1b3; the products stay below 2^53.
    const lowProduct = low * 0x1b3;
    high = (high * 0x1b3 + Math.floor(lowProduct / 0x100000000) + ((low << 8) >>> 0)) % 0x100000000;
    low = lowProduct % 0x100000000;
  }
  return [high, low].map((half) => half.toString(16).padStart(8, '0')).join('');
}
