import { bitsFromFloat, findHistogramFault, STALE_NAN_BITS } from '@timestream-prometheus/prom-codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutIntoParts, joinParts, MAX_PARTS, parsePart } from '../../src/text/text-parts.js';
import { decodeHistogramText, encodeHistogramText } from '../../src/text/histogram-text.js';
import { anyHistogram, histogramWith } from '../support/histograms.js';

const timestampMs = 1_700_000_000_000;

describe('encodeHistogramText', () => {
  it('gives every bit of every valid histogram back', () => {
    const seen = { custom: 0, float: 0, ownSpans: 0, stale: 0 };
    fc.assert(
      fc.property(anyHistogram, (histogram) => {
        expect(findHistogramFault(histogram)).toBe(undefined);
        const text = encodeHistogramText(histogram);
        expect(decodeHistogramText(text, timestampMs)).toEqual(histogram);
        expect(text).toMatch(/^[\x20-\x7e]+$/);
        expect(text).not.toMatch(/[;"\\]/);
        if (histogram.schema === -53) seen.custom++;
        if (histogram.count.kind === 'float') seen.float++;
        if (histogram.sumBits === STALE_NAN_BITS) seen.stale++;
        if (text.split('|')[9] !== '') seen.ownSpans++;
      }),
      { numRuns: 500 },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
  });

  it('is text that a person can read: counts, sum, and each bucket with its index', () => {
    expect(encodeHistogramText(histogramWith({ resetHint: 'gauge' }))).toBe('ig|9|18.4|1|2.938735877055719E-39|2|0:3,1:1,5:2|-3:1|||');
    expect(
      encodeHistogramText(
        histogramWith({
          count: { kind: 'float', valueBits: bitsFromFloat(2.5) },
          zeroCount: { kind: 'float', valueBits: 0n },
          sumBits: bitsFromFloat(-Infinity),
          schema: -53,
          zeroThresholdBits: 0n,
          negativeSpans: [],
          negativeDeltas: new BigInt64Array(),
          positiveSpans: [
            { offset: 0, length: 1 },
            { offset: 0, length: 1 },
          ],
          positiveDeltas: new BigInt64Array(),
          positiveCountBits: BigUint64Array.of(bitsFromFloat(1.25), bitsFromFloat(1.25)),
          customValueBits: BigUint64Array.of(bitsFromFloat(0.005), bitsFromFloat(1)),
          startTimestampMs: 7n,
        }),
      ),
    ).toBe('f|2.5|-Infinity|-53|0|0|0:1.25,1:1.25||0.005,1|0:1,0:1/|7');
  });

  it.each([
    '',
    'hello',
    'i|1|2|3',
    'x|9|18.4|1|0|2|0:3|-3:1|||',
    'iz|9|18.4|1|0|2|0:3|-3:1|||',
    'i|nine|18.4|1|0|2|0:3|-3:1|||',
    'i|-9|18.4|1|0|2|0:3|-3:1|||',
    'i|99999999999999999999|18.4|1|0|2|0:3|-3:1|||',
    'i|9| 18.4|1|0|2|0:3|-3:1|||',
    'i|9|0x10|1|0|2|0:3|-3:1|||',
    'i|9|18.4|1.5|0|2|0:3|-3:1|||',
    'i|9|18.4|1|0|2|3|-3:1|||',
    'i|9|18.4|1|0|2|0:3,|-3:1|||',
    'i|9|18.4|1|0|2|0:3|-3:1||0:1|',
    'i|9|18.4|1|0|2|0:3|-3:1||||',
  ])('takes %j for no histogram', (text) => {
    expect(decodeHistogramText(text, timestampMs)).toBe(null);
  });
});

describe('cutIntoParts', () => {
  it('cuts so that each part fits and all of them together give the text, in whatever order they come', () => {
    fc.assert(
      fc.property(anyHistogram, fc.integer({ min: 40, max: 300 }), (histogram, maxBytes) => {
        const text = encodeHistogramText(histogram);
        const texts = cutIntoParts(text, maxBytes) ?? [];
        expect(texts.every((part) => part.length <= maxBytes)).toBe(true);
        if (text.length <= maxBytes) expect(texts).toEqual([text]);
        else expect(joinParts(texts.toReversed().flatMap((part) => parsePart(part) ?? []))).toBe(text);
      }),
    );
  });

  it('never puts parts of two histograms together, nor of two cuts of one', () => {
    const long = (end: string): string => `i|${'1'.repeat(200)}${end}`;
    const parts = (text: string, maxBytes: number) => (cutIntoParts(text, maxBytes) ?? []).flatMap((part) => parsePart(part) ?? []);
    const [first, second] = [parts(long('1'), 120), parts(long('2'), 120)];
    const other = parts(long('1'), 118);
    expect([first.length, second.length, other.length]).toEqual([2, 3, 3].map(() => first.length));
    expect(joinParts([...first.slice(0, 1), ...second.slice(1)])).toBe(null);
    expect(joinParts(first.slice(1))).toBe(null);
    expect(joinParts([])).toBe(null);
    expect(first[0]?.checksum).not.toBe(other[0]?.checksum);
  });

  it('gives up on a text of more parts than the limit, and where no part has room', () => {
    expect(cutIntoParts('1'.repeat(100 * MAX_PARTS), 100)).toBe(null);
    expect(cutIntoParts('1'.repeat(100), 10)).toBe(null);
    expect(cutIntoParts('1'.repeat(84 * MAX_PARTS), 100)).toHaveLength(MAX_PARTS);
  });

  it('takes other texts for no parts', () => {
    for (const text of ['', 'i|1', '1/2', '1/2:xyz:', '100/200:00000000:']) expect(parsePart(text)).toBe(null);
  });
});
