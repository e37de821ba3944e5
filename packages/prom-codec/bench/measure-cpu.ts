const MEASURE_MS = 1_000;
const ROUNDS = 8;

/** CPU milliseconds so far, garbage collection on other threads included: unlike the clock, it does not count what other programs take. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** CPU milliseconds of one call: the best of some rounds, taken in turn so that all candidates meet the same machine. */
export function measureCpu(candidates: Readonly<Record<string, () => unknown>>): Record<string, number> {
  const best: Record<string, number> = {};
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, run] of Object.entries(candidates)) {
      const start = cpuMs();
      let calls = 0;
      let elapsed = 0;
      while (elapsed < MEASURE_MS / ROUNDS) {
        run();
        calls++;
        elapsed = cpuMs() - start;
      }
      // Round 0 warms up.
      if (round > 0) best[name] = Math.min(best[name] ?? Infinity, elapsed / calls);
    }
  }
  return best;
}

/** A sequence that is the same in every run (xorshift32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
