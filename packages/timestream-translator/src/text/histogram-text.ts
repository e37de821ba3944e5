import type { BucketSpan, Histogram } from '@timestream-prometheus/prom-codec';
import { bitsOfText, bitsText } from './number-text.js';

/** Between the fields. Neither it nor the others below need an escape in JSON, and a packed point ends with none of them. */
const FIELD_SEPARATOR = '|';
const ENTRY_SEPARATOR = ',';
const PAIR_SEPARATOR = ':';
const SIDE_SEPARATOR = '/';

const FIELD_COUNT = 11;

/** The second letter of the first field. */
const HINT_LETTERS: Readonly<Record<Histogram['resetHint'], string>> = { unknown: '', yes: 'r', no: 'n', gauge: 'g' };
const HINT_BY_LETTER: ReadonlyMap<string | undefined, Histogram['resetHint']> = new Map(
  (['unknown', 'yes', 'no', 'gauge'] as const).map((hint) => [HINT_LETTERS[hint], hint]),
);

const NO_DELTAS = new BigInt64Array(0);
const NO_BITS = new BigUint64Array(0);

/**
 * A native histogram as the text of the column `sample_histogram`: every bit of it but its time. Fields between `|`:
 *
 * 1. `i` for integer counts, `f` for float ones; then `r` (counting began anew), `n` (it did not), `g` (gauge) or nothing (not said)
 * 2. count, 3. sum, 4. schema, 5. zero threshold, 6. zero count
 * 7. positive buckets, 8. negative buckets: `index:count` between commas, the counts absolute
 * 9. upper bounds of custom buckets between commas
 * 10. the spans as they came, `offset:length` between commas, positive `/` negative; empty where the indexes say them: a span for each run of
 *    indexes
 * 11. since when it counts, in milliseconds, or empty
 *
 * Doubles are shortest decimals, `Infinity`, `-Infinity`, `NaN`, or `NaN` and its 64 bits in hexadecimal for another than Prometheus' ordinary
 * one. The text is ASCII. The histogram must be a valid one (`findHistogramFault`).
 */
export function encodeHistogramText(histogram: Histogram): string {
  const { count, zeroCount, positiveSpans, negativeSpans, startTimestampMs } = histogram;
  const isFloat = count.kind === 'float';
  const positive = indexedBuckets(
    positiveSpans,
    isFloat ? floatTexts(histogram.positiveCountBits) : integerTexts(histogram.positiveDeltas),
  );
  const negative = indexedBuckets(
    negativeSpans,
    isFloat ? floatTexts(histogram.negativeCountBits) : integerTexts(histogram.negativeDeltas),
  );
  const isPlain = isSaidByIndexes(positiveSpans) && isSaidByIndexes(negativeSpans);
  return [
    (isFloat ? 'f' : 'i') + HINT_LETTERS[histogram.resetHint],
    countText(count),
    bitsText(histogram.sumBits),
    String(histogram.schema),
    bitsText(histogram.zeroThresholdBits),
    // A float histogram whose zero count was left out has the integer 0 there.
    isFloat && zeroCount.kind === 'int' ? '0' : countText(zeroCount),
    positive,
    negative,
    floatTexts(histogram.customValueBits).join(ENTRY_SEPARATOR),
    isPlain ? '' : spansText(positiveSpans) + SIDE_SEPARATOR + spansText(negativeSpans),
    startTimestampMs === undefined ? '' : String(startTimestampMs),
  ].join(FIELD_SEPARATOR);
}

/** The histogram of a text, null if it is none: the column may hold anything that a hand wrote. It need not be a valid one. */
export function decodeHistogramText(text: string, timestampMs: number): Histogram | null {
  const fields = text.split(FIELD_SEPARATOR);
  if (fields.length !== FIELD_COUNT) return null;
  const [head = '', count = '', sum = '', schema = '', zeroThreshold = '', zeroCount = '', positive = '', negative = ''] = fields;
  const [bounds = '', spans = '', start = ''] = fields.slice(8);
  const kind = head.startsWith('i') ? 'int' : head.startsWith('f') ? 'float' : null;
  const resetHint = HINT_BY_LETTER.get(head.slice(1));
  if (kind === null || resetHint === undefined) return null;
  try {
    const positiveSide = parseSide(positive);
    const negativeSide = parseSide(negative);
    const [positiveSpans, negativeSpans] = parseSpans(spans) ?? [spansOf(positiveSide.indexes), spansOf(negativeSide.indexes)];
    return {
      count: parseCount(kind, count),
      sumBits: parseBits(sum),
      schema: Number(parseInteger(schema)),
      zeroThresholdBits: parseBits(zeroThreshold),
      zeroCount: parseCount(kind, zeroCount),
      positiveSpans,
      negativeSpans,
      positiveDeltas: kind === 'int' ? deltasOf(positiveSide.counts) : NO_DELTAS,
      negativeDeltas: kind === 'int' ? deltasOf(negativeSide.counts) : NO_DELTAS,
      positiveCountBits: kind === 'int' ? NO_BITS : BigUint64Array.from(positiveSide.counts, parseBits),
      negativeCountBits: kind === 'int' ? NO_BITS : BigUint64Array.from(negativeSide.counts, parseBits),
      customValueBits: BigUint64Array.from(entriesOf(bounds), parseBits),
      resetHint,
      timestampMs: BigInt(timestampMs),
      ...(start === '' ? {} : { startTimestampMs: parseInteger(start) }),
    };
  } catch (error) {
    if (error instanceof NoHistogramText) return null;
    throw error;
  }
}

