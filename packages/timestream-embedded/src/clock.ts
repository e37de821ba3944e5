/** The time that retention, tokens and `now()` go by. Signatures are checked against the machine's own clock. */
export interface EmbeddedClock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
}

export const systemClock: EmbeddedClock = { nowMs: () => Date.now() };

/** A clock that a test sets: moving from any time on, or standing still. It begins as the machine's. */
export class AdjustableClock implements EmbeddedClock {
  #offsetMs = 0;
  #frozenMs: number | undefined;

  nowMs(): number {
    return this.#frozenMs ?? Date.now() + this.#offsetMs;
  }

  /** Goes on from this time; frozen, it stays there. */
  set(timestampMs: number): void {
    if (this.#frozenMs === undefined) this.#offsetMs = timestampMs - Date.now();
    else this.#frozenMs = timestampMs;
  }

  advance(durationMs: number): void {
    this.set(this.nowMs() + durationMs);
  }

  freeze(): void {
    this.#frozenMs = this.nowMs();
  }

  /** Lets it move again from where it stands. */
  resume(): void {
    const timestampMs = this.nowMs();
    this.#frozenMs = undefined;
    this.set(timestampMs);
  }

  /** The machine's own time. */
  reset(): void {
    this.#frozenMs = undefined;
    this.#offsetMs = 0;
  }
}
