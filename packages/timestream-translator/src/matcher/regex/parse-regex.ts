import { type CharSet, charSetOf, complement, foldCase, FULL_SET, MAX_CODE_POINT, unite, UNKNOWN_SET } from './char-set.js';
import { perlClasses, posixClasses } from './named-classes.js';
import { alternate, concat, type RegexNode, repeat } from './regex-node.js';
import { canonicalUnicodeClass } from './unicode-class-name.js';

/** A piece of the pattern, by UTF-16 positions, and what says the same to re2js. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface ParsedRegex {
  readonly root: RegexNode;
  /** The pattern with what Go takes and re2js does not, or takes otherwise, written in a way that both understand. */
  readonly re2jsPattern: string;
  /** The first `\p{name}` that re2js knows and Go does not, null if there is none. */
  readonly unknownClass: string | null;
}

interface Flags {
  readonly ignoreCase: boolean;
  readonly dotMatchesNewline: boolean;
}

const NOT_NEWLINE: CharSet = complement(charSetOf([0x0a, 0x0a]));
const singleEscapes: ReadonlyMap<string, number> = new Map([
  ['a', 0x07],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
  ['v', 0x0b],
]);

/**
 * The syntax tree of a pattern in RE2's syntax (https://github.com/google/re2/wiki/Syntax, as Go's `regexp/syntax` takes it with its Perl
 * flags), with `.` matching newlines from the start, as Prometheus 3 compiles it.
 *
 * It judges no pattern: re2js does. For a pattern that re2js refuses the result means nothing, or null.
 */
export function parseRegex(pattern: string): ParsedRegex | null {
  const parser = new RegexParser(pattern);
  try {
    return parser.parse();
  } catch (error) {
    if (error instanceof NotUnderstood) return null;
    throw error;
  }
}

class NotUnderstood extends Error {}

