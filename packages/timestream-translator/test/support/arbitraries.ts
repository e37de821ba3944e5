import fc from 'fast-check';
import { bitsFromFloat, createSamples, STALE_NAN_BITS, type Label, type TimeSeries } from '@timestream-prometheus/prom-codec';

/** Well-formed text that likes the characters our encodings treat in a special way. */
export const anyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('%', ':', '"', '\\', '\n', '\u0000', '\u007f', '\u2028', '{', '}', ',', 't', 's', '_', '7', '4', 'é', '😀'),
  }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    '0',
    '10',
    '9',
    'time',
    'ts_x',
    'measure_name',
    'measure_value',
    'prometheus_labels',
    'sample_value',
    'v',
  ),
  fc.string({ unit: fc.constantFrom('a', '😀'), minLength: 30, maxLength: 70 }),
);

/** Labels with names that repeat only between series, sorted or not, empty values included. */
export const anyLabels: fc.Arbitrary<Label[]> = fc.uniqueArray(
  fc.record({
    name: fc.oneof(fc.constantFrom('job', 'instance', 'le', 'a', 'b', 'v'), anyText),
    value: fc.oneof(fc.constantFrom('', 'x', 'y'), anyText),
  }),
  { selector: ({ name }) => name, maxLength: 6 },
);

/** Every kind of double: special values, integers, and any bits at all (so NaNs with payloads too). */
export const anyValueBits = fc.oneof(
  fc.constantFrom(0, -0, 1, 0.1, 5e-324, 1.7976931348623157e308, 2 ** 53, 2 ** 60, Infinity, -Infinity).map(bitsFromFloat),
  fc.constant(STALE_NAN_BITS),
  fc.integer({ min: -3, max: 3 }).map(bitsFromFloat),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);

/** Finite doubles, every bit pattern equally likely. */
export const anyFinite = fc.double({ noNaN: true, noDefaultInfinity: true });

/** Timestamps that collide often, and the ends of every range. */
export const anyTimestampMs = fc.oneof(
  { weight: 5, arbitrary: fc.bigInt({ min: 1_700_000_000_000n, max: 1_700_000_000_005n }) },
  { weight: 1, arbitrary: fc.constantFrom(0n, -1n, 9_223_372_036_854n, 9_223_372_036_855n, -(2n ** 63n), 2n ** 63n - 1n) },
);

/** Series as a sender could send them, good and bad, with label sets that come back under another order. */
export const anyTimeSeries: fc.Arbitrary<TimeSeries[]> = fc
  .array(
    fc.record({
      labels: fc.oneof(
        fc.constantFrom(
          [],
          [{ name: '__name__', value: 'up' }],
          [
            { name: '__name__', value: 'up' },
            { name: 'job', value: 'x' },
          ],
          [
            { name: 'job', value: 'x' },
            { name: 'empty', value: '' },
            { name: '__name__', value: 'up' },
          ],
          [
            { name: '__name__', value: 'up' },
            { name: 'a', value: '1' },
            { name: 'a', value: '2' },
          ],
          [
            { name: '__name__', value: 'long' },
            { name: 'text', value: 'é'.repeat(1030) },
          ],
          [
            { name: '__name__', value: 'n'.repeat(300) },
            { name: 'l'.repeat(61), value: 'x' },
          ],
        ),
        anyLabels,
        anyLabels.map((labels) => [...labels.filter(({ name }) => name !== '__name__'), { name: '__name__', value: 'up' }]),
      ),
      pairs: fc.array(fc.tuple(anyTimestampMs, anyValueBits), { maxLength: 5 }),
      exemplarCount: fc.integer({ min: 0, max: 1 }),
    }),
    { maxLength: 8 },
  )
  .map((all) =>
    all.map(({ labels, pairs, exemplarCount }) => ({
      labels,
      samples: createSamples(pairs),
      exemplars: Array.from({ length: exemplarCount }, () => ({ labels: [], valueBits: 0n, timestampMs: 0n })),
      histograms: [],
    })),
  );
