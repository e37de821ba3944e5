import { CompensatedSum } from '../math/compensated-sum.js';
import { CUSTOM_BUCKETS_SCHEMA, isCustomSchema } from './bucket-bounds.js';
import { type Bucket, bucketsOf, mergedCounts } from './bucket-iteration.js';
import {
  addAt,
  addBuckets,
  bucketIndexes,
  type BucketSpan,
  compactBuckets,
  copySpans,
  reduceCompensated,
  reduceResolution,
  type Side,
  spansEqual,
} from './bucket-spans.js';

/** Whether counting began anew before a histogram, as the hint of the wire says. */
export type CounterResetHint = 'unknown' | 'reset' | 'not-reset' | 'gauge';

/** What adding two histograms found. */
export interface AdditionOutcome {
  /** One hint says reset and the other says not. */
  readonly resetCollision: boolean;
  /** Bounds of custom buckets differ and were cut down to those in both. */
  readonly boundsReconciled: boolean;
}

/** An operation on histograms of which one has exponential and the other custom buckets. */
export class IncompatibleSchemasError extends Error {
  override readonly name = 'IncompatibleSchemasError';

  constructor() {
    super('cannot apply this operation on histograms with a mix of exponential and custom bucket schemas');
  }
}

/**
 * A native histogram in floating point, as PromQL computes with it. Operations change the histogram they are called on; what came from
 * storage must be copied first. The order of every addition is Prometheus' own (`model/histogram/float_histogram.go`).
 */
export class FloatHistogram {
  hint: CounterResetHint = 'unknown';
  schema = 0;
  zeroThreshold = 0;
  zeroCount = 0;
  count = 0;
  sum = 0;
  positive: Side = { spans: [], counts: [] };
  negative: Side = { spans: [], counts: [] };
  /** Upper bounds of custom buckets; never written to, so copies may share them. */
  customBounds: readonly number[] = [];

  get isCustom(): boolean {
    return isCustomSchema(this.schema);
  }

  copy(): FloatHistogram {
    const copy = new FloatHistogram();
    copy.hint = this.hint;
    copy.schema = this.schema;
    copy.count = this.count;
    copy.sum = this.sum;
    copy.positive = copySide(this.positive);
    if (this.isCustom) copy.customBounds = this.customBounds;
    else {
      copy.zeroThreshold = this.zeroThreshold;
      copy.zeroCount = this.zeroCount;
      copy.negative = copySide(this.negative);
    }
    return copy;
  }

  /** Count and sum alone, for a query that asks for nothing else. */
  withoutBuckets(hint: CounterResetHint): FloatHistogram {
    const copy = new FloatHistogram();
    copy.hint = hint;
    copy.schema = this.schema;
    copy.count = this.count;
    copy.sum = this.sum;
    return copy;
  }

  copyToSchema(targetSchema: number): FloatHistogram {
    const copy = this.copy();
    if (targetSchema === this.schema) return copy;
    if (this.isCustom || isCustomSchema(targetSchema) || targetSchema > this.schema) {
      throw new RangeError(`cannot copy from schema ${this.schema} to ${targetSchema}`);
    }
    copy.positive = reduceResolution(this.positive, this.schema, targetSchema);
    copy.negative = reduceResolution(this.negative, this.schema, targetSchema);
    copy.schema = targetSchema;
    return copy;
  }

  multiply(factor: number): this {
    this.#scale((value) => value * factor);
    if (factor < 0) this.hint = 'gauge';
    return this;
  }

  divide(scalar: number): this {
    if (scalar === 0) {
      // Every bucket would be infinite or NaN; Prometheus drops them.
      this.positive = { spans: [], counts: [] };
      this.negative = { spans: [], counts: [] };
    }
    this.#scale((value) => value / scalar);
    if (scalar < 0) this.hint = 'gauge';
    return this;
  }

