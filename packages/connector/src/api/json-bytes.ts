/** Points that are written in a turn of the event loop: some milliseconds. */
const POINTS_PER_TURN = 10_000;

/**
 * The bytes of a JSON text that is made piece by piece. What is made in a turn is encoded in it: a large answer that was joined and encoded as a whole, at its end, took as
 * long for that as a tenth of all before.
 */
export class JsonBytes {
  readonly #breathe: () => Promise<void>;
  readonly #encoder = new TextEncoder();
  #texts: string[] = [];
  readonly #parts: Uint8Array[] = [];
  #points = 0;

  /** @param breathe waits for the next turn */
  constructor(breathe: () => Promise<void>) {
    this.#breathe = breathe;
  }

  write(text: string): void {
    this.#texts.push(text);
  }

  /** Counts what was written. @returns what is to be waited for before more is, if anything */
  count(points: number): Promise<void> | undefined {
    this.#points += points;
    if (this.#points < POINTS_PER_TURN) return undefined;
    this.#points = 0;
    this.#encode();
    return this.#breathe();
  }

  end(): Uint8Array {
    this.#encode();
    return Buffer.concat(this.#parts);
  }

  #encode(): void {
    this.#parts.push(this.#encoder.encode(this.#texts.join('')));
    this.#texts = [];
  }
}
