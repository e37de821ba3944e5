import { isAscii } from 'node:buffer';
import { randomUUID } from 'node:crypto';

import { ServiceError } from '../service-error.js';

/**
 * `Version` is an int64 and JavaScript's JSON numbers end at 2^53. Long ones are therefore turned into marked strings before parsing;
 * the mark is random, so that no client can send one.
 */
const int64Mark = `int64:${randomUUID()}:`;

// Inside a JSON string every quote has a backslash before it: one that has none is the key `Version` and nothing else. It is looked for
// behind the match, because a pattern that begins with a literal is found several times faster.
const longVersion = /"Version"\s*:\s*(-?\d{16,})(?=\s*[,}])/g;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Decodes an AWS JSON body. An empty body is the empty structure. */
export function decodeJsonBody(bytes: Uint8Array): unknown {
  let text: string;
  try {
    // Of ASCII there is only one reading, and it is made in one copy.
    text = isAscii(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1') : utf8.decode(bytes);
  } catch (error) {
    throw new ServiceError('SerializationException', 'The request body is not valid UTF-8', { cause: error });
  }
  if (text.length < 64 && text.trim() === '') return {};
  try {
    return JSON.parse(
      text.replace(longVersion, (match, digits: string, offset: number) =>
        text[offset - 1] === '\\' ? match : `"Version":"${int64Mark}${digits}"`,
      ),
    );
  } catch (error) {
    throw new ServiceError('SerializationException', 'The request body is not valid JSON', { cause: error });
  }
}

/** The integer that a decoded JSON value is: a number, or a bigint where a number would not be exact; undefined if it is none. */
export function exactInteger(value: unknown): number | bigint | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? value : undefined;
  if (typeof value === 'string' && isMarkedInteger(value)) return BigInt(value.slice(int64Mark.length));
  return undefined;
}

/** Whether the text stands for a long integer of the request. No text of a client does: the mark is random. */
export function isMarkedInteger(text: string): boolean {
  return text.length > int64Mark.length && text.startsWith(int64Mark);
}

/** Encodes an answer; a bigint becomes a JSON number with all its digits. */
export function encodeJsonBody(answer: object): string {
  let hasBigint = false as boolean;
  const text = JSON.stringify(answer, (_, value: unknown) => {
    if (typeof value !== 'bigint') return value;
    hasBigint = true;
    return `${int64Mark}${value}`;
  });
  return hasBigint ? text.replaceAll(new RegExp(`"${int64Mark}(-?\\d+)"`, 'g'), '$1') : text;
}
