import { backtrackingChoices, MAX_BACKTRACKING_CHOICES } from './backtracking.js';
import { type CharSet, isFull, MAX_CODE_POINT } from './char-set.js';
import { isEmptyText, type RegexNode } from './regex-node.js';

export interface JavaPattern {
  /** Found in a text (`regexp_like` searches, it does not match whole texts) at least if RE2 matches the whole text. */
  readonly pattern: string;
  /** Whether it is found only then. */
  readonly exact: boolean;
}

/** UTF-16 units; beyond this a pattern is hardly cheaper than the rows that it would keep away. */
const MAX_PATTERN_LENGTH = 8192;

/**
 * The expression for Timestream's `regexp_like`, or null if it must not be pushed down: what it would cost a backtracking engine is not
 * bounded, or it is too long.
 *
 * Timestream documents "the Java pattern syntax" and no more, so the result keeps to a dialect that means the same to java.util.regex, to
 * Oniguruma's Java syntax and to RE2: literal characters, escaped punctuation, `\xHH` for control characters, classes of plain ranges,
 * `(?:…)`, `|`, greedy repetition, and `\A…\z`. Hence no `\x{…}`, no `\d \w \b`, no named classes, no `^` and no `$`. Everything else
 * is resolved into these, or, as Unicode classes and word boundaries, replaced by something that matches more.
 */
export function javaPatternOf(root: RegexNode): JavaPattern | null {
  if (!(backtrackingChoices(root) <= MAX_BACKTRACKING_CHOICES)) return null;
  const printer = new JavaPrinter();
  const body = printer.print(root);
  const pattern = `(?s)\\A${root.kind === 'alternate' ? group(body) : body}\\z`;
  return pattern.length > MAX_PATTERN_LENGTH ? null : { pattern, exact: printer.exact };
}

class JavaPrinter {
  exact = true;

  print(node: RegexNode): string {
    switch (node.kind) {
      case 'set':
        return this.#printSet(node.set);
      case 'assertion':
        this.exact = false;
        return '';
      case 'alternate':
        return node.options.map((option) => this.print(option)).join('|');
      case 'concat':
        return node.parts.map((part) => (part.kind === 'alternate' ? group(this.print(part)) : this.print(part))).join('');
      case 'repeat': {
        if (isEmptyText(node.body)) return '';
        const body = this.print(node.body);
        return (node.body.kind === 'set' ? body : group(body)) + printBounds(node.min, node.max);
      }
    }
  }

  #printSet(set: CharSet): string {
    const ranges = set.ranges.map(withoutSurrogateEnds).filter(([first, last]) => first <= last);
    // A class of no character cannot be written in every dialect.
    if (!set.exact || ranges.length === 0) this.exact = false;
    if (isFull(set) || ranges.length === 0) return '.';
    const [only, ...others] = ranges;
    if (only !== undefined && others.length === 0 && only[0] === only[1]) return printCharacter(only[0], '\\.+*?()[]{}|^$');
    return `[${ranges.map(([first, last]) => printRange(first, last)).join('')}]`;
  }
}

function group(body: string): string {
  return `(?:${body})`;
}

function printBounds(min: number, max: number): string {
  if (max === Infinity) return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`;
  if (min === 0 && max === 1) return '?';
  return min === max ? `{${min}}` : `{${min},${max}}`;
}

function printRange(first: number, last: number): string {
  const [from, to] = [first, last].map((codePoint) => printCharacter(codePoint, '\\[]^-&')) as [string, string];
  return first === last ? from : `${from}-${to}`;
}

function printCharacter(codePoint: number, special: string): string {
  if (codePoint < 0x20 || codePoint === 0x7f) return `\\x${codePoint.toString(16).padStart(2, '0')}`;
  const character = String.fromCodePoint(codePoint);
  return special.includes(character) ? `\\${character}` : character;
}

/** Half a surrogate pair can stand in no pattern text and in no label value: it is left out where a range ends in one. */
function withoutSurrogateEnds([first, last]: readonly [number, number]): readonly [number, number] {
  const isSurrogate = (codePoint: number): boolean => codePoint >= 0xd800 && codePoint <= 0xdfff;
  return [isSurrogate(first) ? 0xe000 : first, isSurrogate(last) ? 0xd7ff : Math.min(last, MAX_CODE_POINT)];
}
