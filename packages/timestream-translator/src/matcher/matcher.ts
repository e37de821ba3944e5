import type { LabelMatcher, MatcherType } from '@timestream-prometheus/prom-codec';
import { RE2JS, RE2JSException } from 're2js';
import { isFull } from './regex/char-set.js';
import { literalsOf } from './regex/literals-of.js';
import { parseRegex } from './regex/parse-regex.js';
import { plainAlternation } from './regex/plain-alternation.js';
import { type RegexNode, stripOuterAnchors } from './regex/regex-node.js';
import { RegexBudget, RegexLimitError } from './regex-budget.js';

/** What a matcher lets through, whatever text it was written as. */
export type MatcherMeaning =
  /** Exactly these values; `""` stands for an absent label. None at all if the list is empty. */
  | { readonly kind: 'in'; readonly values: readonly string[] }
  /** Every value but these. Every value if the list is empty. */
  | { readonly kind: 'not-in'; readonly values: readonly string[] }
  /** Every value that the expression matches as a whole, or, if negated, that it does not match. */
  | { readonly kind: 'regex'; readonly negated: boolean; readonly root: RegexNode }
  /** Only `matches` knows. */
  | { readonly kind: 'opaque' };

/** A label matcher with Prometheus 3's semantics. */
export interface Matcher {
  readonly name: string;
  readonly type: MatcherType;
  readonly value: string;
  /** Whether a label with this value passes; an absent label has the value `""`. */
  matches(value: string): boolean;
  /** Whether a series without the label passes. */
  readonly matchesEmpty: boolean;
  readonly meaning: MatcherMeaning;
  /** What each character of a value costs that is matched: repeated characters of the expression, 0 without one. */
  readonly costPerCharacter: number;
}

/** The regular expression of a matcher is none, or none that we accept. The message is RE2's own, as Prometheus shows it. */
export class InvalidMatcherError extends Error {
  override readonly name = 'InvalidMatcherError';
  readonly matcher: LabelMatcher;
  /** It is an expression, but costs more than we take. */
  readonly isTooMuch: boolean;

  constructor(matcher: LabelMatcher, reason: string, { isTooMuch = false }: { readonly isTooMuch?: boolean } = {}) {
    super(reason);
    this.matcher = matcher;
    this.isTooMuch = isTooMuch;
  }
}

/** Longest expression that is not a plain list of literals, in UTF-16 units. */
const MAX_REGEX_LENGTH = 65_536;

/** Longest expression of which we do not know how large it is: our parser does not understand it, re2js may. */
const MAX_UNKNOWN_REGEX_LENGTH = 1_000;

/** Answers kept per matcher, and the longest value worth keeping: a query sees few distinct values of a label, many times each. */
const MAX_CACHED_ANSWERS = 4096;
const MAX_CACHED_VALUE_LENGTH = 512;

/**
 * @param budget shared by all matchers of a request, so that many small expressions cannot cost what one large one may not
 * @throws InvalidMatcherError if the value of a `=~` or `!~` matcher is no RE2 expression, or one that costs too much; `matches` throws a
 *   RegexLimitError when the budget for matching is used up
 */
export function createMatcher(matcher: LabelMatcher, budget = new RegexBudget()): Matcher {
  const { name, type, value } = matcher;
  const negated = type === '!=' || type === '!~';
  if (type === '=' || type === '!=') return fromValues(matcher, [value], negated);
  const options = plainAlternation(value);
  if (options !== null) return fromValues(matcher, options, negated);
  const { regex, root, unitCost } = compileRegex(matcher, budget);
  const meaning = root === null ? ({ kind: 'opaque' } as const) : meaningOf(root, negated);
  if (meaning.kind === 'in') return fromValues(matcher, meaning.values, false);
  if (meaning.kind === 'not-in') return fromValues(matcher, meaning.values, true);
  const matches = remember((labelValue) => {
    budget.spend(unitCost * labelValue.length);
    return regex.testExact(labelValue) !== negated;
  });
  return { name, type, value, matches, matchesEmpty: matches(''), meaning, costPerCharacter: unitCost };
}

