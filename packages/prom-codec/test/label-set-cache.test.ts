import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LabelSet, LabelSetCache } from '../src/index.js';
import { hashBytes } from '../src/hash-bytes.js';

const SEED = 20_261_125;
const encoder = new TextEncoder();

function viewOf(text: string): DataView {
  const bytes = encoder.encode(text);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** As a decoder asks: look, and add what is not there. The label holds the text, so that a wrong answer shows. */
function intern(cache: LabelSetCache, text: string): LabelSet {
  const view = viewOf(text);
  return cache.find(view, 0, view.byteLength) ?? cache.add(view, 0, view.byteLength, [{ name: 'text', value: text }]);
}

/** So that the few whose note of having been seen was overwritten by another's come again, too. */
function internOften(cache: LabelSetCache, texts: readonly string[]): LabelSet[] {
  for (let round = 0; round < 5; round++) texts.forEach((text) => intern(cache, text));
  return texts.map((text) => intern(cache, text));
}

/** Texts that share a slot of the cache's smallest table. */
function collidingTexts(seed: number, count: number): string[] {
  const bySlot = new Map<number, string[]>();
  for (let index = 0; ; index++) {
    const text = `label-${index}`;
    const view = viewOf(text);
    const slot = hashBytes(view, 0, view.byteLength, seed) & 1023;
    const texts = bySlot.get(slot) ?? [];
    texts.push(text);
    bySlot.set(slot, texts);
    if (texts.length === count) return texts;
  }
}

describe('a cache of label sets', () => {
  it('never gives the label set of other bytes, and stays within its memory', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ maxLength: 3 }), fc.nat(3_000).map(String), fc.string({ minLength: 100, maxLength: 400 })), {
          maxLength: 2_000,
        }),
        fc.integer({ min: 1_000, max: 100_000 }),
        (texts, maxBytes) => {
          const cache = new LabelSetCache({ maxBytes });
          for (const text of [...texts, ...texts]) {
            expect(intern(cache, text).labels[0]?.value).toBe(text);
            expect(cache.bytes).toBeLessThanOrEqual(maxBytes);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('gives the same object for what came twice', () => {
    const cache = new LabelSetCache({ maxBytes: 1 << 20, seed: SEED });
    const texts = Array.from({ length: 500 }, (_, index) => `series ${index}`);
    texts.forEach((text) => intern(cache, text));
    expect(cache.size).toBe(0);
    const kept = internOften(cache, texts);
    expect(cache.size).toBe(500);
    texts.forEach((text, index) => expect(intern(cache, text)).toBe(kept[index]));
    // In another order as well: the order in which they came is only a guess.
    texts.toReversed().forEach((text, index) => expect(intern(cache, text)).toBe(kept[499 - index]));
  });

  it('keeps what is in use while others come and go', () => {
    const cache = new LabelSetCache({ maxBytes: 200_000, seed: SEED });
    const used = Array.from({ length: 50 }, (_, index) => `used ${index}`);
    const kept = internOften(cache, used);
    for (let round = 0; round < 100; round++) {
      for (let index = 0; index < 50; index++) {
        const passing = `passing ${round} ${index}`;
        intern(cache, passing);
        intern(cache, passing);
      }
      used.forEach((text, index) => expect(intern(cache, text)).toBe(kept[index]));
    }
  });

  it('keeps no more than a few of the labels that share a slot, however many a hostile sender finds', () => {
    const seed = 7;
    const texts = collidingTexts(seed, 100);
    const cache = new LabelSetCache({ maxBytes: 1 << 20, seed });
    for (let round = 0; round < 3; round++) texts.forEach((text) => expect(intern(cache, text).labels[0]?.value).toBe(text));
    expect(cache.size).toBeLessThanOrEqual(8);
  });

  it('begins its hash elsewhere each time, unless told where', () => {
    const hashes = new Set(Array.from({ length: 8 }, (_, seed) => hashBytes(viewOf('a label'), 0, 7, seed)));
    expect(hashes.size).toBe(8);
  });

  it.each([0, -1, NaN])('refuses %s bytes', (maxBytes) => {
    expect(() => new LabelSetCache({ maxBytes })).toThrow('maxBytes must be above 0');
  });
});
