import { complement, ofCharacters, union, type CodePointSet } from './code-point-set.js';
import { PatternError } from './pattern-node.js';
import type { PatternReader } from './pattern-reader.js';

const lower: CodePointSet = [[0x61, 0x7a]];
const upper: CodePointSet = [[0x41, 0x5a]];
const digit: CodePointSet = [[0x30, 0x39]];
const alpha = union(lower, upper);
const alnum = union(alpha, digit);
const punct = ofCharacters('!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~');
const space = ofCharacters(' \t\n\u000b\f\r');

/** Java's one-letter classes; all but \h and \v are ASCII. */
const letterClasses: Readonly<Record<string, CodePointSet>> = {
  d: digit,
  w: union(alnum, ofCharacters('_')),
  s: space,
  h: union(ofCharacters(' \t\u00a0\u1680\u180e\u202f\u205f\u3000'), [[0x2000, 0x200a]]),
  v: ofCharacters('\n\u000b\f\r\u0085\u2028\u2029'),
};

/** Java's POSIX classes, which are ASCII there. The Unicode properties depend on the engine's Unicode version and are refused. */
const posixClasses: Readonly<Record<string, CodePointSet>> = {
  ASCII: [[0, 0x7f]],
  Alpha: alpha,
  Digit: digit,
  Alnum: alnum,
  Punct: punct,
  Graph: union(alnum, punct),
  Print: union(alnum, punct, ofCharacters(' ')),
  Blank: ofCharacters(' \t'),
  Cntrl: [
    [0, 0x1f],
    [0x7f, 0x7f],
  ],
  XDigit: union(digit, [[0x41, 0x46]], [[0x61, 0x66]]),
  Space: space,
  Lower: lower,
  Upper: upper,
};

/** `\d`, `\S`, `\p{Alpha}`, … after the backslash; undefined when the escape is none of them. */
export function predefinedClass(reader: PatternReader): CodePointSet | undefined {
  const letter = reader.peek();
  if (letter === 'p' || letter === 'P') {
    reader.next();
    const name = reader.accept('{') ? reader.takeWhile(/[^}]/, 100) : '';
    const set = Object.hasOwn(posixClasses, name) ? posixClasses[name] : undefined;
    if (set === undefined || !reader.accept('}')) throw new PatternError(`Unicode properties are not supported`);
    if (reader.flags.ignoreCase && (name === 'Lower' || name === 'Upper'))
      throw new PatternError(`\\p{${name}} with (?i) is not supported`);
    return letter === 'P' ? complement(set) : set;
  }
  const set =
    /^[a-z]$/i.test(letter) && Object.hasOwn(letterClasses, letter.toLowerCase()) ? letterClasses[letter.toLowerCase()] : undefined;
  if (set === undefined) return undefined;
  reader.next();
  return letter === letter.toLowerCase() ? set : complement(set);
}

const controlEscapes: Readonly<Record<string, number>> = { t: 0x09, n: 0x0a, r: 0x0d, f: 0x0c, a: 0x07, e: 0x1b };

/** The code point of an escaped character, after the backslash. */
export function parseCharacterEscape(reader: PatternReader): number {
  const character = reader.next();
  const control = Object.hasOwn(controlEscapes, character) ? controlEscapes[character] : undefined;
  if (control !== undefined) return control;
  switch (character) {
    case 'x': {
      const long = reader.accept('{');
      const digits = reader.takeWhile(/[0-9A-Fa-f]/, long ? 6 : 2);
      if (digits.length < (long ? 1 : 2) || (long && !reader.accept('}')))
        throw new PatternError('a hexadecimal escape is written \\xhh or \\x{h…h}');
      return checkedCodePoint(Number.parseInt(digits, 16));
    }
    case 'u': {
      const digits = reader.takeWhile(/[0-9A-Fa-f]/, 4);
      if (digits.length < 4) throw new PatternError('a Unicode escape is written \\uhhhh');
      return checkedCodePoint(Number.parseInt(digits, 16));
    }
    case '0': {
      const digits = reader.takeWhile(/[0-7]/, /[0-3]/.test(reader.peek()) ? 3 : 2);
      if (digits === '') throw new PatternError('an octal escape is written \\0n, \\0nn or \\0mnn');
      return Number.parseInt(digits, 8);
    }
    case '':
      throw new PatternError('a backslash at the end');
    default:
      // Escaping what is neither a letter nor a digit always means the character itself; the other letters mean something, or nothing at all.
      if (/[A-Za-z0-9]/.test(character)) throw new PatternError(`\\${character} is not supported`);
      return character.codePointAt(0) ?? 0;
  }
}

function checkedCodePoint(codePoint: number): number {
  if (codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff))
    throw new PatternError('an escape outside Unicode or for half a character');
  return codePoint;
}
