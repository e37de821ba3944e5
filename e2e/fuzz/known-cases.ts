import { encodeSnappy } from '@timestream-prometheus/prom-codec';
import type { FuzzRequest } from './fuzz-request.js';

const V1_HEADERS = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
const V2_HEADERS = { 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request', 'content-encoding': 'snappy' };
const FORM_HEADERS = { 'content-type': 'application/x-www-form-urlencoded' };

export interface KnownCase extends FuzzRequest {
  readonly name: string;
  readonly status: number;
}

const write = (
  name: string,
  bytes: readonly number[],
  status: number,
  headers: Readonly<Record<string, string>> = V1_HEADERS,
): KnownCase => ({
  name,
  method: 'POST',
  path: '/write',
  headers,
  body: encodeSnappy(Uint8Array.from(bytes)),
  status,
});

const raw = (name: string, path: string, body: readonly number[], status: number): KnownCase => ({
  name,
  method: 'POST',
  path,
  headers: V1_HEADERS,
  body: Uint8Array.from(body),
  status,
});

const query = (name: string, text: string, status: number): KnownCase => ({
  name,
  method: 'POST',
  path: '/api/v1/query',
  headers: FORM_HEADERS,
  body: new TextEncoder().encode(`query=${encodeURIComponent(text)}`),
  status,
});

/** Bodies by which decoders of this kind have been broken. What the fuzzer finds is put down here, with a name. */
export const KNOWN_CASES: readonly KnownCase[] = [
  raw('an empty body is no snappy block', '/write', [], 400),
  raw('a snappy block that declares 4 GiB', '/write', [0xff, 0xff, 0xff, 0xff, 0x0f], 400),
  raw('a snappy length that never ends', '/read', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80], 400),
  raw('a snappy copy from before the beginning', '/write', [0x04, 0x01, 0x08], 400),
  write('an empty message', [], 204),
  write('a series without anything, which has nothing to store', [0x0a, 0x00], 204),
  write('a series whose length goes beyond the end', [0x0a, 0x7f, 0x0a], 400),
  write('a length of 2^63', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], 400),
  write('field number 0', [0x02, 0x00], 400),
  write('a group that is not closed', [0x0b, 0x0a, 0x00], 400),
  write('a label whose text is half a surrogate', [0x0a, 0x07, 0x0a, 0x05, 0x0a, 0x03, 0xed, 0xa0, 0x80], 400),
  write('a label reference past the symbols', [0x22, 0x00, 0x2a, 0x04, 0x0a, 0x02, 0x05, 0x06], 400, V2_HEADERS),
  write('an odd number of label references', [0x22, 0x00, 0x2a, 0x03, 0x0a, 0x01, 0x00], 400, V2_HEADERS),
  query('a query of nothing', '', 400),
  query('a query of ten thousand brackets', '('.repeat(10_000), 400),
  query('a query of ten thousand signs', '-'.repeat(10_000) + '1', 400),
  query('a regular expression that counts beyond all bounds', '{a=~"(?:(?:a{0,1000}){0,1000}){0,1000}"}', 400),
  query('a text with a null byte', '{a="\u0000"}', 200),
];
