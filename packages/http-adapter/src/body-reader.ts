import type { Readable } from 'node:stream';

export interface BodyReaderLimits {
  /** Of one body. */
  readonly maxBodyBytes: number;
  /** Of all bodies that are held at the same time. */
  readonly maxHeldBytes: number;
}

/** Too many bodies are held in memory: the client may come again. */
export class BodiesOverLimitError extends Error {
  override readonly name = 'BodiesOverLimitError';
}

/** What one request holds, from its first byte to the end of its answer. */
export interface BodyHold {
  /**
   * The body as it came over the wire: never parsed, decoded or decompressed.
   *
   * Keeps one byte over `maxBodyBytes` at most: the connector knows the limit too, and answers a body over it in its own words. The rest is
   * read and thrown away, because a client that is still sending when the connection closes may never see the answer.
   *
   * @throws BodiesOverLimitError; and whatever the stream throws when the client goes before its body is complete
   */
  read(payload: Readable): Promise<Uint8Array>;
  /** Gives the memory back; reading ends. */
  release(): void;
}

/** Bounds what the bodies of all requests take together, before the connector has seen any of them. */
export function createBodyReader({ maxBodyBytes, maxHeldBytes }: BodyReaderLimits): () => BodyHold {
  let totalHeldBytes = 0;
  return () => {
    let heldBytes = 0;
    let isReleased = false;
    return {
      async read(payload) {
        const chunks: Uint8Array[] = [];
        // Without destroyOnReturn an early end would close the socket under the answer.
        for await (const chunk of payload.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
          if (isReleased) break;
          const kept = chunk.subarray(0, maxBodyBytes + 1 - heldBytes);
          chunks.push(kept);
          heldBytes += kept.byteLength;
          totalHeldBytes += kept.byteLength;
          if (totalHeldBytes > maxHeldBytes) {
            payload.resume();
            throw new BodiesOverLimitError(`the bodies of all requests are over ${maxHeldBytes} bytes`);
          }
          if (heldBytes > maxBodyBytes) break;
        }
        payload.resume();
        return Buffer.concat(chunks, heldBytes);
      },
      release() {
        if (!isReleased) totalHeldBytes -= heldBytes;
        isReleased = true;
      },
    };
  };
}