/** Ends the reading of a text that is no histogram. */
class NoHistogramText extends Error {}

function countText(count: Histogram['count']): string {
  return count.kind === 'int' ? String(count.value) : bitsText(count.valueBits);
}

function floatTexts(bits: BigUint64Array): string[] {
  return Array.from(bits, bitsText);
}

/** Absolute counts, which people can add up, of what the message has as differences. */
function integerTexts(deltas: BigInt64Array): string[] {
  let bucket = 0n;
  return Array.from(deltas, (delta) => String((bucket = BigInt.asIntN(64, bucket + delta))));
}

function indexedBuckets(spans: readonly BucketSpan[], counts: readonly string[]): string {
  let text = '';
  let index = 0;
  let bucket = 0;
  for (const { offset, length } of spans) {
    index += offset;
    const end = bucket + length;
    for (; bucket < end; bucket++) {
      text += `${bucket === 0 ? '' : ENTRY_SEPARATOR}${index++}${PAIR_SEPARATOR}${counts[bucket] ?? ''}`;
    }
  }
  return text;
}

/** Whether each span is a run of indexes that does not go on into the next one. */
function isSaidByIndexes(spans: readonly BucketSpan[]): boolean {
  return spans.every(({ offset, length }, position) => length > 0 && (position === 0 || offset > 0));
}

function spansText(spans: readonly BucketSpan[]): string {
  return spans.map(({ offset, length }) => `${offset}${PAIR_SEPARATOR}${length}`).join(ENTRY_SEPARATOR);
}

function entriesOf(field: string): readonly string[] {
  return field === '' ? [] : field.split(ENTRY_SEPARATOR);
}

interface SideTexts {
  readonly indexes: readonly number[];
  readonly counts: readonly string[];
}

function parseSide(field: string): SideTexts {
  const indexes: number[] = [];
  const counts: string[] = [];
  for (const entry of entriesOf(field)) {
    const separator = entry.indexOf(PAIR_SEPARATOR);
    indexes.push(Number(parseInteger(entry.slice(0, Math.max(0, separator)))));
    counts.push(entry.slice(separator + 1));
  }
  return { indexes, counts };
}

function spansOf(indexes: readonly number[]): BucketSpan[] {
  const spans: { readonly offset: number; length: number }[] = [];
  let next = 0;
  for (const index of indexes) {
    const last = spans.at(-1);
    if (last !== undefined && index === next) last.length += 1;
    else spans.push({ offset: index - next, length: 1 });
    next = index + 1;
  }
  return spans;
}

/** Null if the field leaves them to the indexes. */
function parseSpans(field: string): readonly [BucketSpan[], BucketSpan[]] | null {
  if (field === '') return null;
  const sides = field.split(SIDE_SEPARATOR).map((side) =>
    entriesOf(side).map((entry) => {
      const [offset = '', length = '', ...more] = entry.split(PAIR_SEPARATOR);
      if (more.length > 0) throw new NoHistogramText();
      return { offset: Number(parseInteger(offset)), length: Number(parseInteger(length)) };
    }),
  );
  const [positive, negative] = sides;
  if (positive === undefined || negative === undefined || sides.length > 2) throw new NoHistogramText();
  return [positive, negative];
}

function parseCount(kind: 'int' | 'float', text: string): Histogram['count'] {
  return kind === 'int' ? { kind, value: parseUnsigned(text) } : { kind, valueBits: parseBits(text) };
}

function parseInteger(text: string): bigint {
  if (!/^-?\d{1,20}$/.test(text)) throw new NoHistogramText();
  return BigInt(text);
}

function parseUnsigned(text: string): bigint {
  const value = parseInteger(text);
  if (value < 0n || value >= 1n << 64n) throw new NoHistogramText();
  return value;
}

function deltasOf(counts: readonly string[]): BigInt64Array {
  let previous = 0n;
  return BigInt64Array.from(counts, (text) => {
    const bucket = parseUnsigned(text);
    const delta = bucket - previous;
    previous = bucket;
    return delta;
  });
}

function parseBits(text: string): bigint {
  const bits = bitsOfText(text);
  if (bits === null) throw new NoHistogramText();
  return bits;
}
