import { ConnectorError } from '../errors/connector-error.js';

export interface ByteBudgetOptions {
  /** What all requests may hold together. */
  readonly maxBytes: number;
  /** The option that says so. */
  readonly optionName: string;
  /** What a request may hold when there is no other. */
  readonly maxBytesAlone: number;
}

/** Bounds what all requests hold together. */
export interface ByteBudget {
  /**
   * Judges a body by its declared length, before a byte of it is read; nothing is kept for it, so that a sender that only declares holds nothing.
   *
   * @throws ConnectorError overloaded
   */
  assertRoomFor(declaredBytes: number): void;
  /** The part of one request. */
  openShare(): BudgetShare;
}

export interface BudgetShare {
  /**
   * Bytes of a body that has not come to its end.
   *
   * @throws ConnectorError overloaded; client-gone after `release`
   */
  takeArriving(bytes: number): void;
  /** The body is complete. */
  noteArrived(): void;
  /** @throws ConnectorError overloaded; decoded-body-too-large; client-gone after `release`: work that outlives its request must not keep anything */
  take(bytes: number): void;
  /** Takes back what the request no longer holds. */
  giveBack(bytes: number): void;
  /** Gives everything back that was taken. */
  release(): void;
}

/**
 * Of bodies that are still arriving. If they could take all of the budget, a crowd of them would leave no room in which a complete one can be decoded, and
 * all would be refused by turns for as long as the crowd comes again.
 */
const ARRIVING_SHARE = 1 / 2;

/** One request alone is let in above the budget: refused it would come again for ever. Above `maxBytesAlone` it is refused for good. */
export function createByteBudget({ maxBytes, optionName, maxBytesAlone }: ByteBudgetOptions): ByteBudget {
  let takenBytes = 0;
  let arrivingBytes = 0;

  function overloaded(bytes: number): ConnectorError {
    return new ConnectorError(
      'overloaded',
      `the requests being worked on hold ${takenBytes} bytes, with ${bytes} more they would hold over ${maxBytes} (${optionName})`,
    );
  }

  function isTooMuchArriving(bytes: number, othersArriving: number): boolean {
    return othersArriving > 0 && arrivingBytes + bytes > maxBytes * ARRIVING_SHARE;
  }

  return {
    assertRoomFor(declaredBytes) {
      if (takenBytes > 0 && takenBytes + declaredBytes > maxBytes) throw overloaded(declaredBytes);
      if (isTooMuchArriving(declaredBytes, arrivingBytes)) throw overloaded(declaredBytes);
    },
    openShare() {
      let ownBytes = 0;
      let ownArrivingBytes = 0;
      let isReleased = false;
      const noteArrived = () => {
        arrivingBytes -= ownArrivingBytes;
        ownArrivingBytes = 0;
      };
      const take = (bytes: number) => {
        if (isReleased) throw new ConnectorError('client-gone', 'the request has ended');
        if (ownBytes + bytes > Math.max(maxBytes, maxBytesAlone)) {
          throw new ConnectorError(
            'decoded-body-too-large',
            `the request would take ${ownBytes + bytes} bytes of memory, ${Math.max(maxBytes, maxBytesAlone)} are allowed: send less in one request`,
          );
        }
        if (takenBytes > ownBytes && takenBytes + bytes > maxBytes) throw overloaded(bytes);
        takenBytes += bytes;
        ownBytes += bytes;
      };
      return {
        take,
        noteArrived,
        takeArriving(bytes) {
          if (!isReleased && isTooMuchArriving(bytes, arrivingBytes - ownArrivingBytes)) throw overloaded(bytes);
          take(bytes);
          arrivingBytes += bytes;
          ownArrivingBytes += bytes;
        },
        giveBack(bytes) {
          if (isReleased) return;
          takenBytes -= bytes;
          ownBytes -= bytes;
        },
        release() {
          noteArrived();
          takenBytes -= ownBytes;
          ownBytes = 0;
          isReleased = true;
        },
      };
    },
  };
}
