import type { BucketSpan, Histogram } from './model.js';
import { bitsFromFloat, floatFromBits } from './samples.js';
import { MAX_EXPONENTIAL_SCHEMA, MAX_RESERVED_SCHEMA } from './validate-histogram.js';

/**
 * A histogram of a schema finer than any that Prometheus stores (9 to 52) at the finest that it does store, 8, as Prometheus takes it on
 * receipt (`storage/remote/write_handler.go`; `model/histogram`, ReduceResolution). Any other comes back as it is, and so does one whose spans
 * do not fit its buckets: `findHistogramFault` says so.
 */
export function reduceToStoredSchema(histogram: Histogram): Histogram {
  const { schema } = histogram;
  if (schema <= MAX_EXPONENTIAL_SCHEMA || schema > MAX_RESERVED_SCHEMA) return histogram;
  const isFloat = histogram.count.kind === 'float';
  const sides = [
    { spans: histogram.positiveSpans, deltas: histogram.positiveDeltas, bits: histogram.positiveCountBits },
    { spans: histogram.negativeSpans, deltas: histogram.negativeDeltas, bits: histogram.negativeCountBits },
  ] as const;
  const isSound = sides.every(
    ({ spans, deltas, bits }) =>
      spans.reduce((sum, { length }) => sum + length, 0) === (isFloat ? bits : deltas).length &&
      spans.every(({ offset }, position) => position === 0 || offset >= 0),
  );
  if (!isSound) return histogram;
  const [positive, negative] = sides.map(({ spans, deltas, bits }) => {
    const groups = reduceSpans(spans, schema);
    return {
      spans: groups.spans,
      deltas: isFloat ? deltas : sumDeltas(deltas, groups.targets),
      bits: isFloat ? sumCounts(bits, groups.targets) : bits,
    };
  });
  if (positive === undefined || negative === undefined) return histogram;
  return {
    ...histogram,
    schema: MAX_EXPONENTIAL_SCHEMA,
    positiveSpans: positive.spans,
    positiveDeltas: positive.deltas,
    positiveCountBits: positive.bits,
    negativeSpans: negative.spans,
    negativeDeltas: negative.deltas,
    negativeCountBits: negative.bits,
  };
}

/** Spans of the coarser schema, and into which of its buckets, by place, each bucket goes. */
function reduceSpans(
  spans: readonly BucketSpan[],
  schema: number,
): { readonly spans: readonly BucketSpan[]; readonly targets: readonly number[] } {
  const factor = 2 ** (schema - MAX_EXPONENTIAL_SCHEMA);
  const reduced: { readonly offset: number; length: number }[] = [];
  const targets: number[] = [];
  let index = 0;
  let lastIndex = 0;
  let place = -1;
  for (const { offset, length } of spans) {
    index += offset;
    for (let bucket = 0; bucket < length; bucket++) {
      const targetIndex = Math.floor((index - 1) / factor) + 1;
      index += 1;
      const last = reduced.at(-1);
      if (last === undefined || targetIndex !== lastIndex) {
        place += 1;
        if (last !== undefined && targetIndex === lastIndex + 1) last.length += 1;
        else reduced.push({ offset: last === undefined ? targetIndex : targetIndex - lastIndex - 1, length: 1 });
        lastIndex = targetIndex;
      }
      targets.push(place);
    }
  }
  return { spans: reduced, targets };
}

function sumDeltas(deltas: BigInt64Array, targets: readonly number[]): BigInt64Array {
  const counts: bigint[] = [];
  let bucket = 0n;
  for (const [index, delta] of deltas.entries()) {
    bucket += delta;
    const place = targets[index] ?? 0;
    counts[place] = (counts[place] ?? 0n) + bucket;
  }
  return BigInt64Array.from(counts, (count, place) => count - (counts[place - 1] ?? 0n));
}

function sumCounts(bits: BigUint64Array, targets: readonly number[]): BigUint64Array {
  const counts: number[] = [];
  for (const [index, one] of bits.entries()) {
    const place = targets[index] ?? 0;
    const earlier = counts[place];
    counts[place] = earlier === undefined ? floatFromBits(one) : earlier + floatFromBits(one);
  }
  return BigUint64Array.from(counts, bitsFromFloat);
}
