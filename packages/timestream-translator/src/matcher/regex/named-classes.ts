import { type CharSet, charSetOf } from './char-set.js';

interface NamedClass {
  /** Under `(?i)` this is folded first, then negated. */
  readonly set: CharSet;
  readonly negated: boolean;
}

const DIGITS = [0x30, 0x39] as const;
const UPPER = [0x41, 0x5a] as const;
const LOWER = [0x61, 0x7a] as const;

/** `\d \s \w` of RE2: ASCII only, and `\s` without the vertical tab. */
export const perlClasses: ReadonlyMap<string, NamedClass> = new Map<string, NamedClass>(
  Object.entries({
    d: charSetOf(DIGITS),
    s: charSetOf([0x09, 0x0a], [0x0c, 0x0d], [0x20, 0x20]),
    w: charSetOf(DIGITS, UPPER, [0x5f, 0x5f], LOWER),
  }).flatMap(([letter, set]) => [
    [`\\${letter}`, { set, negated: false }],
    [`\\${letter.toUpperCase()}`, { set, negated: true }],
  ]),
);

/** `[:alpha:]` and its like, ASCII only. */
export const posixClasses: ReadonlyMap<string, NamedClass> = new Map<string, NamedClass>(
  Object.entries({
    alnum: charSetOf(DIGITS, UPPER, LOWER),
    alpha: charSetOf(UPPER, LOWER),
    ascii: charSetOf([0, 0x7f]),
    blank: charSetOf([0x09, 0x09], [0x20, 0x20]),
    cntrl: charSetOf([0, 0x1f], [0x7f, 0x7f]),
    digit: charSetOf(DIGITS),
    graph: charSetOf([0x21, 0x7e]),
    lower: charSetOf(LOWER),
    print: charSetOf([0x20, 0x7e]),
    punct: charSetOf([0x21, 0x2f], [0x3a, 0x40], [0x5b, 0x60], [0x7b, 0x7e]),
    space: charSetOf([0x09, 0x0d], [0x20, 0x20]),
    upper: charSetOf(UPPER),
    word: charSetOf(DIGITS, UPPER, [0x5f, 0x5f], LOWER),
    xdigit: charSetOf(DIGITS, [0x41, 0x46], [0x61, 0x66]),
  }).flatMap(([name, set]) => [
    [`[:${name}:]`, { set, negated: false }],
    [`[:^${name}:]`, { set, negated: true }],
  ]),
);
