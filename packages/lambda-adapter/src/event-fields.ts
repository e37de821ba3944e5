import { UnreadableEventError } from './event-kind.js';

/** The steps that all kinds of events share: fields of an unknown record, headers, and bodies as bytes. */

export type UnknownRecord = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is UnknownRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isOptionalString(value: unknown): value is string | null | undefined {
  return value === undefined || value === null || typeof value === 'string';
}

export function isOptionalBoolean(value: unknown): value is boolean | null | undefined {
  return value === undefined || value === null || typeof value === 'boolean';
}

export type SingleHeaders = Readonly<Record<string, string | null | undefined>>;
export type MultiHeaders = Readonly<Record<string, readonly string[] | null | undefined>>;

export function isSingleHeaders(value: unknown): value is SingleHeaders | null | undefined {
  return value === undefined || value === null || (isRecord(value) && Object.values(value).every(isOptionalString));
}

export function isMultiHeaders(value: unknown): value is MultiHeaders | null | undefined {
  return value === undefined || value === null || (isRecord(value) && Object.values(value).every(isOptionalStringArray));
}

function isOptionalStringArray(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.every((item) => typeof item === 'string'));
}

/**
 * Header names in lower case. The multi-value form wins where an event has both: it holds every value, the single one only the last.
 * Names that differ in case only are one header, their values joined by `, ` (RFC 9110, 5.3).
 */
export function headersFromEvent(
  single: SingleHeaders | null | undefined,
  multi: MultiHeaders | null | undefined,
): Readonly<Record<string, string>> {
  const valuesByName = new Map<string, string[]>();
  const collect = (name: string, values: readonly string[]): void => {
    const key = name.toLowerCase();
    const known = valuesByName.get(key);
    if (known === undefined) valuesByName.set(key, [...values]);
    else known.push(...values);
  };
  if (multi !== undefined && multi !== null) {
    for (const [name, values] of Object.entries(multi)) if (values !== undefined && values !== null) collect(name, values);
  } else {
    for (const [name, value] of Object.entries(single ?? {})) if (value !== undefined && value !== null) collect(name, [value]);
  }
  // fromEntries defines own properties, so a header called __proto__ is only a header.
  return Object.fromEntries(Array.from(valuesByName, ([name, values]) => [name, values.join(', ')]));
}

/**
 * The body as the client sent it.
 *
 * @throws UnreadableEventError for text that is not base64 although the event says so, and for a body that the gateway has decoded as
 * text: each byte that is no UTF-8 became U+FFFD and cannot be had back.
 */
export function bodyFromEvent(body: string | null | undefined, isBase64Encoded: boolean | null | undefined): Uint8Array {
  if (body === undefined || body === null || body === '') return new Uint8Array();
  if (isBase64Encoded === true) return bytesFromBase64(body);
  if (body.includes('\uFFFD')) {
    throw new UnreadableEventError(
      'The gateway handed the request body over as text, and bytes were lost on the way. Make it hand over binary bodies: for a REST API set binaryMediaTypes to */*, for an HTTP API use payload format 2.0.',
    );
  }
  return Buffer.from(body, 'utf8');
}

function bytesFromBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  // Buffer skips what is not base64; only a text of the canonical length for what it gave was wholly understood.
  const unpadded = text.endsWith('==') ? text.length - 2 : text.endsWith('=') ? text.length - 1 : text.length;
  if (Math.ceil((bytes.length * 4) / 3) !== unpadded) {
    throw new UnreadableEventError('The event says that its body is base64 (isBase64Encoded is true), but it is not.');
  }
  return bytes;
}

/**
 * A body for a Lambda result. Text stays text, so that an error message stays readable behind a gateway that does not decode base64;
 * everything else travels as base64.
 */
export function bodyOfResult(
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): { readonly body: string; readonly isBase64Encoded: boolean } {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length === 0) return { body: '', isBase64Encoded: false };
  if (headers['content-encoding'] === undefined && /^(text\/|application\/json)/.test(headers['content-type'] ?? '')) {
    const text = bytes.toString('utf8');
    // Text that is no UTF-8 would come back changed.
    if (!text.includes('\uFFFD')) return { body: text, isBase64Encoded: false };
  }
  return { body: bytes.toString('base64'), isBase64Encoded: true };
}
