import type { RecordSeries } from './record.js';

/** What a record begins with: dimensions and measure name, which are its series together with the common attributes. */
export interface KnownHead {
  readonly series: RecordSeries;
  /** The name of a measure of at most eight bytes that breaks no limit as the only one of a record of this series. */
  fineWith: string | undefined;
}

/** Heads of one table; each takes about a kilobyte. What does not fit is read anew each time, which is slower and nothing else. */
const maxHeads = 100_000;

/**
 * The heads of a table's records that were read and found good, by their text and the text of what is common to the request. The records of
 * a series begin alike, request for request: one look at the text then stands for reading and checking it.
 */
export class KnownHeads {
  #byCommon = new Map<string, Map<string, KnownHead>>();
  #size = 0;

  /** @param common  the same text exactly for the same common dimensions and the same common measure name. */
  of(common: string): ReadonlyMap<string, KnownHead> {
    let heads = this.#byCommon.get(common);
    if (heads === undefined) {
      if (this.#byCommon.size >= maxHeads) this.#forget();
      heads = new Map();
      this.#byCommon.set(common, heads);
    }
    return heads;
  }

  add(common: string, text: string, series: RecordSeries): KnownHead {
    if (this.#size >= maxHeads) this.#forget();
    const head: KnownHead = { series, fineWith: undefined };
    let heads = this.#byCommon.get(common);
    if (heads === undefined) {
      heads = new Map();
      this.#byCommon.set(common, heads);
    }
    // A part of a text keeps all of it in memory: the copy does not.
    heads.set(Buffer.from(text, 'latin1').toString('latin1'), head);
    this.#size += 1;
    return head;
  }

  #forget(): void {
    this.#byCommon = new Map();
    this.#size = 0;
  }
}
