import type { Readable } from 'node:stream';
import { BodyTooLargeError, type ConnectorRequest } from '@timestream-prometheus/connector';

/**
 * Reads a body as it came over the wire: never parsed, decoded or decompressed. What is not kept, because the body is too long or the connector
 * has no room for it, is read and thrown away: a client that is still sending when the connection closes may never see the answer.
 */
export function bodyReaderOf(payload: Readable): ConnectorRequest['readBody'] {
  return async (maxBytes, hold) => {
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    try {
      // Without destroyOnReturn an early end would close the socket under the answer.
      for await (const chunk of payload.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
        sizeBytes += chunk.byteLength;
        if (sizeBytes > maxBytes) throw new BodyTooLargeError(`the body is over ${maxBytes} bytes`);
        hold(chunk.byteLength);
        chunks.push(chunk);
      }
    } catch (error) {
      payload.resume();
      throw error;
    }
    return Buffer.concat(chunks, sizeBytes);
  };
}
