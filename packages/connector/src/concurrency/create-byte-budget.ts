import { ConnectorError } from '../errors/connector-error.js';

/** Bounds what all requests hold together. */
export interface ByteBudget {
  /** The part of one request. */
  openShare(): BudgetShare;
}

export interface BudgetShare {
  /** @throws ConnectorError overloaded; client-gone after `release`: work that outlives its request must not keep anything */
  take(bytes: number): void;
  /** Gives everything back that was taken. */
  release(): void;
}

/** One request alone is always let in: its own size has a limit of its own, and refused it would come again for ever. */
export function createByteBudget(maxBytes: number, optionName: string): ByteBudget {
  let takenBytes = 0;
  return {
    openShare() {
      let ownBytes = 0;
      let isReleased = false;
      return {
        take(bytes) {
          if (isReleased) throw new ConnectorError('client-gone', 'the request has ended');
          const othersBytes = takenBytes - ownBytes;
          if (othersBytes > 0 && takenBytes + bytes > maxBytes) {
            throw new ConnectorError(
              'overloaded',
              `the requests being worked on hold ${takenBytes} bytes, with ${bytes} more they would hold over ${maxBytes} (${optionName})`,
            );
          }
          takenBytes += bytes;
          ownBytes += bytes;
        },
        release() {
          takenBytes -= ownBytes;
          ownBytes = 0;
          isReleased = true;
        },
      };
    },
  };
}
