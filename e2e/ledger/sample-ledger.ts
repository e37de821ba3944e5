/** One sample as a sender handed it over, and what the sender was told about the request that carried it. */
interface Entry {
  readonly seriesId: number;
  readonly timestampMs: number;
  readonly valueBits: bigint;
  readonly requestId: number;
}

export interface FinalAnswer {
  readonly status: number;
  readonly text: string;
}

/** A row of the table, as SQL gives it. */
export interface StoredSample {
  readonly seriesId: number;
  readonly timestampMs: number;
  readonly valueBits: bigint;
}

export interface LedgerBalance {
  /** Samples handed over. */
  readonly sent: number;
  /** Samples whose bits lie in the table. */
  readonly stored: number;
  /** Samples that are not in the table, and that the last answer of their request counts as never to be stored. */
  readonly named: number;
  /** Samples that are there once more, with the same bits. */
  readonly repeated: number;
  /** Each line is a contradiction between what was answered and what is there. Empty is what we want. */
  readonly contradictions: readonly string[];
}

const MAX_CONTRADICTIONS = 20;

/** The first number of the line says how many samples of the request are not stored; see docs/errors.md, samples-rejected. */
const NAMED_COUNT = /(?:^[a-z-]+: |; )(\d+) samples? of this request (can never be stored|w(?:as|ere) not stored)/;

/**
 * The books of a run: every sample that was handed over, every last answer. `balance` closes them against the table: a sample lies there
 * exactly once with its bits, or the last answer of its request counts it.
 */
export class SampleLedger {
  readonly #entries: Entry[] = [];
  readonly #answers = new Map<number, FinalAnswer>();

  add(requestId: number, seriesId: number, timestampMs: number, valueBits: bigint): void {
    this.#entries.push({ requestId, seriesId, timestampMs, valueBits });
  }

  /** The answer after which the sender let go of the request. */
  close(requestId: number, answer: FinalAnswer): void {
    this.#answers.set(requestId, answer);
  }

  get sentCount(): number {
    return this.#entries.length;
  }

  /**
   * @param rows what lies in the table, or what a read gives
   * @param mayRepeat whether a sample may be given twice with the same bits. A row of the table may: a label that gets a dimension of its
   *   own between two attempts makes the second row another one for Timestream, and reading puts the two together again (docs/data-model.md).
   */
  balance(rows: Iterable<StoredSample>, { mayRepeat = false }: { readonly mayRepeat?: boolean } = {}): LedgerBalance {
    let repeated = 0;
    const contradictions: string[] = [];
    const report = (line: string): void => {
      if (contradictions.length < MAX_CONTRADICTIONS) contradictions.push(line);
    };
    const storedBits = new Map<string, bigint>();
    for (const row of rows) {
      const key = keyOf(row);
      const earlier = storedBits.get(key);
      if (earlier !== undefined) {
        repeated += 1;
        if (!mayRepeat || earlier !== row.valueBits)
          report(`${key} is there twice: ${earlier.toString(16)}, ${row.valueBits.toString(16)}`);
      }
      storedBits.set(key, row.valueBits);
    }

    const knownKeys = new Set<string>();
    const missingByRequest = new Map<number, number>();
    const bitsByKey = new Map<string, Set<bigint>>();
    let stored = 0;
    for (const entry of this.#entries) {
      const key = keyOf(entry);
      knownKeys.add(key);
      const bits = bitsByKey.get(key) ?? new Set<bigint>();
      bits.add(entry.valueBits);
      bitsByKey.set(key, bits);
      if (storedBits.get(key) === entry.valueBits) stored += 1;
      else missingByRequest.set(entry.requestId, (missingByRequest.get(entry.requestId) ?? 0) + 1);
    }
    for (const [key, bits] of storedBits) {
      if (!knownKeys.has(key)) report(`${key} was never sent`);
      else if (bitsByKey.get(key)?.has(bits) !== true) report(`${key} has bits that nobody sent: ${bits.toString(16)}`);
    }

    let named = 0;
    const requestIds = new Set(this.#entries.map(({ requestId }) => requestId));
    for (const requestId of requestIds) {
      const missing = missingByRequest.get(requestId) ?? 0;
      const answer = this.#answers.get(requestId);
      if (answer === undefined) {
        report(`request ${requestId} was never answered for good`);
        continue;
      }
      if (answer.status >= 200 && answer.status < 300) {
        if (missing > 0) report(`request ${requestId} was answered ${answer.status}, and ${missing} of its samples are not stored`);
        continue;
      }
      const [, count = 'NaN', verdict = ''] = NAMED_COUNT.exec(answer.text) ?? [];
      const counted = Number(count);
      // A failure that ends the request counts what this attempt did not store; an earlier attempt may have stored some of it.
      const isTrue = verdict.startsWith('w') ? missing <= counted : missing === counted;
      if (!isTrue) report(`request ${requestId}: ${missing} samples are not stored, but the answer says: ${answer.status} ${answer.text}`);
      named += missing;
    }
    return { sent: this.#entries.length, stored, named, repeated, contradictions };
  }
}

function keyOf({ seriesId, timestampMs }: { readonly seriesId: number; readonly timestampMs: number }): string {
  return `series ${seriesId} at ${timestampMs} ms`;
}