/** Recursive descent over the UTF-16 text. Nesting is bounded by RE2's own limit of 1000, checked here too because re2js may come later. */
class RegexParser {
  readonly #text: string;
  #position = 0;
  #depth = 0;
  #flags: Flags = { ignoreCase: false, dotMatchesNewline: true };
  readonly #edits: Edit[] = [];
  #unknownClass: string | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): ParsedRegex {
    const root = this.#alternation();
    if (this.#position !== this.#text.length) throw new NotUnderstood();
    const re2jsPattern = this.#edits
      .sort((left, right) => right.start - left.start)
      .reduce((text, edit) => text.slice(0, edit.start) + edit.text + text.slice(edit.end), this.#text);
    return { root, re2jsPattern, unknownClass: this.#unknownClass };
  }

  #alternation(): RegexNode {
    if (++this.#depth > 1000) throw new NotUnderstood();
    const options = [this.#sequence()];
    while (this.#take('|')) options.push(this.#sequence());
    this.#depth--;
    return alternate(options);
  }

  #sequence(): RegexNode {
    const parts: RegexNode[] = [];
    while (this.#position < this.#text.length && !this.#at('|') && !this.#at(')')) {
      if (this.#quotedLiteral(parts)) continue;
      const atom = this.#atom();
      // A bare flag group `(?i)` is no atom: nothing can repeat it.
      if (atom !== null) parts.push(atom);
      const bounds = this.#bounds();
      if (bounds === null) continue;
      const body = parts.pop();
      if (body === undefined) throw new NotUnderstood();
      parts.push(repeat(body, bounds.min, bounds.max));
      this.#take('?');
    }
    return concat(parts);
  }

  /** `\Q…\E`, or to the end without `\E`. A repetition behind it takes the last character only. */
  #quotedLiteral(parts: RegexNode[]): boolean {
    if (!this.#take('\\Q')) return false;
    const end = this.#text.indexOf('\\E', this.#position);
    const literal = this.#text.slice(this.#position, end < 0 ? undefined : end);
    this.#position = end < 0 ? this.#text.length : end + 2;
    for (const character of literal) parts.push(this.#literal(character.codePointAt(0) ?? 0));
    const bounds = this.#bounds();
    if (bounds !== null) {
      const body = parts.pop();
      if (body === undefined || literal === '') throw new NotUnderstood();
      parts.push(repeat(body, bounds.min, bounds.max));
      this.#take('?');
    }
    return true;
  }

  #atom(): RegexNode | null {
    if (this.#take('(')) return this.#group();
    if (this.#take('[')) return { kind: 'set', set: this.#bracketClass() };
    if (this.#take('.')) return { kind: 'set', set: this.#flags.dotMatchesNewline ? FULL_SET : NOT_NEWLINE };
    if (this.#take('^') || this.#take('\\A')) return { kind: 'assertion', at: 'start' };
    if (this.#take('$') || this.#take('\\z')) return { kind: 'assertion', at: 'end' };
    if (this.#take('\\b') || this.#take('\\B')) return { kind: 'assertion', at: 'word' };
    const named = this.#namedSet();
    if (named !== null) return { kind: 'set', set: named };
    return this.#literal(this.#character());
  }

  #literal(codePoint: number): RegexNode {
    return { kind: 'set', set: this.#folded(charSetOf([codePoint, codePoint])) };
  }

  #folded(set: CharSet): CharSet {
    return this.#flags.ignoreCase ? foldCase(set) : set;
  }

  /** Behind `(`. Flags set inside a group end with it. */
  #group(): RegexNode | null {
    const outer = this.#flags;
    const start = this.#position;
    if (this.#take('?P<') || this.#take('?<')) {
      const end = this.#text.indexOf('>', this.#position);
      if (end < 0) throw new NotUnderstood();
      this.#position = end + 1;
      // Go takes two groups of one name. A name that is none stays, to be refused.
      if (/^\?P?<\w+>$/.test(this.#text.slice(start, end + 1))) this.#edits.push({ start, end: end + 1, text: '?:' });
    } else if (this.#take('?')) {
      this.#flags = this.#flagGroup();
      if (this.#take(')')) return null;
      if (!this.#take(':')) throw new NotUnderstood();
    }
    const body = this.#alternation();
    if (!this.#take(')')) throw new NotUnderstood();
    this.#flags = outer;
    return body;
  }

  #flagGroup(): Flags {
    let { ignoreCase, dotMatchesNewline } = this.#flags;
    let on = true;
    for (;;) {
      if (this.#take('i')) ignoreCase = on;
      else if (this.#take('s')) dotMatchesNewline = on;
      // `m` moves anchors, which are only known to be anchors; `U` swaps greediness, which no yes-or-no match sees.
      else if (this.#take('m') || this.#take('U')) continue;
      else if (this.#take('-')) on = false;
      else return { ignoreCase, dotMatchesNewline };
    }
  }

  /** `*`, `+`, `?`, `{n}`, `{n,}`, `{n,m}`; a brace that is none of these is a literal, as in RE2. */
  #bounds(): { min: number; max: number } | null {
    if (this.#take('*')) return { min: 0, max: Infinity };
    if (this.#take('+')) return { min: 1, max: Infinity };
    if (this.#take('?')) return { min: 0, max: 1 };
    if (!this.#at('{')) return null;
    const braces = this.#match(/\{(0|[1-9]\d*)(?:(,)(0|[1-9]\d*)?)?\}/y);
    if (braces === null) return null;
    const min = Number(braces[1]);
    const max = braces[3] === undefined ? (braces[2] === undefined ? min : Infinity) : Number(braces[3]);
    return { min, max };
  }

  /** `\d`, `\pL`, `\p{Greek}` and their like. */
  #namedSet(): CharSet | null {
    if (!this.#at('\\')) return null;
    const perl = this.#match(/\\[dDsSwW]/y)?.[0];
    if (perl !== undefined) return this.#classOf(perl, perlClasses);
    const start = this.#position;
    const unicode = this.#match(/\\([pP])(?:\{(\^?)([^}]*)\}|([^{]))/uy);
    if (unicode === null) return null;
    const [whole, letter = '', negation = '', braced, single = ''] = unicode;
    const name = canonicalUnicodeClass(braced ?? single);
    if (name === null) this.#unknownClass ??= whole;
    else if (name !== (braced ?? single)) this.#edits.push({ start, end: this.#position, text: `\\${letter}{${negation}${name}}` });
    return UNKNOWN_SET;
  }

  #classOf(name: string, classes: ReadonlyMap<string, { readonly set: CharSet; readonly negated: boolean }>): CharSet {
    const found = classes.get(name);
    if (found === undefined) throw new NotUnderstood();
    const set = this.#folded(found.set);
    return found.negated ? complement(set) : set;
  }

  /** Behind `[`. */
  #bracketClass(): CharSet {
    const negated = this.#take('^');
    const items: CharSet[] = [];
    for (let first = true; first || !this.#at(']'); first = false) {
      if (this.#position >= this.#text.length) throw new NotUnderstood();
      const posix = this.#match(/\[:[^\]]*?:\]/y)?.[0];
      const item = posix === undefined ? this.#namedSet() : this.#classOf(posix, posixClasses);
      items.push(item ?? this.#range());
    }
    this.#position++;
    const set = unite(items);
    return negated ? complement(set) : set;
  }

  #range(): CharSet {
    // re2js takes `[:]` for the beginning and the end of a class name, Go for three characters.
    if (this.#at('[:')) this.#edits.push({ start: this.#position, end: this.#position, text: '\\' });
    const first = this.#character();
    if (!this.#at('-') || this.#text.startsWith('-]', this.#position)) return this.#folded(charSetOf([first, first]));
    this.#position++;
    return this.#folded(charSetOf([first, this.#character()]));
  }

  /** One character, escaped or not, as its code point. */
  #character(): number {
    const codePoint = this.#text.codePointAt(this.#position);
    if (codePoint === undefined) throw new NotUnderstood();
    if (!this.#take('\\')) {
      this.#position += codePoint > 0xffff ? 2 : 1;
      return codePoint;
    }
    const octal = this.#match(/0[0-7]{0,2}|[1-7][0-7]{1,2}/y)?.[0];
    if (octal !== undefined) return parseInt(octal, 8);
    const hex = this.#match(/x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))/y);
    if (hex !== null) return Math.min(parseInt(hex[1] ?? hex[2] ?? '', 16), MAX_CODE_POINT);
    const escaped = this.#match(/[^]/y)?.[0] ?? '';
    const control = singleEscapes.get(escaped);
    if (control !== undefined) return control;
    if (escaped > '\u007f' || /[0-9A-Za-z]/.test(escaped)) throw new NotUnderstood();
    return escaped.charCodeAt(0);
  }

  #at(text: string): boolean {
    return this.#text.startsWith(text, this.#position);
  }

  #take(text: string): boolean {
    if (!this.#at(text)) return false;
    this.#position += text.length;
    return true;
  }

  /** @param sticky a regular expression with the flag `y` */
  #match(sticky: RegExp): RegExpExecArray | null {
    sticky.lastIndex = this.#position;
    const found = sticky.exec(this.#text);
    if (found !== null) this.#position = sticky.lastIndex;
    return found;
  }
}
