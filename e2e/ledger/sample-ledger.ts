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

export interface BalanceOptions {
  /**
   * Whether a sample may be given twice with the same bits. A row of the table may: a label that gets a dimension of its own between two
   * attempts makes the second row another one for Timestream, and reading puts the two together again (docs/data-model.md).
   */
  readonly mayRepeat?: boolean;
  /** Whether a sample that was stored may be refused when it comes again, because the retention window has moved. */
  readonly movesWindows?: boolean;
}

const MAX_CONTRADICTIONS = 20;

/** What an answer says of one reason: `out-of-retention (3): …`, behind the count or behind another reason. */
const NAMED_REASON = /(?:^|all others are stored\. | \| )([a-z-]+) \((\d+)\): /g;

/** The first number of the line says how many samples of the request are not stored; see docs/errors.md, samples-rejected. */
const NAMED_COUNT = /(?:^[a-z-]+: |; )(\d+) samples? of this request (can never be stored|w(?:as|ere) not stored)/;

/**
 * The books of a run: every sample that was handed over, every last answer. `balance` closes them against the table: a sample lies there
 * exactly once with its bits, or the last answer of its request counts it.
 */
export class SampleLedger {
  readonly #entries: Entry[] = [];
  readonly #answers = new Map<number, FinalAnswer>();
  readonly #bitsByKey = new Map<string, Set<bigint>>();

  /** Samples that were handed over so far. */
  get size(): number {
    return this.#entries.length;
  }

  add(requestId: number, seriesId: number, timestampMs: number, valueBits: bigint): void {
    const entry = { requestId, seriesId, timestampMs, valueBits };
    this.#entries.push(entry);
    const bits = this.#bitsByKey.get(keyOf(entry));
    if (bits === undefined) this.#bitsByKey.set(keyOf(entry), new Set([valueBits]));
    else bits.add(valueBits);
  }

  /** The answer after which the sender let go of the request. */
  close(requestId: number, answer: FinalAnswer): void {
    this.#answers.set(requestId, answer);
  }

  /** A line for each sample of a read that nobody has handed over, has other bits, or comes twice. It may be asked while the run goes on. */
  contradictionsOf(samples: Iterable<StoredSample>): readonly string[] {
    const contradictions: string[] = [];
    const seen = new Set<string>();
    for (const sample of samples) {
      const key = keyOf(sample);
      if (this.#bitsByKey.get(key)?.has(sample.valueBits) !== true)
        contradictions.push(`${key} was given as ${sample.valueBits.toString(16)}, which nobody sent`);
      if (seen.has(key)) contradictions.push(`${key} was given twice`);
      seen.add(key);
    }
    return contradictions;
  }

  /**
   * @param rows what lies in the table, or what a read gives
   */
  balance(rows: Iterable<StoredSample>, { mayRepeat = false, movesWindows = false }: BalanceOptions = {}): LedgerBalance {
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

    const missingByRequest = new Map<number, number>();
    let stored = 0;
    for (const entry of this.#entries) {
      const key = keyOf(entry);
      if (storedBits.get(key) === entry.valueBits) stored += 1;
      else missingByRequest.set(entry.requestId, (missingByRequest.get(entry.requestId) ?? 0) + 1);
    }
    for (const [key, bits] of storedBits) {
      const sentBits = this.#bitsByKey.get(key);
      if (sentBits === undefined) report(`${key} was never sent`);
      else if (!sentBits.has(bits)) report(`${key} has bits that nobody sent: ${bits.toString(16)}`);
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
      // What this attempt did not store, an earlier one may have stored: it failed in the middle, or the window has moved since.
      const isTrue = movesWindows || verdict.startsWith('w') ? missing <= counted : missing === counted;
      if (!isTrue) report(`request ${requestId}: ${missing} samples are not stored, but the answer says: ${answer.status} ${answer.text}`);
      const reasons = Array.from(answer.text.matchAll(NAMED_REASON), ([, , ofReason]) => Number(ofReason));
      if (verdict.startsWith('can') && sum(reasons) !== counted) report(`request ${requestId}: its reasons do not add up: ${answer.text}`);
      named += missing;
    }
    return { sent: this.#entries.length, stored, named, repeated, contradictions };
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function keyOf({ seriesId, timestampMs }: { readonly seriesId: number; readonly timestampMs: number }): string {
  return `series ${seriesId} at ${timestampMs} ms`;
}