function fromValues(matcher: LabelMatcher, values: readonly string[], negated: boolean): Matcher {
  const set = new Set(values);
  const matches = (value: string): boolean => set.has(value) !== negated;
  return { ...matcher, matches, matchesEmpty: matches(''), meaning: { kind: negated ? 'not-in' : 'in', values }, costPerCharacter: 0 };
}

function meaningOf(root: RegexNode, negated: boolean): MatcherMeaning {
  const all = repeatedAnything(root);
  if (all !== null) return { kind: negated ? 'in' : 'not-in', values: all === 0 ? [] : [''] };
  const values = literalsOf(root);
  return values === null ? { kind: 'regex', negated, root } : { kind: negated ? 'not-in' : 'in', values };
}

/** 0 for `.*`, 1 for `.+`, null for anything else. */
function repeatedAnything(root: RegexNode): number | null {
  if (root.kind !== 'repeat' || root.max !== Infinity || root.min > 1 || root.body.kind !== 'set') return null;
  return root.body.set.exact && isFull(root.body.set) ? root.min : null;
}

interface CompiledRegex {
  readonly regex: RE2JS;
  readonly root: RegexNode | null;
  /** What a character of text costs. */
  readonly unitCost: number;
}

function compileRegex(matcher: LabelMatcher, budget: RegexBudget): CompiledRegex {
  const pattern = matcher.value;
  if (pattern.length > MAX_REGEX_LENGTH) {
    throw new InvalidMatcherError(matcher, `regular expression of ${pattern.length} characters; the limit is ${MAX_REGEX_LENGTH}`, {
      isTooMuch: true,
    });
  }
  const parsed = parseRegex(pattern);
  if (parsed === null && pattern.length > MAX_UNKNOWN_REGEX_LENGTH) {
    throw new InvalidMatcherError(matcher, `a regular expression of ${pattern.length} characters that is not understood`, {
      isTooMuch: true,
    });
  }
  const unitCost = parsed === null ? pattern.length : costOf(matcher, parsed.root, budget);
  if (typeof parsed?.unknownClass === 'string') {
    throw new InvalidMatcherError(matcher, `error parsing regexp: invalid character class range: \`${parsed.unknownClass}\``);
  }
  try {
    // Prometheus parses the expression alone and compiles `^(?s:…)$` of the result (model/labels/regexp.go): `a)|(b` does not become valid by it.
    const regex = RE2JS.compile(parsed?.re2jsPattern ?? pattern, RE2JS.DOTALL);
    if (parsed === null) return { regex, root: null, unitCost: Math.max(unitCost, regex.programSize()) };
    return { regex, root: stripOuterAnchors(parsed.root), unitCost };
  } catch (error) {
    if (error instanceof RE2JSException) throw new InvalidMatcherError(matcher, messageOf(pattern, error));
    throw error;
  }
}

function costOf(matcher: LabelMatcher, root: RegexNode, budget: RegexBudget): number {
  try {
    return budget.take(root);
  } catch (error) {
    if (error instanceof RegexLimitError) throw new InvalidMatcherError(matcher, error.message, { isTooMuch: true });
    throw error;
  }
}

/** The message about the pattern as it was written, in Go's form. */
function messageOf(pattern: string, error: RE2JSException): string {
  let { message } = error;
  try {
    RE2JS.compile(pattern);
  } catch (plain) {
    if (plain instanceof RE2JSException && !plain.message.includes('duplicate capture group name')) message = plain.message;
  }
  return message.endsWith('trailing backslash at end of expression') ? `${message}: \`\`` : message;
}

function remember(test: (value: string) => boolean): (value: string) => boolean {
  const answers = new Map<string, boolean>();
  return (value) => {
    const known = answers.get(value);
    if (known !== undefined) return known;
    const answer = test(value);
    if (value.length <= MAX_CACHED_VALUE_LENGTH) {
      // Starting over is as good as any order of eviction when values repeat, and costs nothing per look-up.
      if (answers.size >= MAX_CACHED_ANSWERS) answers.clear();
      answers.set(value, answer);
    }
    return answer;
  };
}