  #scale(change: (value: number) => number): void {
    this.zeroCount = change(this.zeroCount);
    this.count = change(this.count);
    this.sum = change(this.sum);
    for (const { counts } of [this.positive, this.negative]) {
      for (let index = 0; index < counts.length; index++) counts[index] = change(counts[index]!);
    }
  }

  /** @throws IncompatibleSchemasError */
  add(other: FloatHistogram): AdditionOutcome {
    return this.#combine(other, 1);
  }

  /** @throws IncompatibleSchemasError */
  subtract(other: FloatHistogram): AdditionOutcome {
    return this.#combine(other, -1);
  }

  #combine(other: FloatHistogram, sign: 1 | -1): AdditionOutcome {
    this.#assertCompatible(other);
    const resetCollision = this.#adjustHint(other);
    if (!this.isCustom) {
      // Reconciling changes the zero count of this one, so it comes first.
      const otherZero = this.#reconcileZeroBuckets(other, null);
      this.zeroCount += sign * otherZero.count;
    }
    this.count += sign * other.count;
    this.sum += sign * other.sum;
    if (this.isCustom) {
      const boundsReconciled = !numbersEqual(this.customBounds, other.customBounds);
      if (boundsReconciled) this.#addOverCommonBounds(other, sign, null);
      else addBuckets(this.schema, this.zeroThreshold, sign, this.positive, other.positive);
      return { resetCollision, boundsReconciled };
    }
    let { positive, negative } = other;
    if (other.schema < this.schema) {
      this.positive = reduceResolution(this.positive, this.schema, other.schema);
      this.negative = reduceResolution(this.negative, this.schema, other.schema);
      this.schema = other.schema;
    } else if (other.schema > this.schema) {
      positive = reduceResolution(positive, other.schema, this.schema);
      negative = reduceResolution(negative, other.schema, this.schema);
    }
    addBuckets(this.schema, this.zeroThreshold, sign, this.positive, positive);
    addBuckets(this.schema, this.zeroThreshold, sign, this.negative, negative);
    return { resetCollision, boundsReconciled: false };
  }

  /**
   * Add with compensation: what is rounded away goes to `rest`, a histogram of the same layout, made by {@link createRest} first.
   *
   * @throws IncompatibleSchemasError
   */
  addCompensated(other: FloatHistogram, rest: FloatHistogram): AdditionOutcome {
    this.#assertCompatible(other);
    const resetCollision = this.#adjustHint(other);
    if (!this.isCustom) {
      const otherZero = this.#reconcileZeroBuckets(other, rest);
      addField(this, rest, 'zeroCount', otherZero.count);
      addField(this, rest, 'zeroCount', otherZero.rest);
    }
    addField(this, rest, 'count', other.count);
    addField(this, rest, 'sum', other.sum);
    if (this.isCustom) {
      const boundsReconciled = !numbersEqual(this.customBounds, other.customBounds);
      if (boundsReconciled) {
        this.#addOverCommonBounds(other, 1, rest);
        rest.customBounds = this.customBounds;
      } else {
        addBuckets(this.schema, this.zeroThreshold, 1, this.positive, other.positive, { own: rest.positive.counts, other: null });
      }
      rest.positive.spans = this.positive.spans;
      return { resetCollision, boundsReconciled };
    }
    for (const name of ['positive', 'negative'] as const) this.#addSideCompensated(name, other, rest);
    if (other.schema < this.schema) this.schema = other.schema;
    rest.schema = this.schema;
    rest.zeroThreshold = this.zeroThreshold;
    return { resetCollision, boundsReconciled: false };
  }

  #addSideCompensated(name: 'positive' | 'negative', other: FloatHistogram, rest: FloatHistogram): void {
    let added: Side = other[name];
    let addedRests: number[] | null = null;
    let schema = this.schema;
    if (other.schema < this.schema) {
      const reduced = reduceCompensated({ ...this[name], rests: rest[name].counts }, this.schema, other.schema);
      this[name] = { spans: reduced.spans, counts: reduced.counts };
      rest[name].counts = reduced.rests;
      ({ schema } = other);
    } else if (other.schema > this.schema && added.counts.length > 0) {
      const reduced = reduceCompensated({ ...added, rests: added.counts.map(() => 0) }, other.schema, this.schema);
      added = reduced;
      addedRests = reduced.rests;
    }
    addBuckets(schema, this.zeroThreshold, 1, this[name], added, { own: rest[name].counts, other: addedRests });
    rest[name].spans = this[name].spans;
  }

  /** A histogram of the same layout with nothing in it, to take what additions round away. */
  createRest(): FloatHistogram {
    const rest = new FloatHistogram();
    rest.hint = this.hint;
    rest.schema = this.schema;
    rest.zeroThreshold = this.zeroThreshold;
    rest.customBounds = this.customBounds;
    rest.positive = { spans: this.positive.spans, counts: this.positive.counts.map(() => 0) };
    rest.negative = { spans: this.negative.spans, counts: this.negative.counts.map(() => 0) };
    return rest;
  }

  #assertCompatible(other: FloatHistogram): void {
    if (this.isCustom !== other.isCustom) throw new IncompatibleSchemasError();
  }

  #adjustHint(other: FloatHistogram): boolean {
    if (other.hint === this.hint || this.hint === 'gauge') return false;
    if (other.hint === 'gauge') {
      this.hint = 'gauge';
      return false;
    }
    const collision = this.hint !== 'unknown' && other.hint !== 'unknown';
    this.hint = 'unknown';
    return collision;
  }

  /** Widen the zero buckets until both are equally wide. Gives the zero count of the other, and what its sum rounded away. */
  #reconcileZeroBuckets(other: FloatHistogram, rest: FloatHistogram | null): { count: number; rest: number } {
    let otherRest = 0;
    let { zeroCount: otherCount, zeroThreshold: otherThreshold } = other;
    while (otherThreshold !== this.zeroThreshold) {
      // NaN would never become equal to anything.
      if (Number.isNaN(otherThreshold) || Number.isNaN(this.zeroThreshold)) break;
      if (this.zeroThreshold > otherThreshold) {
        ({ count: otherCount, threshold: otherThreshold, rest: otherRest } = other.#zeroCountFor(this.zeroThreshold, null));
      }
      if (otherThreshold > this.zeroThreshold) {
        const widened = this.#zeroCountFor(otherThreshold, rest);
        this.zeroCount = widened.count;
        this.zeroThreshold = widened.threshold;
        if (rest !== null) rest.zeroCount = widened.rest;
        this.#emptyBucketsInZeroBucket(rest);
      }
    }
    return { count: otherCount, rest: otherRest };
  }

  /** The count of a zero bucket as wide as `threshold`, or wider where that would cut a bucket that is not empty. */
  #zeroCountFor(threshold: number, rest: FloatHistogram | null): { count: number; threshold: number; rest: number } {
    if (threshold === this.zeroThreshold) return { count: this.zeroCount, threshold, rest: rest?.zeroCount ?? 0 };
    const positive = bucketsOf(this, 'positive');
    const negative = bucketsOf(this, 'negative');
    let widest = threshold;
    // Compensation goes on from round to round, as it does in Prometheus.
    let carried = rest?.zeroCount ?? 0;
    for (;;) {
      const sum = new CompensatedSum(this.zeroCount, carried);
      const cut = (buckets: readonly Bucket[], rests: readonly number[] | undefined, mirrored: boolean): number | null => {
        for (const [position, bucket] of buckets.entries()) {
          const near = mirrored ? -bucket.upper : bucket.lower;
          const far = mirrored ? -bucket.lower : bucket.upper;
          if (near >= widest) return null;
          sum.add(bucket.count);
          if (rests !== undefined) sum.add(rests[position]!);
          if (far > widest) return bucket.count === 0 ? null : far;
        }
        return null;
      };
      widest = cut(positive, rest?.positive.counts, false) ?? widest;
      const wider = cut(negative, rest?.negative.counts, true);
      if (wider === null) return { count: sum.sum, threshold: widest, rest: sum.rest };
      widest = wider;
      carried = sum.rest;
    }
  }

  #emptyBucketsInZeroBucket(rest: FloatHistogram | null): void {
    for (const name of ['positive', 'negative'] as const) {
      const side = this[name];
      for (const [position, bucket] of bucketsOf(this, name).entries()) {
        const near = name === 'positive' ? bucket.lower : -bucket.upper;
        if (near >= this.zeroThreshold) break;
        side.counts[position] = 0;
        if (rest !== null) rest[name].counts[position] = 0;
      }
    }
    for (const name of ['positive', 'negative'] as const) {
      const compact = compactBuckets(this[name], rest?.[name].counts ?? null);
      this[name] = compact.side;
      if (rest !== null && compact.rests !== null) rest[name] = { spans: compact.side.spans, counts: compact.rests };
    }
  }

  /** Add custom buckets whose bounds differ: only bounds that both have are left. */
  #addOverCommonBounds(other: FloatHistogram, sign: 1 | -1, rest: FloatHistogram | null): void {
    const bounds = commonBounds(this.customBounds, other.customBounds);
    const sums = new Array<number>(bounds.length + 1).fill(0);
    const rests = new Array<number>(bounds.length + 1).fill(0);
    const fold = (histogram: FloatHistogram, factor: 1 | -1, ownRests: readonly number[] | undefined): void => {
      let target = 0;
      bucketIndexes(histogram.positive.spans).forEach((index, position) => {
        const count = histogram.positive.counts[position];
        if (count === undefined) return;
        const bound = histogram.customBounds[index];
        let place = bounds.length;
        if (bound !== undefined) {
          while (target < bounds.length && bounds[target]! < bound) target++;
          place = target;
        }
        addAt(sums, rests, place, factor * count);
        if (ownRests !== undefined) addAt(sums, rests, place, ownRests[position]!);
      });
    };
    fold(this, 1, rest?.positive.counts);
    fold(other, sign, undefined);
    const spans: BucketSpan[] = sums.length === 0 ? [] : [{ offset: 0, length: sums.length }];
    const compact = compactBuckets({ spans, counts: sums }, rests);
    this.positive = compact.side;
    this.customBounds = bounds;
    if (rest !== null) rest.positive = { spans: compact.side.spans, counts: compact.rests ?? [] };
  }

  equals(other: FloatHistogram): boolean {
    return (
      this.schema === other.schema &&
      Object.is(this.count, other.count) &&
      Object.is(this.sum, other.sum) &&
      (!this.isCustom || numbersEqual(this.customBounds, other.customBounds)) &&
      this.zeroThreshold === other.zeroThreshold &&
      Object.is(this.zeroCount, other.zeroCount) &&
      sidesEqual(this.negative, other.negative) &&
      sidesEqual(this.positive, other.positive)
    );
  }

  /** Drop empty buckets at the edges of runs and inside them. */
  compact(): this {
    this.positive = compactBuckets(this.positive).side;
    this.negative = compactBuckets(this.negative).side;
    return this;
  }

  /** Whether counting began anew between the previous histogram and this one. */
  isResetAfter(previous: FloatHistogram): boolean {
    if (this.hint === 'reset') return true;
    if (this.hint === 'not-reset') return false;
    if (this.count < previous.count) return true;
    if (this.isCustom) {
      if (!previous.isCustom) return true;
      if (!numbersEqual(this.customBounds, previous.customBounds)) return this.#isResetOverCommonBounds(previous);
    }
    if (this.schema > previous.schema) return true;
    if (this.zeroThreshold < previous.zeroThreshold) return true;
    const widened = previous.#zeroCountFor(this.zeroThreshold, null);
    // A wider zero bucket would be needed than the one at hand, so a bucket that was not empty has gone.
    if (widened.threshold !== this.zeroThreshold) return true;
    if (this.zeroCount < widened.count) return true;
    return this.#isSideReset('positive', previous) || this.#isSideReset('negative', previous);
  }

  #isSideReset(name: 'positive' | 'negative', previous: FloatHistogram): boolean {
    // Most often nothing but the counts has changed.
    if (this.schema !== previous.schema && previous.isCustom !== this.isCustom) throw new IncompatibleSchemasError();
    const current = mergedCounts(this, name, this.zeroThreshold, this.schema);
    const before = mergedCounts(previous, name, this.zeroThreshold, this.schema);
    let position = 0;
    for (let index = 0; index < before.indexes.length; index++) {
      const bucket = before.indexes[index]!;
      while (position < current.indexes.length && current.indexes[position]! < bucket) position++;
      const now = current.indexes[position] === bucket ? current.counts[position]! : 0;
      const then = before.counts[index]!;
      const isMissing = current.indexes[position] !== bucket;
      if (isMissing ? then !== 0 : now < then) return true;
    }
    return false;
  }

  #isResetOverCommonBounds(previous: FloatHistogram): boolean {
    const bounds = [...commonBounds(this.customBounds, previous.customBounds), Infinity];
    const current = sumsUpTo(this, bounds);
    const before = sumsUpTo(previous, bounds);
    return bounds.some((_, index) => current[index]! < before[index]!);
  }

  get hasOverflow(): boolean {
    const isInfinite = (value: number): boolean => value === Infinity || value === -Infinity;
    return (
      isInfinite(this.zeroCount) ||
      isInfinite(this.count) ||
      isInfinite(this.sum) ||
      this.positive.counts.some(isInfinite) ||
      this.negative.counts.some(isInfinite) ||
      this.customBounds.some(isInfinite)
    );
  }

  /** Bytes that Prometheus reckons for the histogram; its sample limit counts 16 of them as one sample. */
  get byteSize(): number {
    const { positive, negative } = this;
    const entries = positive.spans.length + negative.spans.length + positive.counts.length + negative.counts.length;
    return 168 + 8 * (entries + this.customBounds.length);
  }
}

