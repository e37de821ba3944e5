import { complement, ignoringAsciiCase, includes, intersection, ofCharacters, type CodePointSet } from './code-point-set.js';
import { parseCharacterEscape, predefinedClass } from './java-pattern-escape.js';
import { hasUncertainGroups, lengthOf, repeatedItem, type RegexNode } from './java-regex-node.js';
import { PatternReader } from './pattern-reader.js';
import { PatternError } from './pattern-node.js';
import { unicodeProperty } from './unicode-property.js';

const maxNesting = 50;
const maxGroups = 100;

export interface JavaRegex {
  readonly root: RegexNode;
  readonly groupCount: number;
  readonly groupNames: ReadonlyMap<string, number>;
  /**
   * Whether a group is repeated inside a repetition, or where it can match nothing: what Java's groups hold then depends on how it happens to
   * compile the pattern. Where the whole match lies does not.
   */
  readonly hasUncertainGroups: boolean;
}

interface Flags {
  readonly ignoreCase: boolean;
  readonly dotAll: boolean;
  readonly multiline: boolean;
  readonly unixLines: boolean;
  readonly comments: boolean;
}

type Test = (codePoint: number) => boolean;

/** Reads a pattern as `java.util.regex.Pattern` does. @throws {PatternError} for no pattern, and for what Java's versions read differently. */
export function parseJavaRegex(pattern: string): JavaRegex {
  const parser = new RegexParser(pattern);
  return parser.parse();
}

class RegexParser {
  readonly #reader: PatternReader;
  readonly #groupNames = new Map<string, number>();
  readonly #openGroups = new Set<number>();
  #groupCount = 0;
  #nesting = 0;
  #hasReference = false;
  #flags: Flags = { ignoreCase: false, dotAll: false, multiline: false, unixLines: false, comments: false };

  constructor(pattern: string) {
    this.#reader = new PatternReader(pattern);
  }

