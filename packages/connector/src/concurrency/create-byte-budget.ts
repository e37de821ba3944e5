import { ConnectorError } from '../errors/connector-error.js';

/** Bounds what all requests hold together. */
export interface ByteBudget {
  /**
   * @returns gives the bytes back; to be called once
   * @throws ConnectorError overloaded
   */
  take(bytes: number): () => void;
}

/** One request alone is always let in: its own size has a limit of its own, and refused it would come again for ever. */
export function createByteBudget(maxBytes: number, optionName: string): ByteBudget {
  let takenBytes = 0;
  return {
    take(bytes) {
      if (takenBytes > 0 && takenBytes + bytes > maxBytes) {
        throw new ConnectorError(
          'overloaded',
          `the requests being worked on hold ${takenBytes} bytes, with this one they would hold over ${maxBytes} (${optionName})`,
        );
      }
      takenBytes += bytes;
      return () => {
        takenBytes -= bytes;
      };
    },
  };
}
