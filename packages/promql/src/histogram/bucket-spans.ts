import { CompensatedSum } from '../math/compensated-sum.js';
import { exponentialBound, isExponentialSchema } from './bucket-bounds.js';

/** A run of buckets: `offset` from the end of the last run (of the first: from bucket 0). */
export interface BucketSpan {
  offset: number;
  length: number;
}

/** The buckets of one side: the runs, and a count for each bucket in them. */
export interface Side {
  spans: BucketSpan[];
  counts: number[];
}

/** A side with what the additions to each count rounded away. */
export interface CompensatedSide extends Side {
  rests: number[];
}

export function copySpans(spans: readonly BucketSpan[]): BucketSpan[] {
  return spans.map(({ offset, length }) => ({ offset, length }));
}

export function spansEqual(left: readonly BucketSpan[], right: readonly BucketSpan[]): boolean {
  // Runs of no buckets do not count (`model/histogram`, spansMatch).
  let a = 0;
  let b = 0;
  let aOffset = 0;
  let bOffset = 0;
  for (;;) {
    while (left[a]?.length === 0) aOffset += left[a++]!.offset;
    while (right[b]?.length === 0) bOffset += right[b++]!.offset;
    const one = left[a];
    const other = right[b];
    if (one === undefined || other === undefined) return one === other;
    if (one.offset + aOffset !== other.offset + bOffset || one.length !== other.length) return false;
    a++;
    b++;
    aOffset = 0;
    bOffset = 0;
  }
}

/** The index of each bucket. */
export function bucketIndexes(spans: readonly BucketSpan[]): number[] {
  const indexes: number[] = [];
  let index = 0;
  for (const { offset, length } of spans) {
    index += offset;
    for (let position = 0; position < length; position++) indexes.push(index++);
  }
  return indexes;
}

/** Into which bucket of a coarser schema a bucket falls. */
export function coarserIndex(index: number, schema: number, targetSchema: number): number {
  return ((index - 1) >> (schema - targetSchema)) + 1;
}

/** Put the buckets of a side together to those of a coarser schema. Neighbours become one run. */
export function reduceResolution(side: Side, schema: number, targetSchema: number): Side {
  const { spans, counts } = reduceCompensated({ ...side, rests: [] }, schema, targetSchema, false);
  return { spans, counts };
}

export function reduceCompensated(side: CompensatedSide, schema: number, targetSchema: number, withRests = true): CompensatedSide {
  const target: CompensatedSide = { spans: [], counts: [], rests: [] };
  let last = 0;
  bucketIndexes(side.spans).forEach((original, position) => {
    const index = coarserIndex(original, schema, targetSchema);
    const count = side.counts[position]!;
    const rest = withRests ? side.rests[position]! : 0;
    const end = target.counts.length - 1;
    if (end >= 0 && index === last) {
      if (withRests) {
        addAt(target.counts, target.rests, end, count);
        addAt(target.counts, target.rests, end, rest);
      } else target.counts[end]! += count;
      return;
    }
    appendBucket(target, index, last, end < 0);
    target.counts.push(count);
    if (withRests) target.rests.push(rest);
    last = index;
  });
  return target;
}

/** Add a bucket to the end of the runs. */
function appendBucket({ spans }: Side, index: number, last: number, isFirst: boolean): void {
  const run = spans[spans.length - 1];
  if (isFirst || run === undefined) spans.push({ offset: index, length: 1 });
  else if (index === last + 1) run.length++;
  else spans.push({ offset: index - last - 1, length: 1 });
}

const register = new CompensatedSum();

/** Compensated addition to one of many sums. */
export function addAt(sums: number[], rests: number[], position: number, value: number): void {
  register.sum = sums[position]!;
  register.rest = rests[position]!;
  register.add(value);
  sums[position] = register.sum;
  rests[position] = register.rest;
}

/**
 * Add the buckets of `other` to `side`, in place. Buckets that have no partner are put where they belong, and the runs grow as
 * Prometheus lets them grow: joined with a neighbour where they touch it before it, not merged with the run behind.
 *
 * Buckets below the zero threshold are left out: they are in the zero bucket already.
 */
