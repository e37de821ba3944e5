import { parseJavaRegex, type JavaRegex } from './java-regex-parser.js';
import { lengthOf, type RegexNode } from './java-regex-node.js';
import { PatternError } from './pattern-node.js';

/** Steps of one search: a pattern that backtracks for longer fails instead of holding up the process. */
const maxSteps = 5_000_000;

/** Matches from this place on and calls what comes after. Indexes count UTF-16 units. */
type Matcher = (index: number) => boolean;

/**
 * A match: where it lies, and where its groups lie (start and end in turn, -1 where a group took no part). Group 0 is the match itself.
 */
export type RegexMatch = Int32Array;

/**
 * `java.util.regex` as a backtracking matcher over code points. Only what Java's versions agree on is matched; where they do not (`\b` beside a
 * letter outside ASCII), the match fails with an error.
 */
export class JavaRegexMatcher {
  readonly groupCount: number;
  readonly groupNames: ReadonlyMap<string, number>;
  readonly hasUncertainGroups: boolean;
  readonly #root: Matcher;
  readonly #captures: Int32Array;
  readonly #open: Int32Array;
  #text = '';
  #steps = 0;
  #end = 0;

  constructor({ root, groupCount, groupNames, hasUncertainGroups }: JavaRegex) {
    this.hasUncertainGroups = hasUncertainGroups;
    this.groupCount = groupCount;
    this.groupNames = groupNames;
    this.#captures = new Int32Array(2 * (groupCount + 1));
    this.#open = new Int32Array(groupCount + 1);
    this.#root = this.#compile(root, (index) => {
      this.#end = index;
      return true;
    });
  }

  /** The first match that begins at `from` or later, or undefined. @throws {PatternError} when it takes too long or too deep. */
  find(text: string, from: number): RegexMatch | undefined {
    this.#text = text;
    this.#steps = 0;
    try {
      for (let start = from; start <= text.length; start += widthAt(text, start)) {
        this.#captures.fill(-1);
        if (!this.#root(start)) continue;
        const match = Int32Array.from(this.#captures);
        match[0] = start;
        match[1] = this.#end;
        return match;
      }
      return undefined;
    } catch (error) {
      if (error instanceof RangeError) throw new PatternError('the text is too long for the nesting of the pattern', { cause: error });
      throw error;
    }
  }

  /** All matches, as Java's `find` finds them one after another. */
  *findAll(text: string): Generator<RegexMatch> {
    let from = 0;
    while (from <= text.length) {
      const match = this.find(text, from);
      if (match === undefined) return;
      yield match;
      const [start = 0, end = 0] = match;
      from = end > start ? end : end + widthAt(text, end);
    }
  }

  #compile(node: RegexNode, next: Matcher): Matcher {
    switch (node.kind) {
      case 'set': {
        const { includes } = node;
        return (index) => {
          const codePoint = this.#text.codePointAt(index);
          this.#count();
          return codePoint !== undefined && includes(codePoint) && next(codePoint > 0xffff ? index + 2 : index + 1);
        };
      }
      case 'sequence':
        return node.items.reduceRight<Matcher>((after, item) => this.#compile(item, after), next);
      case 'alternation': {
        const branches = node.branches.map((branch) => this.#compile(branch, next));
        return (index) => branches.some((branch) => branch(index));
      }
      case 'group':
        return this.#compileGroup(node, next);
      case 'repeat':
        return this.#compileRepeat(node, next);
      case 'atomic':
        return this.#compileAtomic(node.item, next);
      case 'look':
        return node.ahead ? this.#compileLookAhead(node, next) : this.#compileLookBehind(node, next);
      case 'reference':
        return this.#compileReference(node, next);
      case 'boundary':
        return (index) => this.#isBoundary(index) !== node.negated && next(index);
      case 'start':
        return (index) => index === 0 && next(index);
      case 'end':
        return (index) => index === this.#text.length && next(index);
      case 'line-start':
        return (index) => this.#isLineStart(index, node.unixLines) && next(index);
      case 'line-end':
        return (index) => this.#isLineEnd(index, node.multiline, node.unixLines) && next(index);
    }
  }

  #count(): void {
    this.#steps += 1;
    if (this.#steps > maxSteps) throw new PatternError('the pattern takes too many steps on this text');
  }

  /** A group that the rest of the pattern does not follow gets back what it held before. */
  #compileGroup({ number, item }: Extract<RegexNode, { kind: 'group' }>, next: Matcher): Matcher {
    const captures = this.#captures;
    const open = this.#open;
    const start = 2 * number;
    const body = this.#compile(item, (index) => {
      const oldStart = captures[start] ?? -1;
      const oldEnd = captures[start + 1] ?? -1;
      captures[start] = open[number] ?? -1;
      captures[start + 1] = index;
      if (next(index)) return true;
      captures[start] = oldStart;
      captures[start + 1] = oldEnd;
      return false;
    });
    return (index) => {
      const before = open[number] ?? -1;
      open[number] = index;
      const isMatch = body(index);
      open[number] = before;
      return isMatch;
    };
  }

  #compileRepeat(node: Extract<RegexNode, { kind: 'repeat' }>, next: Matcher): Matcher {
    if (node.mode === 'possessive') return this.#compilePossessive(node, next);
    if (node.item.kind === 'set') return this.#compileSetRepeat(node.item.includes, node, next);
    const { min, max, mode } = node;
    // One frame for each time the repetition is entered: how often the item has matched, and where it matched last.
    let count = 0;
    let begin = -1;
    const again: Matcher = (index) => {
      this.#count();
      // What matched nothing is not repeated.
      if (index <= begin) return next(index);
      const enter = (): boolean => {
        const savedBegin = begin;
        begin = index;
        count += 1;
        if (item(index)) return true;
        count -= 1;
        begin = savedBegin;
        return false;
      };
      if (count < min) return enter();
      const leave = (): boolean => {
        const saved = [count, begin] as const;
        if (next(index)) return true;
        [count, begin] = saved;
        return false;
      };
      if (mode === 'lazy') return leave() || (count < max && enter());
      return (count < max && enter()) || leave();
    };
    const item = this.#compile(node.item, again);
    return (index) => {
      const saved = [count, begin] as const;
      count = 0;
      begin = -1;
      const isMatch = again(index);
      [count, begin] = saved;
      return isMatch;
    };
  }

  /** Each repetition keeps what it took, as in Java: `(?:a|ab){2}+` never goes back to the first. */
  #compilePossessive({ item, min, max }: Extract<RegexNode, { kind: 'repeat' }>, next: Matcher): Matcher {
    let end = -1;
    const inner = this.#compile(item, (index) => {
      end = index;
      return true;
    });
    return (start) => {
      let index = start;
      for (let count = 0; count < max; count += 1) {
        this.#count();
        if (!inner(index)) {
          if (count < min) return false;
          break;
        }
        // What matched nothing is not repeated.
        if (end === index && count >= min) break;
        index = end;
      }
      return next(index);
    };
  }

  /** One character again and again needs no recursion. */
  #compileSetRepeat(
    includes: (codePoint: number) => boolean,
    { min, max, mode }: Extract<RegexNode, { kind: 'repeat' }>,
    next: Matcher,
  ): Matcher {
    const stepFrom = (index: number): number => {
      const codePoint = this.#text.codePointAt(index);
      this.#count();
      if (codePoint === undefined || !includes(codePoint)) return -1;
      return codePoint > 0xffff ? index + 2 : index + 1;
    };
    return (start) => {
      let index = start;
      let count = 0;
      for (; count < min; count += 1) {
        index = stepFrom(index);
        if (index < 0) return false;
      }
      if (mode === 'lazy') {
        for (;;) {
          if (next(index)) return true;
          if (count >= max) return false;
          index = stepFrom(index);
          count += 1;
          if (index < 0) return false;
        }
      }
      const least = index;
      for (; count < max; count += 1) {
        const after = stepFrom(index);
        if (after < 0) break;
        index = after;
      }
      for (;;) {
        if (next(index)) return true;
        if (index <= least) return false;
        index -= isLowSurrogate(this.#text.charCodeAt(index - 1)) ? 2 : 1;
        this.#count();
      }
    };
  }

  #compileAtomic(item: RegexNode, next: Matcher): Matcher {
    let end = -1;
    const inner = this.#compile(item, (index) => {
      end = index;
      return true;
    });
    return (index) => inner(index) && next(end);
  }

  #compileLookAhead({ item, negated }: Extract<RegexNode, { kind: 'look' }>, next: Matcher): Matcher {
    const inner = this.#compile(item, () => true);
    return (index) => inner(index) !== negated && next(index);
  }

  #compileLookBehind({ item, negated }: Extract<RegexNode, { kind: 'look' }>, next: Matcher): Matcher {
    const [min, max] = lengthOf(item);
    let end = -1;
    const inner = this.#compile(item, (index) => index === end);
    return (index) => {
      const savedEnd = end;
      end = index;
      let isFound = false;
      let start = index;
      for (let length = 0; length <= max && start >= 0; length += 1) {
        if (length >= min && inner(start)) {
          isFound = true;
          break;
        }
        start -= isLowSurrogate(this.#text.charCodeAt(start - 1)) ? 2 : 1;
      }
      end = savedEnd;
      return isFound !== negated && next(index);
    };
  }

  #compileReference({ number, ignoreCase }: Extract<RegexNode, { kind: 'reference' }>, next: Matcher): Matcher {
    return (index) => {
      const start = this.#captures[2 * number] ?? -1;
      if (start < 0) return false;
      const wanted = this.#text.slice(start, this.#captures[2 * number + 1]);
      const given = this.#text.slice(index, index + wanted.length);
      this.#count();
      const isSame = ignoreCase ? asciiLower(given) === asciiLower(wanted) : given === wanted;
      return isSame && next(index + wanted.length);
    };
  }

  #isBoundary(index: number): boolean {
    const before = index > 0 && this.#isWord(index - (isLowSurrogate(this.#text.charCodeAt(index - 1)) ? 2 : 1));
    const after = index < this.#text.length && this.#isWord(index);
    return before !== after;
  }

  #isWord(index: number): boolean {
    const codePoint = this.#text.codePointAt(index) ?? 0;
    if (codePoint < 128) return /\w/.test(String.fromCharCode(codePoint));
    if (/[\p{L}\p{Nd}\p{Mn}]/u.test(String.fromCodePoint(codePoint)))
      throw new PatternError('\\b beside a letter outside ASCII is not supported: Java versions disagree');
    return false;
  }

  #isLineStart(index: number, unixLines: boolean): boolean {
    const text = this.#text;
    // Java: never at the end of the input, not even of an empty one.
    if (index === text.length) return false;
    if (index === 0) return true;
    const before = text.charAt(index - 1);
    if (unixLines) return before === '\n';
    return '\n\r\u0085\u2028\u2029'.includes(before) && !(before === '\r' && text.charAt(index) === '\n');
  }

  #isLineEnd(index: number, multiline: boolean, unixLines: boolean): boolean {
    const text = this.#text;
    const rest = text.length - index;
    if (rest === 0) return true;
    const character = text.charAt(index);
    if (unixLines) return character === '\n' && (multiline || rest === 1);
    if (!multiline && (rest > 2 || (rest === 2 && !text.endsWith('\r\n')))) return false;
    if (character === '\n') return index === 0 || text.charAt(index - 1) !== '\r';
    return '\r\u0085\u2028\u2029'.includes(character);
  }
}

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

const widthAt = (text: string, index: number): number => ((text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1);

const asciiLower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

const maxRemembered = 200;
const remembered = new Map<string, JavaRegexMatcher>();

/** The matcher of a pattern; the last few are remembered. @throws {PatternError} */
export function javaRegexMatcher(pattern: string): JavaRegexMatcher {
  let matcher = remembered.get(pattern);
  if (matcher === undefined) {
    matcher = new JavaRegexMatcher(parseJavaRegex(pattern));
    const [oldest] = remembered.keys();
    if (remembered.size >= maxRemembered && oldest !== undefined) remembered.delete(oldest);
    remembered.set(pattern, matcher);
  }
  return matcher;
}
