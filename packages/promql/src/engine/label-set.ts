import type { Label } from '../storage.js';
import { compareGoText, quoteGo } from '../syntax/go-text.js';

export const METRIC_NAME = '__name__';

/** Labels that say what a metric is; what is computed from a series loses them. */
export const METADATA_LABELS: ReadonlySet<string> = new Set([METRIC_NAME, '__type__', '__unit__']);

export function isMetadataLabel(name: string): boolean {
  return METADATA_LABELS.has(name);
}

// Halves of surrogate pairs stand in no text that came as UTF-8, so two label sets have one key only if they are equal.
const AFTER_NAME = '\uD800';
const AFTER_VALUE = '\uDC01';

/** The labels of a series in the order of their names, none empty. Equal sets have equal keys. */
export class LabelSet {
  static readonly EMPTY = new LabelSet([]);

  readonly labels: readonly Label[];
  #key: string | null = null;
  #withoutMetadata: LabelSet | null = null;

  private constructor(sorted: readonly Label[]) {
    this.labels = sorted;
  }

  static from(labels: readonly Label[]): LabelSet {
    const sorted = labels.filter(({ value }) => value !== '');
    for (let index = 1; index < sorted.length; index++) {
      if (compareGoText(sorted[index - 1]!.name, sorted[index]!.name) > 0) {
        sorted.sort((left, right) => compareGoText(left.name, right.name));
        break;
      }
    }
    return sorted.length === 0 ? LabelSet.EMPTY : new LabelSet(sorted);
  }

  get key(): string {
    this.#key ??= keyOf(this.labels);
    return this.#key;
  }

  get(name: string): string {
    for (const label of this.labels) if (label.name === name) return label.value;
    return '';
  }

  /** Without name, type and unit of the metric. */
  withoutMetadata(): LabelSet {
    this.#withoutMetadata ??= this.filter((name) => !METADATA_LABELS.has(name));
    return this.#withoutMetadata;
  }

  filter(keeps: (name: string) => boolean): LabelSet {
    const kept = this.labels.filter(({ name }) => keeps(name));
    if (kept.length === this.labels.length) return this;
    return kept.length === 0 ? LabelSet.EMPTY : new LabelSet(kept);
  }

  /** With these values; "" takes a label away. */
  with(changes: ReadonlyMap<string, string>): LabelSet {
    if (changes.size === 0) return this;
    const kept = this.labels.filter(({ name }) => !changes.has(name));
    return LabelSet.from([...kept, ...[...changes].map(([name, value]) => ({ name, value }))]);
  }

  /** As messages show it: `{a="b", c="d"}`. */
  text(): string {
    const parts = this.labels.map(({ name, value }) => `${/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : quoteGo(name)}=${quoteGo(value)}`);
    return `{${parts.join(', ')}}`;
  }

  static compare(left: LabelSet, right: LabelSet): number {
    const length = Math.min(left.labels.length, right.labels.length);
    for (let index = 0; index < length; index++) {
      const one = left.labels[index]!;
      const other = right.labels[index]!;
      const order = compareGoText(one.name, other.name) || compareGoText(one.value, other.value);
      if (order !== 0) return order;
    }
    return left.labels.length - right.labels.length;
  }
}

function keyOf(labels: readonly Label[]): string {
  let key = '';
  for (const { name, value } of labels) key += name + AFTER_NAME + value + AFTER_VALUE;
  return key;
}

/** The key of those labels whose names are kept. */
export function partialKey(set: LabelSet, keeps: (name: string) => boolean): string {
  let key = '';
  for (const { name, value } of set.labels) if (keeps(name)) key += name + AFTER_NAME + value + AFTER_VALUE;
  return key;
}
