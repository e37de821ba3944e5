import type { Readable } from 'node:stream';

/**
 * The body as it came over the wire: never parsed, decoded or decompressed.
 *
 * Reads no further than just over `maxBytes`: the connector knows the limit too, and answers a body over it in its own words. What
 * is left unread is never held in memory.
 *
 * @throws when the client goes before its body is complete
 */
export async function readBody(payload: Readable, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Without destroyOnReturn an early break would close the socket under the answer.
  for await (const chunk of payload.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length > maxBytes) break;
  }
  return Buffer.concat(chunks, Math.min(length, maxBytes + 1));
}
