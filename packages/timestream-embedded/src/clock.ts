/** The time that retention, tokens and `now()` go by. Signatures are checked against the machine's own clock. */
export interface EmbeddedClock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
}

export const systemClock: EmbeddedClock = { nowMs: () => Date.now() };
