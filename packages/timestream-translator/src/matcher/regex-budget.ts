import { type CharSet, isFull } from './regex/char-set.js';
import { isRepeating, type RegexNode, expandedSize } from './regex/regex-node.js';

/**
 * Limits on the regular expressions of one matcher: characters and classes with the repetitions written out, and how many of them stand in a
 * repetition. RE2 keeps a state for each place where the text may be in the expression, and repetitions are what makes those many. The first keeps
 * it below a fifth of a second to compile one expression: no other request gets a turn meanwhile.
 */
const MAX_SIZE = 10_240;
const MAX_REPEATED_SIZE = 2_000;

/** A Unicode class such as `\pL` has hundreds of ranges, all of which are compiled: it counts as this many characters. */
const SIZE_OF_UNICODE_CLASS = 8;

/** The same over all matchers that share a budget. */
const MAX_TOTAL_SIZE = 20_480;
const MAX_TOTAL_REPEATED_SIZE = 8_000;

/**
 * Repeated characters times characters of text, over all matchers that share a budget: what takes some ten seconds. An expression such as
 * `.*foo.*` has two repeated characters, and takes that only for millions of label values.
 */
const MAX_MATCHING_WORK = 100_000_000;

/**
 * The same for what is matched in one turn of the event loop, a value or the values of a series: a fifth of a second at most, since a text of 1,000 characters takes up
 * to 0.2 ms for each repeated character. A value of 1,000 characters and `.{0,1000}` are within it.
 */
export const MAX_WORK_OF_ONE_MATCH = 1_048_576;

/** A step over a Unicode class looks for its range among hundreds: it takes this many times as long. */
const STEP_OF_UNICODE_CLASS = 3;

/** An expression, or all those of a request, takes more work than we do. The message names size and limit. */
export class RegexLimitError extends Error {
  override readonly name = 'RegexLimitError';
}

/** What the regular expressions of one request may cost together. Whoever has a single matcher needs none. */
export class RegexBudget {
  #size = 0;
  #repeatedSize = 0;
  #work = 0;

  /**
   * Before an expression is compiled.
   *
   * @returns what each character of a text costs that is matched against it
   * @throws RegexLimitError
   */
  take(root: RegexNode): number {
    const size = expandedSize(root, compiledSizeOf);
    const repeatedSize = repeatedSizeOf(root, () => 1);
    assertWithin(size, MAX_SIZE, 'a regular expression of', 'characters with its repetitions written out');
    assertWithin(repeatedSize, MAX_REPEATED_SIZE, 'a regular expression of', 'repeated characters');
    this.#size += size;
    this.#repeatedSize += repeatedSize;
    assertWithin(this.#size, MAX_TOTAL_SIZE, 'regular expressions of', 'characters together, with their repetitions written out');
    assertWithin(this.#repeatedSize, MAX_TOTAL_REPEATED_SIZE, 'regular expressions of', 'repeated characters together');
    return repeatedSizeOf(root, stepOf);
  }

  /** @throws RegexLimitError */
  spend(work: number): void {
    if (work > MAX_WORK_OF_ONE_MATCH) {
      throw new RegexLimitError(
        `to match a regular expression with one value takes ${work} steps, repeated characters times characters of the value; the limit is ${MAX_WORK_OF_ONE_MATCH}`,
      );
    }
    this.#work += work;
    if (this.#work > MAX_MATCHING_WORK) {
      throw new RegexLimitError('matching the regular expressions takes too much work: use fewer repetitions, or narrow what is selected');
    }
  }
}

function assertWithin(size: number, limit: number, before: string, after: string): void {
  if (size > limit) throw new RegexLimitError(`${before} ${size} ${after}; the limit is ${limit}`);
}

function compiledSizeOf(set: CharSet): number {
  return isUnicodeClass(set) ? SIZE_OF_UNICODE_CLASS : 1;
}

function stepOf(set: CharSet): number {
  return isUnicodeClass(set) ? STEP_OF_UNICODE_CLASS : 1;
}

/** What our parser does not know exactly is a Unicode class, or the complement of one. */
function isUnicodeClass(set: CharSet): boolean {
  return !set.exact && isFull(set);
}

/** How many of the characters and classes of `expandedSize` stand in a repetition. */
function repeatedSizeOf(node: RegexNode, sizeOfSet: (set: CharSet) => number): number {
  switch (node.kind) {
    case 'set':
    case 'assertion':
      return 0;
    case 'concat':
      return node.parts.reduce((size, part) => size + repeatedSizeOf(part, sizeOfSet), 0);
    case 'alternate':
      return node.options.reduce((size, option) => size + repeatedSizeOf(option, sizeOfSet), 0);
    case 'repeat':
      if (!isRepeating(node)) return repeatedSizeOf(node.body, sizeOfSet) * node.max;
      // What may only be left out adds one state, whatever its length.
      return node.max === 1 ? 1 + repeatedSizeOf(node.body, sizeOfSet) : expandedSize(node, sizeOfSet);
  }
}
