import { ConnectorError } from '@timestream-prometheus/connector';
import type { EventBody } from './event-kind.js';

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
 * The body as the client sent it. It is decoded when it is asked for, and refused then if it is text that is not base64 although the event says
 * so, or if the gateway has decoded it as text: each byte that is no UTF-8 became U+FFFD and cannot be had back.
 */
export function bodyFromEvent(body: string | null | undefined, isBase64Encoded: boolean | null | undefined): EventBody {
  const text = body ?? '';
  return {
    length: Buffer.byteLength(text, isBase64Encoded === true ? 'base64' : 'utf8'),
    bytes: () => (isBase64Encoded === true ? bytesFromBase64(text) : bytesFromText(text)),
  };
}

function bytesFromText(text: string): Uint8Array {
  if (!text.includes('\uFFFD')) return Buffer.from(text, 'utf8');
  throw new ConnectorError(
    'internal',
    'The gateway handed the request body over as text, and bytes were lost on the way. Make it hand over binary bodies: for a REST API set binaryMediaTypes to */*, for an HTTP API use payload format 2.0.',
  );
}

function bytesFromBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  // Buffer skips what is not base64; only a text of the canonical length for what it gave was wholly understood.
  const unpadded = text.endsWith('==') ? text.length - 2 : text.endsWith('=') ? text.length - 1 : text.length;
  if (Math.ceil((bytes.length * 4) / 3) !== unpadded) {
    throw new ConnectorError('internal', 'The event says that its body is base64 (isBase64Encoded is true), but it is not.');
  }
  return bytes;
}

/**
 * The query string that the parameters of an event stand for.
 *
 * @param isDecoded whether the gateway has decoded them: REST APIs do, load balancers do not
 */
export function queryFromEvent(
  single: SingleHeaders | null | undefined,
  multi: MultiHeaders | null | undefined,
  isDecoded: boolean,
): string {
  const pairs: [name: string, value: string][] = [];
  // The multi-value form holds every value, the single one only the last.
  for (const [name, values] of Object.entries(multi ?? {})) for (const value of values ?? []) pairs.push([name, value]);
  if (!isRecord(multi)) for (const [name, value] of Object.entries(single ?? {})) if (typeof value === 'string') pairs.push([name, value]);
  return isDecoded ? new URLSearchParams(pairs).toString() : pairs.map(([name, value]) => `${name}=${value}`).join('&');
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