  parse(): JavaRegex {
    const root = this.#alternation();
    if (this.#reader.peek() !== '') throw new PatternError(`unmatched ')'`);
    const isUncertain = hasUncertainGroups(root, false);
    if (isUncertain && this.#hasReference)
      throw new PatternError('a reference beside a group that is repeated inside a repetition is not supported');
    return { root, groupCount: this.#groupCount, groupNames: this.#groupNames, hasUncertainGroups: isUncertain };
  }

  #alternation(): RegexNode {
    const branches = [this.#sequence()];
    while (this.#reader.accept('|')) branches.push(this.#sequence());
    const [first] = branches;
    return branches.length === 1 && first !== undefined ? first : { kind: 'alternation', branches };
  }

  #sequence(): RegexNode {
    const items: RegexNode[] = [];
    for (;;) {
      if (this.#flags.comments) this.#skipComments();
      const next = this.#reader.peek();
      if (next === '' || next === '|' || next === ')') return { kind: 'sequence', items };
      if (this.#reader.accept('\\Q')) items.push(...this.#quotation());
      else {
        const atom = this.#atom();
        if (atom !== undefined) items.push(this.#quantified(atom));
      }
    }
  }

  #skipComments(): void {
    for (;;) {
      if (/^\s$/.test(this.#reader.peek())) this.#reader.next();
      else if (this.#reader.accept('#')) {
        while (this.#reader.peek() !== '' && !/[\n\r\u0085\u2028\u2029]/.test(this.#reader.peek())) this.#reader.next();
      } else return;
    }
  }

  #quotation(): RegexNode[] {
    const items: RegexNode[] = [];
    while (this.#reader.peek() !== '' && !this.#reader.accept('\\E')) items.push(this.#set(ofCharacters(this.#reader.next())));
    const last = items.pop();
    if (last !== undefined) return [...items, this.#quantified(last)];
    if (this.#reader.peek() !== '' && '*+?{'.includes(this.#reader.peek()))
      throw new PatternError('a quantifier after an empty quotation is not supported');
    return [];
  }

  #set(set: CodePointSet): RegexNode {
    const folded = this.#flags.ignoreCase ? ignoringAsciiCase(set) : set;
    return { kind: 'set', includes: testOf(folded) };
  }

  #atom(): RegexNode | undefined {
    const reader = this.#reader;
    const character = reader.next();
    const { multiline, unixLines } = this.#flags;
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return { kind: 'set', includes: this.#class() };
      case '.':
        return { kind: 'set', includes: testOf(complement(this.#flags.dotAll ? [] : unixLines ? ofCharacters('\n') : lineTerminators)) };
      case '^':
        return multiline ? { kind: 'line-start', unixLines } : { kind: 'start' };
      case '$':
        return { kind: 'line-end', multiline, unixLines };
      case '*':
      case '+':
      case '?':
        throw new PatternError(`nothing to repeat before '${character}'`);
      case '{':
        throw new PatternError("nothing to repeat before '{'");
      case '\\':
        return this.#escape();
      default:
        return this.#set(ofCharacters(character));
    }
  }

  #escape(): RegexNode {
    const reader = this.#reader;
    const letter = reader.peek();
    const { unixLines } = this.#flags;
    switch (letter) {
      case 'A':
        reader.next();
        return { kind: 'start' };
      case 'z':
        reader.next();
        return { kind: 'end' };
      case 'Z':
        reader.next();
        return { kind: 'line-end', multiline: false, unixLines };
      case 'b':
      case 'B':
        reader.next();
        if (reader.peek() === '{') throw new PatternError('\\b{g} is not supported');
        return { kind: 'boundary', negated: letter === 'B' };
      case 'R': {
        reader.next();
        const crlf: RegexNode = { kind: 'sequence', items: [this.#set(ofCharacters('\r')), this.#set(ofCharacters('\n'))] };
        const one: RegexNode = { kind: 'set', includes: testOf(ofCharacters('\n\u000b\f\r\u0085\u2028\u2029')) };
        return { kind: 'alternation', branches: [crlf, one], isLineBreak: true };
      }
      case 'k':
        return this.#namedReference();
      default:
        if (/^[1-9]$/.test(letter)) return this.#reference();
        return { kind: 'set', includes: this.#classEscape() };
    }
  }

  #namedReference(): RegexNode {
    const reader = this.#reader;
    reader.next();
    if (!reader.accept('<')) throw new PatternError('\\k is followed by the name of a group in < >');
    const name = reader.takeWhile(/[A-Za-z0-9]/, 100);
    const number = this.#groupNames.get(name);
    if (number === undefined || !reader.accept('>')) throw new PatternError(`there is no group named '${name}' before its reference`);
    return this.#referenceTo(number);
  }

  /** More digits belong to the number as long as there is a group of it. */
  #reference(): RegexNode {
    let number = Number(this.#reader.next());
    while (/^[0-9]$/.test(this.#reader.peek()) && number * 10 + Number(this.#reader.peek()) <= this.#groupCount)
      number = number * 10 + Number(this.#reader.next());
    if (number > this.#groupCount) throw new PatternError(`there is no group ${number} before its reference`);
    return this.#referenceTo(number);
  }

  #referenceTo(number: number): RegexNode {
    if (this.#openGroups.has(number)) throw new PatternError('a reference to a group inside that group is not supported');
    this.#hasReference = true;
    return { kind: 'reference', number, ignoreCase: this.#flags.ignoreCase };
  }

  #group(): RegexNode | undefined {
    const reader = this.#reader;
    const outerFlags = this.#flags;
    if (this.#nesting >= maxNesting) throw new PatternError(`groups nest deeper than ${maxNesting} levels`);
    let wrap: (item: RegexNode) => RegexNode = (item) => item;
    if (!reader.accept('?')) wrap = this.#capture(undefined);
    else if (reader.accept('=')) wrap = (item) => ({ kind: 'look', ahead: true, negated: false, item });
    else if (reader.accept('!')) wrap = (item) => ({ kind: 'look', ahead: true, negated: true, item });
    else if (reader.accept('<=')) wrap = lookBehind(false);
    else if (reader.accept('<!')) wrap = lookBehind(true);
    else if (reader.accept('>')) wrap = (item) => ({ kind: 'atomic', item });
    else if (reader.accept('<')) {
      const name = /^[A-Za-z]$/.test(reader.peek()) ? reader.takeWhile(/[A-Za-z0-9]/, 100) : '';
      if (name === '' || !reader.accept('>')) throw new PatternError('a group name is letters and digits between < and >');
      if (this.#groupNames.has(name)) throw new PatternError(`two groups are named ${name}`);
      wrap = this.#capture(name);
    } else if (!reader.accept(':') && !this.#readFlags()) return undefined;
    this.#nesting += 1;
    const item = this.#alternation();
    this.#nesting -= 1;
    if (!reader.accept(')')) throw new PatternError('a group never ends');
    this.#flags = outerFlags;
    return wrap(item);
  }

  #capture(name: string | undefined): (item: RegexNode) => RegexNode {
    this.#groupCount += 1;
    const number = this.#groupCount;
    if (number > maxGroups) throw new PatternError(`more than ${maxGroups} groups`);
    if (name !== undefined) this.#groupNames.set(name, number);
    this.#openGroups.add(number);
    return (item) => {
      this.#openGroups.delete(number);
      return { kind: 'group', number, item };
    };
  }

  /** `(?i)` or `(?i-s:`; returns whether a group follows. */
  #readFlags(): boolean {
    const names: Readonly<Record<string, keyof Flags>> = { i: 'ignoreCase', s: 'dotAll', m: 'multiline', d: 'unixLines', x: 'comments' };
    let on = true;
    for (;;) {
      const flag = this.#reader.next();
      const name = Object.hasOwn(names, flag) ? names[flag] : undefined;
      if (name !== undefined) this.#flags = { ...this.#flags, [name]: on };
      else if (flag === '-' && on) on = false;
      else if (flag === ')') return false;
      else if (flag === ':') return true;
      else throw new PatternError(`the flag '${flag}' is not supported`);
    }
  }

  #quantified(item: RegexNode): RegexNode {
    if (this.#flags.comments) this.#skipComments();
    const range = this.#range();
    if (range === undefined) return item;
    const [min, max] = range;
    const mode = this.#reader.accept('?') ? 'lazy' : this.#reader.accept('+') ? 'possessive' : 'greedy';
    if (this.#reader.peek() !== '' && '*?+{'.includes(this.#reader.peek())) throw new PatternError('a quantifier after a quantifier');
    if (
      item.kind !== 'set' &&
      item.kind !== 'group' &&
      item.kind !== 'sequence' &&
      item.kind !== 'alternation' &&
      item.kind !== 'reference'
    )
      throw new PatternError('a quantifier after an anchor or a look-around is not supported');
    return { kind: 'repeat', item: repeatedItem(item, min === 0 && max === 1), min, max, mode };
  }

  #range(): [number, number] | undefined {
    const reader = this.#reader;
    if (reader.accept('*')) return [0, Infinity];
    if (reader.accept('+')) return [1, Infinity];
    if (reader.accept('?')) return [0, 1];
    if (!reader.accept('{')) return undefined;
    const min = reader.takeWhile(/[0-9]/, 6);
    let max: string | undefined = min;
    if (reader.accept(',')) max = reader.peek() === '}' ? undefined : reader.takeWhile(/[0-9]/, 6);
    if (min === '' || max === '' || !reader.accept('}')) throw new PatternError('a repetition is written {n}, {n,} or {n,m}');
    const most = max === undefined ? Infinity : Number(max);
    if (most < Number(min)) throw new PatternError('a repetition ends before it begins');
    return [Number(min), most];
  }

  /** After `[`, up to and with `]`. */
  #class(): Test {
    const reader = this.#reader;
    const negated = reader.accept('^');
    if (reader.peek() === ']') throw new PatternError('a character class without characters; write \\] for the bracket itself');
    if (this.#flags.comments && /^[\s#]$/.test(reader.peek())) throw new PatternError('white space in a class with (?x) is not supported');
    let isNested = false;
    let test: Test | undefined;
    let operand: Test[] = [];
    const close = (): Test => {
      if (operand.length === 0) throw new PatternError('&& in a class needs something on both sides');
      const parts = operand;
      operand = [];
      const right: Test = (codePoint) => parts.some((part) => part(codePoint));
      const left = test;
      return left === undefined ? right : (codePoint) => left(codePoint) && right(codePoint);
    };
    while (!reader.accept(']')) {
      if (reader.peek() === '') throw new PatternError('a character class never ends');
      if (reader.accept('&&')) {
        isNested = true;
        test = close();
        continue;
      }
      if (reader.accept('[')) {
        isNested = true;
        if (this.#nesting >= maxNesting) throw new PatternError(`classes nest deeper than ${maxNesting} levels`);
        this.#nesting += 1;
        operand.push(this.#class());
        this.#nesting -= 1;
        continue;
      }
      operand.push(this.#classItem());
    }
    // Java 8 negates only what stands beside the ^, later versions the whole class.
    if (negated && isNested) throw new PatternError('^ in a class with a class inside it or && is not supported: Java versions disagree');
    const result = close();
    return negated ? (codePoint) => !result(codePoint) : result;
  }

  #classItem(): Test {
    const reader = this.#reader;
    if (reader.accept('\\Q')) throw new PatternError('\\Q in a class is not supported');
    if (reader.peek() === '\\' && /[dDwWsShHvVpP]/.test(reader.peek(1))) {
      reader.next();
      const test = this.#classEscape();
      if (reader.peek() === '-' && reader.peek(1) !== ']') throw new PatternError('a range cannot begin with a class');
      return test;
    }
    const first = this.#classCharacter();
    if (reader.peek() !== '-' || reader.peek(1) === ']' || reader.peek(1) === '') return this.#range1(first, first);
    reader.next();
    if (reader.peek() === '[' || reader.peek() === '-' || reader.peek() === '&')
      throw new PatternError('a range must end with a character');
    const last = this.#classCharacter();
    if (last < first) throw new PatternError('a range ends before it begins');
    if (reader.peek() === '-' && reader.peek(1) !== ']') throw new PatternError('a range after a range; write \\- for the sign itself');
    return this.#range1(first, last);
  }

  #range1(first: number, last: number): Test {
    return testOf(this.#flags.ignoreCase ? ignoringAsciiCase([[first, last]]) : [[first, last]]);
  }

  #classCharacter(): number {
    const character = this.#reader.next();
    if (character === '\\') return parseCharacterEscape(this.#reader);
    return character.codePointAt(0) ?? 0;
  }

  /** After the backslash: a class, a property, or one character. */
  #classEscape(): Test {
    const reader = this.#reader;
    const letter = reader.peek();
    if (letter === 'p' || letter === 'P') {
      const test = unicodeProperty(reader, this.#flags.ignoreCase);
      if (test !== undefined) return test;
    }
    reader.flags = { ignoreCase: this.#flags.ignoreCase, dotAll: this.#flags.dotAll };
    const set = predefinedClass(reader);
    if (set !== undefined) return testOf(set);
    const codePoint = parseCharacterEscape(reader);
    return testOf(this.#flags.ignoreCase ? ignoringAsciiCase([[codePoint, codePoint]]) : [[codePoint, codePoint]]);
  }
}

const lineTerminators = ofCharacters('\n\r\u0085\u2028\u2029');

/** A look-up table for ASCII, where nearly all text is. */
function testOf(set: CodePointSet): Test {
  const ascii = Array.from({ length: 128 }, (_, codePoint) => includes(set, codePoint));
  const rest = intersection(set, [[128, 0x10ffff]]);
  return (codePoint) => (codePoint < 128 ? ascii[codePoint] === true : includes(rest, codePoint));
}

function lookBehind(negated: boolean): (item: RegexNode) => RegexNode {
  return (item) => {
    if (lengthOf(item)[1] === Infinity) throw new PatternError('a look-behind group needs an obvious maximum length');
    return { kind: 'look', ahead: false, negated, item };
  };
}
