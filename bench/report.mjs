/** What a run leaves behind; types only. */

/** @typedef {import('./statistics.mjs').Spread} Spread */
/** @typedef {{ readonly candidate: string; readonly flags: readonly string[]; readonly figures: Readonly<Record<string, Spread>> }} CandidateResult */
/** @typedef {{ readonly name: string; readonly what: string; readonly kind: string; readonly results: readonly CandidateResult[] }} CaseResult */
/** @typedef {{ readonly machine: ReturnType<typeof import('./machine.mjs').describeMachine>; readonly repetitions: number; readonly cases: readonly CaseResult[] }} BenchReport */

export {};