function addField(histogram: FloatHistogram, rest: FloatHistogram, field: 'count' | 'sum' | 'zeroCount', value: number): void {
  const sum = new CompensatedSum(histogram[field], rest[field]);
  sum.add(value);
  histogram[field] = sum.sum;
  rest[field] = sum.rest;
}

function copySide({ spans, counts }: Side): Side {
  return { spans: copySpans(spans), counts: [...counts] };
}

function sidesEqual(left: Side, right: Side): boolean {
  if (left.counts.length !== right.counts.length || !spansEqual(left.spans, right.spans)) return false;
  return left.counts.every((count, index) => Object.is(count, right.counts[index]));
}

function numbersEqual(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((value, index) => value === right[index]);
}

function commonBounds(left: readonly number[], right: readonly number[]): number[] {
  const bounds: number[] = [];
  for (let a = 0, b = 0; a < left.length && b < right.length;) {
    const one = left[a]!;
    const other = right[b]!;
    if (one === other) {
      bounds.push(one);
      a++;
      b++;
    } else if (one < other) a++;
    else b++;
  }
  return bounds;
}

/** How many observations lie above one bound and up to the next. */
function sumsUpTo(histogram: FloatHistogram, bounds: readonly number[]): number[] {
  const buckets = bucketsOf(histogram, 'positive');
  let position = 0;
  return bounds.map((bound) => {
    let sum = 0;
    while (position < buckets.length && buckets[position]!.upper <= bound) sum += buckets[position++]!.count;
    return sum;
  });
}

export { CUSTOM_BUCKETS_SCHEMA };