export function addBuckets(
  schema: number,
  threshold: number,
  sign: 1 | -1,
  side: Side,
  other: Side,
  rests: { readonly own: number[]; readonly other: readonly number[] | null } | null = null,
): void {
  const inserter = new BucketInserter(side, rests?.own ?? null);
  let below = isExponentialSchema(schema);
  let index = 0;
  let position = 0;
  for (const { offset, length } of other.spans) {
    index += offset;
    for (let step = 0; step < length; step++, index++, position++) {
      if (below && exponentialBound(index, schema) <= threshold) {
        inserter.pass(index);
        continue;
      }
      below = false;
      const count = sign * other.counts[position]!;
      const rest = rests?.other == null ? 0 : sign * rests.other[position]!;
      inserter.add(index, count, rest);
    }
  }
}

/** Walks along the runs of a side while buckets with ascending indexes are added. */
class BucketInserter {
  readonly #spans: BucketSpan[];
  readonly #counts: number[];
  readonly #rests: number[] | null;
  /** The run, bucket and place in the run where the last addition was; -1 before the first run. */
  #span = -1;
  #bucket = -1;
  #inSpan = 0;
  #index = 0;

  constructor(side: Side, rests: number[] | null) {
    this.#spans = side.spans;
    this.#counts = side.counts;
    this.#rests = rests;
  }

  pass(index: number): void {
    this.#index = index;
  }

  add(index: number, count: number, rest: number): void {
    const spans = this.#spans;
    if (this.#span === -1) {
      const first = spans[0];
      if (first === undefined || first.offset > index) {
        this.#insertBeforeFirst(index, count, rest);
        this.#index = index;
        return;
      }
      if (first.offset === index) {
        this.#addTo(0, count, rest);
        this.#index = index;
        return;
      }
      this.#span = 0;
      this.#bucket = 0;
      this.#inSpan = 0;
      this.#index = first.offset;
    }
    let distance = index - this.#index;
    for (;;) {
      const run = spans[this.#span]!;
      const left = run.length - this.#inSpan;
      if (distance < left) {
        this.#bucket += distance;
        this.#inSpan += distance;
        this.#addTo(this.#bucket, count, rest);
        break;
      }
      distance -= left;
      this.#bucket += left;
      this.#span++;
      const next = spans[this.#span];
      if (next === undefined || distance < next.offset) {
        this.#insert(distance, next, count, rest);
        break;
      }
      distance -= next.offset;
      this.#inSpan = 0;
    }
    this.#index = index;
  }

  #addTo(position: number, count: number, rest: number): void {
    if (this.#rests === null) this.#counts[position]! += count;
    else {
      addAt(this.#counts, this.#rests, position, count);
      if (rest !== 0) addAt(this.#counts, this.#rests, position, rest);
    }
  }

  #insertBeforeFirst(index: number, count: number, rest: number): void {
    this.#counts.unshift(count);
    this.#rests?.unshift(rest);
    const first = this.#spans[0];
    if (first?.offset === index + 1) {
      first.length++;
      first.offset--;
      return;
    }
    if (first !== undefined) first.offset -= index + 1;
    this.#spans.unshift({ offset: index, length: 1 });
  }

  /** Between the run before, which ended `distance` buckets ago, and the next one. */
  #insert(distance: number, next: BucketSpan | undefined, count: number, rest: number): void {
    this.#counts.splice(this.#bucket, 0, count);
    this.#rests?.splice(this.#bucket, 0, rest);
    if (distance === 0) {
      if (next !== undefined) next.offset--;
      this.#span--;
      const run = this.#spans[this.#span]!;
      this.#inSpan = run.length;
      run.length++;
      return;
    }
    this.#inSpan = 0;
    if (next !== undefined && distance === next.offset - 1) {
      next.offset--;
      next.length++;
      return;
    }
    if (next !== undefined) next.offset -= distance + 1;
    this.#spans.splice(this.#span, 0, { offset: distance, length: 1 });
  }
}

/**
 * Without empty buckets: those at the edges of a run are cut off and those inside split it. Runs that touch become one. A bucket whose
 * rest is not zero is not empty.
 */
export function compactBuckets(side: Side, rests: number[] | null = null): { side: Side; rests: number[] | null } {
  const compact: Side = { spans: [], counts: [] };
  const keptRests: number[] = [];
  let last = 0;
  bucketIndexes(side.spans).forEach((index, position) => {
    const count = side.counts[position];
    if (count === undefined) return;
    const rest = rests?.[position] ?? 0;
    if (count === 0 && rest === 0) return;
    appendBucket(compact, index, last, compact.spans.length === 0);
    compact.counts.push(count);
    keptRests.push(rest);
    last = index;
  });
  return { side: compact, rests: rests === null ? null : keptRests };
}
