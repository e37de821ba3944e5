import { crc32c } from '@timestream-prometheus/prom-codec';

/**
 * How many records one text may take. Of a histogram a record has room for some hundred buckets, so this is for some thousands; Prometheus
 * itself keeps one below 160 buckets unless it is told otherwise (`native_histogram_bucket_limit` of the client libraries).
 */
export const MAX_PARTS = 64;

/**
 * `1/3:0badcafe:`: which part of how many, and a checksum of the whole text and of where it was cut, so that no part is ever put together with
 * that of another text, nor with a part of the same one that was written beside longer labels.
 */
const PART = /^(\d{1,2})\/(\d{1,2}):([0-9a-f]{8}):/;
const MAX_HEAD_BYTES = '64/64:01234567:'.length;

/** A piece of a text as it stands in a record. */
export interface TextPart {
  /** From 1. */
  readonly number: number;
  readonly count: number;
  readonly checksum: string;
  readonly text: string;
}

/**
 * The texts of the records that hold a text: itself if it fits, else parts of it.
 *
 * @param text ASCII, so that a character is a byte, and none that begins like a part
 * @param maxBytes what one record has room for
 * @returns null if {@link MAX_PARTS} are not enough
 */
export function cutIntoParts(text: string, maxBytes: number): readonly string[] | null {
  if (text.length <= maxBytes) return [text];
  const pieceBytes = maxBytes - MAX_HEAD_BYTES;
  const count = pieceBytes <= 0 ? Infinity : Math.ceil(text.length / pieceBytes);
  if (count > MAX_PARTS) return null;
  const checksum = checksumOf(text, pieceBytes);
  return Array.from(
    { length: count },
    (_, index) => `${index + 1}/${count}:${checksum}:${text.slice(index * pieceBytes, (index + 1) * pieceBytes)}`,
  );
}

/** Null if the text is whole, or nothing of ours. */
export function parsePart(text: string): TextPart | null {
  const match = PART.exec(text);
  if (match === null) return null;
  const [head, number = '', count = '', checksum = ''] = match;
  return { number: Number(number), count: Number(count), checksum, text: text.slice(head.length) };
}

/** The whole text, null if a part is missing or what comes out is not what was cut. */
export function joinParts(parts: readonly TextPart[]): string | null {
  const [first] = parts;
  if (first === undefined) return null;
  const inOrder = new Map(parts.map((part) => [part.number, part.text]));
  let text = '';
  for (let number = 1; number <= first.count; number++) {
    const piece = inOrder.get(number);
    if (piece === undefined) return null;
    text += piece;
  }
  return checksumOf(text, inOrder.get(1)?.length ?? 0) === first.checksum ? text : null;
}

/** CRC-32C. Every part but the last has as many bytes as the first. */
function checksumOf(text: string, pieceBytes: number): string {
  const bytes = Uint8Array.from(`${pieceBytes}:${text}`, (character) => character.charCodeAt(0));
  return crc32c(bytes).toString(16).padStart(8, '0');
}
