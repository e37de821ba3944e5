import { type CharSet, sizeOf } from './char-set.js';
import type { RegexNode } from './regex-node.js';

/** Texts that come from multiplying classes and options out, as in `[ab]?[cd]`. */
const MAX_PRODUCTS = 256;
/** Texts that stand in an alternation one by one, and the UTF-16 units of all. */
const MAX_LITERALS = 20_000;
const MAX_UNITS = 200_000;

/**
 * All texts that the expression matches in a fully anchored match, without repetition; null if they are too many, not finitely many, or not
 * exactly known. Texts that are no valid Unicode (halves of surrogate pairs) are left out: no label value is one.
 */
export function literalsOf(node: RegexNode): readonly string[] | null {
  const literals = collect(node);
  return literals === null ? null : [...new Set(literals)];
}

function collect(node: RegexNode): readonly string[] | null {
  switch (node.kind) {
    case 'set':
      return charactersOf(node.set);
    case 'assertion':
      return null;
    case 'alternate': {
      const all: string[] = [];
      let units = 0;
      for (const option of node.options) {
        const literals = collect(option);
        if (literals === null) return null;
        for (const literal of literals) {
          units += literal.length;
          all.push(literal);
        }
        if (all.length > MAX_LITERALS || units > MAX_UNITS) return null;
      }
      return all;
    }
    case 'repeat': {
      if (node.max > MAX_PRODUCTS) return null;
      const body = collect(node.body);
      if (body === null) return null;
      let power: readonly string[] | null = [''];
      const all: string[] = node.min === 0 ? [''] : [];
      for (let count = 1; count <= node.max; count++) {
        power = product(power, body);
        if (power === null) return null;
        if (count >= node.min) all.push(...power);
        if (all.length > MAX_PRODUCTS) return null;
      }
      return all;
    }
    case 'concat': {
      // Runs of single characters are joined at once: a long literal is not copied character by character.
      let texts: readonly string[] = [''];
      let run = '';
      for (const part of node.parts) {
        const literals = collect(part);
        if (literals === null) return null;
        const [only] = literals;
        if (only !== undefined && literals.length === 1) {
          run += only;
          continue;
        }
        const multiplied = product(product(texts, [run]), literals);
        if (multiplied === null) return null;
        texts = multiplied;
        run = '';
      }
      return product(texts, [run]);
    }
  }
}

function product(prefixes: readonly string[] | null, suffixes: readonly string[]): readonly string[] | null {
  if (prefixes === null) return null;
  const count = prefixes.length * suffixes.length;
  // One side alone is no multiplication: `(a|b|…)` stays as large as it is.
  if (count > MAX_PRODUCTS && prefixes.length > 1 && suffixes.length > 1) return null;
  const texts = prefixes.flatMap((prefix) => suffixes.map((suffix) => prefix + suffix));
  return texts.reduce((units, text) => units + text.length, 0) > MAX_UNITS ? null : texts;
}

function charactersOf(set: CharSet): readonly string[] | null {
  if (!set.exact || sizeOf(set) > MAX_PRODUCTS) return null;
  return set.ranges.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index)
      .filter((codePoint) => codePoint < 0xd800 || codePoint > 0xdfff)
      .map((codePoint) => String.fromCodePoint(codePoint)),
  );
}
