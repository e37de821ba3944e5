import type { InternedLabel, StoredMeasure } from './interned-label.js';

/**
 * Labels, and perhaps the metric name, that all records of a call share. Equal ones of one {@link CommonPartsCache} are the same object, so that a series
 * can remember what it adds to them: requests cut the same series into the same calls again and again.
 */
export interface CommonParts {
  /** In the order in which series have them. */
  readonly labels: readonly InternedLabel[];
  readonly measure: StoredMeasure | undefined;
  /** Metered bytes of the labels and the name. */
  readonly bytes: number;
}

/** What a record shares with itself, being alone. */
export const NOTHING_COMMON: CommonParts = { labels: [], measure: undefined, bytes: 0 };

interface KnownParts extends CommonParts {
  /** Others of the same hash. */
  readonly next: KnownParts | undefined;
}

/** Estimates, in bytes: the object with its place in the map, and a place of a label. */
const PARTS_BYTES = 200;
const LABEL_PLACE_BYTES = 8;

export class CommonPartsCache {
  #byHash = new Map<number, KnownParts>();
  #bytes = 0;

  /** Memory taken, estimated. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @param labels copied if they are kept */
  partsOf(labels: readonly InternedLabel[], measure: StoredMeasure | undefined): CommonParts {
    let hash = labels.length;
    for (const { id } of labels) hash = Math.imul(hash ^ id, 0x9e3779b1) ^ (hash >>> 15);
    const first = this.#byHash.get(hash);
    for (let known = first; known !== undefined; known = known.next) {
      if (known.measure === measure && haveSame(known.labels, labels)) return known;
    }
    let bytes = measure?.bytes ?? 0;
    for (const label of labels) bytes += label.bytes;
    const parts: KnownParts = { labels: labels.slice(), measure, bytes, next: first };
    this.#byHash.set(hash, parts);
    this.#bytes += PARTS_BYTES + LABEL_PLACE_BYTES * labels.length;
    return parts;
  }

  clear(): void {
    this.#byHash = new Map();
    this.#bytes = 0;
  }
}

function haveSame(left: readonly InternedLabel[], right: readonly InternedLabel[]): boolean {
  return left.length === right.length && left.every((label, index) => label === right[index]);
}
