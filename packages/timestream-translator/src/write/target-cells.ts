/* oxlint-disable typescript/no-non-null-assertion -- every index here is below the length of its column, and this runs for every series */
import type { InternedLabel, InternedName, StoredMeasure } from './interned-label.js';

/** A series, as far as its place is concerned. */
interface PlacedSeries {
  readonly measure: StoredMeasure;
  readonly labels: readonly InternedLabel[];
  cell: Cell | undefined;
}

/** What series with the same values of some labels come from, as far as these labels tell. */
export interface Target {
  /** The id of the label of each name, 0 where there is none. */
  readonly key: readonly number[];
  readonly cells: Map<StoredMeasure, Cell>;
  /** Notes of whoever goes over many records without giving up control in between: the pass, and the target's number in it. */
  pass: number;
  index: number;
}

/** The series of one target and one metric. The notes are as those of {@link Target}. */
export interface Cell {
  readonly scheme: TargetScheme;
  readonly target: Target;
  readonly measure: StoredMeasure;
  pass: number;
  index: number;
}

/** Estimates, in bytes: each with its place in a map. */
const TARGET_BYTES = 400;
const CELL_BYTES = 150;

/** Which labels tell targets apart, and what is known of the series under this view. */
export class TargetScheme {
  readonly #names: readonly InternedName[];
  readonly #targetByHash = new Map<number, Target>();
  #bytes = 0;

  constructor(names: readonly InternedName[]) {
    this.#names = names;
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(names: readonly InternedName[]): boolean {
    return names.length === this.#names.length && names.every((name, index) => name === this.#names[index]);
  }

  /** The cell of a series, which remembers it. */
  cellOf(series: PlacedSeries): Cell {
    const known = series.cell;
    if (known?.scheme === this) return known;
    const key = this.#keyOf(series);
    // Two targets of one hash come into each other's way: a dearer order, and none that is wrong.
    const hash = hashOf(key);
    let target = this.#targetByHash.get(hash);
    if (target === undefined) {
      target = { key, cells: new Map(), pass: 0, index: 0 };
      this.#targetByHash.set(hash, target);
      this.#bytes += TARGET_BYTES;
    }
    let cell = target.cells.get(series.measure);
    if (cell === undefined) {
      cell = { scheme: this, target, measure: series.measure, pass: 0, index: 0 };
      target.cells.set(series.measure, cell);
      this.#bytes += CELL_BYTES;
    }
    series.cell = cell;
    return cell;
  }

  #keyOf({ labels }: PlacedSeries): readonly number[] {
    const key = new Array<number>(this.#names.length).fill(0);
    for (const { internedName, id } of labels) {
      const rank = this.#names.indexOf(internedName);
      if (rank >= 0) key[rank] = id;
    }
    return key;
  }
}

/** More views than this at a time are of no use: what is sent changes for good, or it has no order to find. */
const MAX_SCHEMES = 16;

export class TargetSchemes {
  #schemes: TargetScheme[] = [];

  /** Memory taken, estimated. */
  get bytes(): number {
    return this.#schemes.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  schemeOf(names: readonly InternedName[]): TargetScheme {
    const known = this.#schemes.find((scheme) => scheme.has(names));
    if (known !== undefined) return known;
    const scheme = new TargetScheme(names);
    this.#schemes = [scheme, ...this.#schemes.slice(0, MAX_SCHEMES - 1)];
    return scheme;
  }

  clear(): void {
    this.#schemes = [];
  }
}

function hashOf(key: readonly number[]): number {
  let hash = 0;
  for (const id of key) {
    hash = Math.imul(hash ^ id, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}

/** Targets by their keys: those of one namespace, of one node and so on stand next to each other. */
export function compareTargets({ key: left }: Target, { key: right }: Target): number {
  for (let rank = 0; rank < left.length; rank++) {
    const difference = left[rank]! - right[rank]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
