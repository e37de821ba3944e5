import { textDecoder } from '@duckdb/node-api/lib/vectors/dataAccessors.js';

const exactDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Makes DuckDB's client give texts as they are stored. Its one decoder drops a leading U+FEFF, which is what a decoder does unless told
 * otherwise; a value that begins with one is another value without it. The client has no setting for this (1.5.5-r.5), and no issue of its
 * repository (duckdb/duckdb-node-neo) about it was found. Only the client's decoder is changed, not TextDecoder; the
 * built package has a copy of the client to itself, so that nobody else's is changed.
 */
export function keepByteOrderMarks(): void {
  const clientDecoder = textDecoder as { decode: (bytes: Uint8Array) => string };
  clientDecoder.decode = (bytes) => exactDecoder.decode(bytes);
}
