import { createMatcher, InvalidMatcherError, type Matcher, RegexBudget } from '@timestream-prometheus/timestream-translator';
import { nsFromSeconds, parseDuration, roundHalfAway } from '../durations.js';
import { formatFixed } from '../number-text.js';
import { checkTypes } from './check-types.js';
import {
  type DurationExpression,
  type DurationOperand,
  type Expression,
  type NumberLiteral,
  rangeOf,
  rangeOfDuration,
  type SubqueryExpression,
  type TextRange,
  type VectorMatching,
  type VectorSelector,
} from './expression.js';
import { FUNCTION_SIGNATURES } from './function-signatures.js';
import { quoteGo } from './go-text.js';
import { Lexer } from './lexer.js';
import { ParseError } from './parse-error.js';
import { unquoteGo } from './string-literal.js';
import { type AggregationOperator, AGGREGATIONS, type BinaryOperator, describeToken, type Token, type TokenKind } from './token.js';

export interface ParseOptions {
  /** Functions and aggregations of `--enable-feature=promql-experimental-functions`. Default: false. */
  readonly experimentalFunctions?: boolean;
  /** `fill`, `fill_left` and `fill_right` between operands. Default: false. */
  readonly fillModifiers?: boolean;
}

/**
 * Deepest nesting that is read. Prometheus has no such limit because Go's stack grows; ours does not, and no query that a person or
 * a dashboard wrote comes near.
 */
const MAX_DEPTH = 500;

/** How tight an operator binds (`generated_parser.y`); `^` alone binds to the right. */
const PRECEDENCE: Partial<Record<TokenKind, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<=': 3,
  '<': 3,
  '>=': 3,
  '>': 3,
  '</': 3,
  '>/': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '^': 6,
};
const SIGN_PRECEDENCE = 5;

/** Words that are also names of metrics. */
const METRIC_WORDS: ReadonlySet<TokenKind> = new Set<TokenKind>([
  ...AGGREGATIONS,
  ...(['identifier', 'metric-identifier', 'by', 'fill', 'fill_left', 'fill_right', 'and', 'or', 'unless', 'offset'] as const),
  ...(['without', 'start', 'end()', 'step', 'range', 'anchored', 'smoothed', 'max_of', 'min_of'] as const),
]);

/** Words that are also names of labels. */
const LABEL_WORDS: ReadonlySet<TokenKind> = new Set<TokenKind>([
  ...AGGREGATIONS,
  ...(['identifier', 'metric-identifier', 'by', 'bool', 'group_left', 'group_right', 'fill', 'fill_left', 'fill_right'] as const),
  ...(['ignoring', 'and', 'or', 'unless', 'offset', 'on', 'start', 'end()', 'atan2', 'step', 'range'] as const),
  ...(['anchored', 'smoothed', 'max_of', 'min_of'] as const),
]);

const FUNCTION_WORDS: ReadonlySet<TokenKind> = new Set<TokenKind>(['identifier', 'start', 'end()', 'step', 'range', 'max_of', 'min_of']);

const EXPRESSION_STARTS: ReadonlySet<TokenKind> = new Set<TokenKind>([
  ...METRIC_WORDS,
  ...(['number', 'duration', 'string', '(', '{', '+', '-'] as const),
]);

/** Which words an "unexpected …" gets, according to what is being read. */
interface Situation {
  readonly context: string;
  readonly expected: string;
}

/**
 * Read a query.
 *
 * Not built on a grammar that recovers from errors, because what Prometheus says about a bad query depends on how far its own parser
 * had come: this one reads in the same order, looks ahead as late, and stops at the first complaint.
 *
 * @throws ParseError with Prometheus' text and position
 */
export function parseExpression(query: string, options: ParseOptions = {}): Expression {
  return new Parser(query, options).parse();
}

/** Read a selector alone, as `match[]` of the HTTP API holds it. @throws ParseError */
export function parseMetricSelector(query: string): readonly Matcher[] {
  return new Parser(query, {}).parseSelector();
}

class Parser {
  readonly #query: string;
  readonly #lexer: Lexer;
  readonly #options: ParseOptions;
  /** All selectors of a query together may cost no more than the matchers of one. */
  readonly #regexes = new RegexBudget();
  readonly #situations: Situation[] = [{ context: '', expected: '' }];
  #ahead: Token | null = null;
  #lastClosing = 0;
  #depth = 0;

  constructor(query: string, options: ParseOptions) {
    this.#query = query;
    this.#lexer = new Lexer(query);
    this.#options = options;
  }

  parse(): Expression {
    if (this.#peek().kind === 'end') throw new ParseError(this.#query, 0, 'no expression found in input');
    const expression = this.#parseBinary(0);
    this.#expect('end');
    checkTypes(this.#query, expression);
    return expression;
  }

  parseSelector(): readonly Matcher[] {
    const token = this.#peek();
    if (!METRIC_WORDS.has(token.kind) && token.kind !== '{') throw this.#unexpected(token);
    const selector = token.kind === '{' ? this.#parseSelector(null) : this.#parseSelector(this.#take());
    this.#expect('end');
    return selector.matchers;
  }

  #peek(): Token {
    if (this.#ahead === null) {
      const token = this.#lexer.next();
      if (token.kind === 'error') throw new ParseError(this.#query, token.start, token.text);
      if (token.kind === '}' || token.kind === ')' || token.kind === ']' || token.kind === 'duration' || token.kind === 'number') {
        this.#lastClosing = token.end;
      }
      this.#ahead = token;
    }
    return this.#ahead;
  }

  #take(): Token {
    const token = this.#peek();
    this.#ahead = null;
    return token;
  }

  #at(kind: TokenKind): boolean {
    return this.#peek().kind === kind;
  }

  #accept(kind: TokenKind): Token | null {
    return this.#at(kind) ? this.#take() : null;
  }

  #expect(kind: TokenKind): Token {
    return this.#accept(kind) ?? this.#raise(this.#peek());
  }

  #raise(token: Token): never {
    throw this.#unexpected(token);
  }

  #unexpected(token: Token): ParseError {
    const { context, expected } = this.#situations[this.#situations.length - 1] ?? { context: '', expected: '' };
    const where = context === '' ? '' : ` in ${context}`;
    const instead = expected === '' ? '' : `, expected ${expected}`;
    return new ParseError(this.#query, token.start, `unexpected ${describeToken(token)}${where}${instead}`);
  }

  #fail(range: TextRange, reason: string): never {
    throw new ParseError(this.#query, range.start, reason);
  }

  /** Reads in a situation. Nothing restores it after a complaint, since the first complaint ends the parse. */
  #within<T>(context: string, expected: string, read: () => T): T {
    this.#situations.push({ context, expected });
    const result = read();
    this.#situations.pop();
    return result;
  }

  #nested<T>(token: Token, read: () => T): T {
    if (++this.#depth > MAX_DEPTH) this.#fail(token, `expression is nested more than ${MAX_DEPTH} deep`);
    const result = read();
    this.#depth--;
    return result;
  }

  #parseBinary(minPrecedence: number): Expression {
    let left = this.#parseUnary();
    for (;;) {
      const token = this.#peek();
      const precedence = PRECEDENCE[token.kind];
      if (precedence === undefined || precedence < minPrecedence) return left;
      this.#take();
      const { returnBool, matching } = this.#parseModifiers();
      const right = this.#nested(token, () => this.#parseBinary(token.kind === '^' ? precedence : precedence + 1));
      left = { kind: 'binary', operator: token.kind as BinaryOperator, left, right, matching, returnBool };
      if (this.#options.fillModifiers !== true && (matching.fillLeft !== null || matching.fillRight !== null)) {
        this.#fail(rangeOf(left), 'binop fill modifiers are experimental and not enabled');
      }
    }
  }

  #parseModifiers(): { returnBool: boolean; matching: VectorMatching } {
    const matching: VectorMatching = { cardinality: 'one-to-one', labels: [], on: false, include: [], fillLeft: null, fillRight: null };
    const returnBool = this.#accept('bool') !== null;
    const on = this.#accept('on');
    if (on !== null || this.#accept('ignoring') !== null) {
      matching.on = on !== null;
      matching.labels = this.#parseGrouping();
      const left = this.#accept('group_left');
      if (left !== null || this.#accept('group_right') !== null) {
        matching.cardinality = left === null ? 'one-to-many' : 'many-to-one';
        if (!EXPRESSION_STARTS.has(this.#peek().kind) || this.#at('(')) matching.include = this.#parseGrouping();
      }
    }
    if (this.#accept('fill') !== null) {
      matching.fillLeft = this.#parseFillValue();
      matching.fillRight = matching.fillLeft;
    } else if (this.#accept('fill_left') !== null) {
      matching.fillLeft = this.#parseFillValue();
      if (this.#accept('fill_right') !== null) matching.fillRight = this.#parseFillValue();
    } else if (this.#accept('fill_right') !== null) {
      matching.fillRight = this.#parseFillValue();
      if (this.#accept('fill_left') !== null) matching.fillLeft = this.#parseFillValue();
    }
    return { returnBool, matching };
  }

  #parseFillValue(): number {
    this.#expect('(');
    const value = this.#parseSignedNumber();
    this.#expect(')');
    return value;
  }

  #parseGrouping(): string[] {
    const labels: string[] = [];
    this.#within('grouping opts', '"("', () => this.#expect('('));
    const readLabel = (): void => {
      labels.push(this.#within('grouping opts', 'label', () => this.#parseGroupingLabel()));
    };
    if (this.#accept(')') !== null) return labels;
    readLabel();
    for (;;) {
      if (this.#accept(')') !== null) return labels;
      this.#within('grouping opts', '"," or ")"', () => this.#expect(','));
      if (this.#accept(')') !== null) return labels;
      readLabel();
    }
  }

  #parseGroupingLabel(): string {
    const token = this.#take();
    if (LABEL_WORDS.has(token.kind)) return token.text;
    if (token.kind !== 'string') return this.#raise(token);
    const name = unquoteGo(token.text);
    if (name === '') this.#fail(token, 'invalid label name for grouping: ""');
    return name;
  }

  #parseUnary(): Expression {
    const token = this.#peek();
    if (token.kind !== '+' && token.kind !== '-') return this.#parsePostfix(this.#parsePrimary());
    this.#take();
    const body = this.#nested(token, () => this.#parseBinary(SIGN_PRECEDENCE + 1));
    if (body.kind !== 'number') return { kind: 'unary', operator: token.kind, body, start: token.start };
    return applySign(body, token);
  }

  #parsePostfix(operand: Expression): Expression {
    let expression = operand;
    for (;;) {
      switch (this.#peek().kind) {
        case '[':
          expression = this.#parseBracket(expression);
          break;
        case 'offset':
          this.#parseOffset(expression);
          break;
        case '@':
          this.#parseAt(expression);
          break;
        case 'anchored':
        case 'smoothed':
          this.#setExtended(expression, this.#take().kind === 'anchored');
          break;
        default:
          return expression;
      }
    }
  }

  #parsePrimary(): Expression {
    const token = this.#take();
    switch (token.kind) {
      case 'number':
      case 'duration':
        return this.#readNumber(token);
      case 'string':
        return { kind: 'string', value: unquoteGo(token.text), range: token };
      case '(': {
        const body = this.#nested(token, () => this.#parseBinary(0));
        const close = this.#expect(')');
        return { kind: 'paren', body, range: { start: token.start, end: close.end } };
      }
      case '{':
        this.#ahead = token;
        return this.#parseSelector(null);
    }
    if (!METRIC_WORDS.has(token.kind)) return this.#raise(token);
    const next = this.#peek().kind;
    if (AGGREGATIONS.has(token.kind) && (next === '(' || next === 'by' || next === 'without')) return this.#parseAggregation(token);
    if (FUNCTION_WORDS.has(token.kind) && next === '(') return this.#parseCall(token);
    return this.#parseSelector(token);
  }

  #parseAggregation(token: Token): Expression {
    return this.#within('aggregation', '', () => {
      const operator = token.kind as AggregationOperator;
      let grouping: string[] = [];
      let without = false;
      let lookedAhead = false;
      const readModifier = (): boolean => {
        const modifier = this.#accept('by') ?? this.#accept('without');
        if (modifier === null) return false;
        without = modifier.kind === 'without';
        grouping = this.#parseGrouping();
        return true;
      };
      const modifierFirst = readModifier();
      const args = this.#parseArguments(token);
      if (!modifierFirst) lookedAhead = !readModifier();
      const end = lookedAhead ? this.#previousParen() : this.#lastClosing;
      const range = { start: token.start, end };
      if (args.length === 0) this.#fail(range, 'no arguments for aggregate expression provided');
      const takesParameter = PARAMETER_AGGREGATIONS.has(operator);
      if ((operator === 'limitk' || operator === 'limit_ratio') && this.#options.experimentalFunctions !== true) {
        this.#fail(range, `${operator}() is experimental and must be enabled with --enable-feature=promql-experimental-functions`);
      }
      const wanted = takesParameter ? 2 : 1;
      const body = args[wanted - 1];
      if (args.length !== wanted || body === undefined) {
        this.#fail(range, `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`);
      }
      const parameter = takesParameter ? (args[0] ?? null) : null;
      return { kind: 'aggregate', operator, body, parameter, grouping, without, range };
    });
  }

  /**
   * Where the aggregation ended when the parser had to read on to know. Prometheus goes back from the token that it read, over spaces,
   * and only if both are parentheses.
   */
  #previousParen(): number {
    const { input, lastStart } = this.#lexer;
    if (this.#lastClosing <= 0 || lastStart <= 0 || lastStart >= input.length || input.charAt(lastStart) !== ')') return this.#lastClosing;
    for (let index = lastStart - 1; index > 0; index--) {
      const character = input.charAt(index);
      if (character === ')') return index + 1;
      if (!' \t\n\r'.includes(character)) return this.#lastClosing;
    }
    return this.#lastClosing;
  }

  #parseCall(token: Token): Expression {
    const args = this.#parseArguments(token);
    const signature = FUNCTION_SIGNATURES.get(token.text);
    if (signature === undefined) this.#fail(token, `unknown function with name ${quoteGo(token.text)}`);
    if (signature.experimental && this.#options.experimentalFunctions !== true) {
      this.#fail(token, `function ${quoteGo(token.text)} is not enabled`);
    }
    return { kind: 'call', signature, args, range: { start: token.start, end: this.#lastClosing } };
  }

  #parseArguments(owner: Token): Expression[] {
    const args: Expression[] = [];
    this.#expect('(');
    if (this.#accept(')') !== null) return args;
    args.push(this.#nested(owner, () => this.#parseBinary(0)));
    for (;;) {
      const comma = this.#accept(',');
      if (comma === null) {
        this.#expect(')');
        return args;
      }
      if (!EXPRESSION_STARTS.has(this.#peek().kind)) this.#fail(comma, 'trailing commas not allowed in function call args');
      args.push(this.#nested(owner, () => this.#parseBinary(0)));
    }
  }

  #parseSelector(name: Token | null): VectorSelector {
    let matchers: Matcher[] = [];
    const first = name ?? this.#peek();
    let range: TextRange = first;
    if (this.#at('{')) {
      this.#take();
      matchers = this.#parseMatchers();
      range = { start: first.start, end: this.#expect('}').end };
    }
    const text = name?.text ?? '';
    if (text !== '') matchers.push(createMatcher({ type: '=', name: '__name__', value: text }));
    return {
      kind: 'vector-selector',
      name: text,
      matchers,
      anchored: false,
      smoothed: false,
      mayMatchAll: false,
      offsetNs: 0,
      offsetExpression: null,
      atMs: null,
      atPreprocessor: null,
      range,
    };
  }

  /** Up to the right brace, which is left to be read. */
  #parseMatchers(): Matcher[] {
    const matchers: Matcher[] = [];
    while (!this.#at('}')) {
      matchers.push(this.#within('label matching', 'identifier or "}"', () => this.#parseMatcher()));
      if (this.#at('}')) break;
      this.#within('label matching', '"," or "}"', () => this.#expect(','));
    }
    return matchers;
  }

  #parseMatcher(): Matcher {
    const label = this.#take();
    if (label.kind !== 'identifier' && label.kind !== 'string') return this.#raise(label);
    const name = label.kind === 'string' ? unquoteGo(label.text) : label.text;
    const operator = this.#peek();
    if (operator.kind !== '=' && operator.kind !== '!=' && operator.kind !== '=~' && operator.kind !== '!~') {
      if (label.kind === 'string') return createMatcher({ type: '=', name: '__name__', value: name });
      return this.#within('label matching', 'label matching operator', () => this.#raise(operator));
    }
    this.#take();
    const value = this.#within('label matching', 'string', () => this.#expect('string'));
    try {
      return createMatcher({ type: operator.kind, name, value: unquoteGo(value.text) }, this.#regexes);
    } catch (error) {
      if (error instanceof InvalidMatcherError) this.#fail(label, error.message);
      throw error;
    }
  }

  #readNumber(token: Token): NumberLiteral {
    if (token.kind === 'number') return { kind: 'number', value: this.#numberOf(token), isDuration: false, range: token };
    try {
      return { kind: 'number', value: parseDuration(token.text) / 1e9, isDuration: true, range: token };
    } catch (error) {
      if (error instanceof RangeError) this.#fail(token, error.message);
      throw error;
    }
  }

  #numberOf(token: Token): number {
    const value = numberFromText(token.text);
    if (typeof value === 'number') return value;
    return this.#fail(token, `error parsing number: strconv.ParseFloat: parsing ${quoteGo(token.text)}: ${value}`);
  }

  #parseSignedNumber(): number {
    const sign = this.#accept('+') ?? this.#accept('-');
    const token = this.#take();
    if (token.kind !== 'number' && token.kind !== 'duration') return this.#raise(token);
    const { value } = this.#readNumber(token);
    return sign?.kind === '-' ? -value : value;
  }

  #parseBracket(operand: Expression): Expression {
    const open = this.#take();
    const range = this.#within('subquery or range selector', 'number, duration, step(), or range()', () => this.#parsePositiveDuration());
    const { ns: rangeNs, expression: rangeExpression } = splitDuration(range);
    const isSubquery = this.#within('subquery or range', '":" or "]"', () =>
      this.#accept(':') === null ? (this.#expectPeek(']'), false) : true,
    );
    if (!isSubquery) {
      this.#take();
      if (operand.kind !== 'vector-selector') this.#fail(open, 'ranges only allowed for vector selectors');
      if (operand.offsetNs !== 0 || operand.offsetExpression !== null) this.#fail(open, 'no offset modifiers allowed before range');
      if (operand.atMs !== null || operand.atPreprocessor !== null) this.#fail(open, 'no @ modifiers allowed before range');
      return { kind: 'matrix-selector', selector: operand, rangeNs, rangeExpression, end: this.#lastClosing };
    }
    let step: DurationOperand | null = null;
    if (!this.#at(']')) {
      step = this.#within('subquery selector', 'number, duration, step(), range(), or "]"', () => this.#parsePositiveDuration());
      this.#within('subquery selector', '"]"', () => this.#expectPeek(']'));
    }
    const { ns: stepNs, expression: stepExpression } = step === null ? { ns: 0, expression: null } : splitDuration(step);
    return {
      kind: 'subquery',
      body: operand,
      rangeNs,
      rangeExpression,
      stepNs,
      stepExpression,
      offsetNs: 0,
      offsetExpression: null,
      atMs: null,
      atPreprocessor: null,
      end: this.#take().start + 1,
    };
  }

  #expectPeek(kind: TokenKind): void {
    if (!this.#at(kind)) this.#raise(this.#peek());
  }

  #parsePositiveDuration(): DurationOperand {
    const duration = this.#parseDurationBinary(0);
    // The token after it is known before its sign is judged.
    this.#peek();
    if (duration.kind === 'number' && duration.value <= 0) this.#fail(duration.range, 'duration must be greater than 0');
    return duration;
  }

  #parseDurationBinary(minPrecedence: number): DurationOperand {
    let left = this.#parseDurationUnary();
    for (;;) {
      const token = this.#peek();
      const precedence = DURATION_OPERATORS.has(token.kind) ? (PRECEDENCE[token.kind] ?? -1) : -1;
      if (precedence < 0 || precedence < minPrecedence) return left;
      this.#take();
      const right = this.#nested(token, () => this.#parseDurationBinary(token.kind === '^' ? precedence : precedence + 1));
      if (right.kind === 'number' && right.value === 0 && (token.kind === '/' || token.kind === '%')) {
        this.#fail(token, token.kind === '/' ? 'division by zero' : 'modulo by zero');
      }
      left = durationNode(token.kind as DurationExpression['operator'], left, right, 0, 0);
    }
  }

  #parseDurationUnary(): DurationOperand {
    const token = this.#peek();
    if (token.kind !== '+' && token.kind !== '-') return this.#parseDurationPrimary();
    this.#take();
    return this.#signDuration(
      token,
      this.#nested(token, () => this.#parseDurationBinary(SIGN_PRECEDENCE + 1)),
    );
  }

  #signDuration(sign: Token, operand: DurationOperand): DurationOperand {
    if (operand.kind === 'duration') return sign.kind === '-' ? durationNode('-', null, operand, sign.start, 0) : operand;
    const value = sign.kind === '-' ? -operand.value : operand.value;
    if (isOutOfRange(value)) this.#fail(sign, 'duration out of range');
    return { ...operand, value, range: { start: sign.start, end: operand.range.end } };
  }

  #parseDurationPrimary(): DurationOperand {
    const token = this.#take();
    switch (token.kind) {
      case 'number':
      case 'duration':
        return this.#durationLiteral(token);
      case '(': {
        const inner = this.#nested(token, () => this.#parseDurationBinary(0));
        const close = this.#expect(')');
        return wrapDuration(inner, token.start, close.end);
      }
      case 'step':
      case 'range':
        this.#expect('(');
        return durationNode(token.kind, null, null, token.start, this.#expect(')').end);
      case 'min_of':
      case 'max_of':
        return this.#parseChoice(token, token.kind);
    }
    return this.#raise(token);
  }

  #durationLiteral(token: Token): NumberLiteral {
    const literal = this.#readNumber(token);
    if (isOutOfRange(literal.value)) this.#fail(literal.range, 'duration out of range');
    return literal;
  }

  #parseChoice(token: Token, operator: 'min_of' | 'max_of'): DurationExpression {
    this.#expect('(');
    const left = this.#nested(token, () => this.#parseDurationBinary(0));
    this.#expect(',');
    const right = this.#nested(token, () => this.#parseDurationBinary(0));
    return durationNode(operator, left, right, token.start, this.#expect(')').end);
  }

  #parseOffset(operand: Expression): void {
    this.#take();
    const duration = this.#within('offset', 'number, duration, step(), or range()', () => this.#parseOffsetDuration());
    const target = this.#timeTarget(
      operand,
      'offset modifier must be preceded by an instant vector selector or range vector selector or a subquery',
    );
    if (target.offsetNs !== 0 || target.offsetExpression !== null) this.#fail(rangeOf(operand), 'offset may not be set multiple times');
    if (duration.kind === 'number') target.offsetNs = nsFromSeconds(duration.value);
    else target.offsetExpression = duration;
    this.#extend(operand);
  }

  /** After `offset` an operator belongs to what stands around it, unless the duration begins with a parenthesis or two signs. */
  #parseOffsetDuration(): DurationOperand {
    const token = this.#peek();
    if (token.kind === 'number' || token.kind === 'duration') return this.#durationLiteral(this.#take());
    if (token.kind === 'step' || token.kind === 'range' || token.kind === 'min_of' || token.kind === 'max_of')
      return this.#parseDurationPrimary();
    if (token.kind !== '+' && token.kind !== '-') return this.#parseDurationBinary(0);
    this.#take();
    const next = this.#peek();
    if (next.kind === 'number' || next.kind === 'duration') {
      const literal = this.#readNumber(this.#take());
      return applySign(literal, token, (value) => {
        if (isOutOfRange(value)) this.#fail(token, 'duration out of range');
      });
    }
    if (next.kind === 'step' || next.kind === 'range' || next.kind === 'min_of' || next.kind === 'max_of') {
      const right = this.#parseDurationPrimary();
      return durationNode(token.kind, null, right, token.start, rangeOfDuration(right).end);
    }
    if (next.kind === '(') {
      this.#take();
      const inner = this.#nested(next, () => this.#parseDurationBinary(0));
      this.#expect(')');
      const { start, end } = rangeOfDuration(inner);
      return this.#signDuration(token, wrapDuration(inner, start, end));
    }
    return this.#continueDuration(this.#signDuration(token, this.#parseDurationBinary(SIGN_PRECEDENCE + 1)));
  }

  #continueDuration(first: DurationOperand): DurationOperand {
    let left = first;
    for (;;) {
      const token = this.#peek();
      if (!DURATION_OPERATORS.has(token.kind)) return left;
      this.#take();
      const precedence = PRECEDENCE[token.kind] ?? 0;
      const right = this.#parseDurationBinary(token.kind === '^' ? precedence : precedence + 1);
      left = durationNode(token.kind as DurationExpression['operator'], left, right, 0, 0);
    }
  }

  #parseAt(operand: Expression): void {
    this.#take();
    const moment = this.#within('@', 'timestamp', () => {
      const preprocessor = this.#accept('start') ?? this.#accept('end()');
      if (preprocessor === null) return this.#parseSignedNumber();
      this.#expect('(');
      this.#expect(')');
      return preprocessor.kind === 'start' ? ('start' as const) : ('end' as const);
    });
    if (typeof moment === 'number' && !(Math.abs(moment) < 2 ** 63)) {
      this.#fail(rangeOf(operand), `timestamp out of bounds for @ modifier: ${formatFixed(moment)}`);
    }
    const target = this.#timeTarget(
      operand,
      '@ modifier must be preceded by an instant vector selector or range vector selector or a subquery',
    );
    if (target.atMs !== null || target.atPreprocessor !== null) this.#fail(rangeOf(operand), '@ <timestamp> may not be set multiple times');
    if (typeof moment === 'number') target.atMs = timestampOf(moment);
    else target.atPreprocessor = moment;
    this.#extend(operand);
  }

  #timeTarget(operand: Expression, complaint: string): VectorSelector | SubqueryExpression {
    if (operand.kind === 'vector-selector' || operand.kind === 'subquery') return operand;
    if (operand.kind === 'matrix-selector') return operand.selector;
    return this.#fail(rangeOf(operand), complaint);
  }

  #extend(operand: Expression): void {
    if (operand.kind === 'vector-selector') operand.range = { start: operand.range.start, end: this.#lastClosing };
    else if (operand.kind === 'matrix-selector' || operand.kind === 'subquery') operand.end = this.#lastClosing;
  }

  #setExtended(operand: Expression, anchored: boolean): void {
    const word = anchored ? 'anchored' : 'smoothed';
    if (operand.kind === 'subquery') this.#fail(rangeOf(operand), `${word} modifier is not supported for subqueries`);
    if (operand.kind !== 'vector-selector' && operand.kind !== 'matrix-selector') {
      this.#fail(rangeOf(operand), `${word} modifier not implemented`);
    }
    const selector = operand.kind === 'vector-selector' ? operand : operand.selector;
    selector[word] = true;
    if (selector.anchored && selector.smoothed) {
      this.#fail(rangeOf(operand), 'anchored and smoothed modifiers cannot be used together');
    }
  }
}

const PARAMETER_AGGREGATIONS: ReadonlySet<AggregationOperator> = new Set<AggregationOperator>([
  'topk',
  'bottomk',
  'count_values',
  'quantile',
  'limitk',
  'limit_ratio',
]);

const DURATION_OPERATORS: ReadonlySet<TokenKind> = new Set<TokenKind>(['+', '-', '*', '/', '%', '^']);

function applySign(literal: NumberLiteral, sign: Token, check?: (value: number) => void): NumberLiteral {
  const value = sign.kind === '-' ? -literal.value : literal.value;
  check?.(value);
  return { ...literal, value, range: { start: sign.start, end: literal.range.end } };
}

function durationNode(
  operator: DurationExpression['operator'],
  left: DurationOperand | null,
  right: DurationOperand | null,
  start: number,
  end: number,
): DurationExpression {
  return { kind: 'duration', operator, left, right, wrapped: false, start, end };
}

/** A number in parentheses becomes a plus with one side, so that the parentheses can be printed. */
function wrapDuration(inner: DurationOperand, start: number, end: number): DurationExpression {
  if (inner.kind === 'duration') {
    inner.wrapped = true;
    return inner;
  }
  return { ...durationNode('+', null, inner, start, end), wrapped: true };
}

function splitDuration(operand: DurationOperand): { ns: number; expression: DurationExpression | null } {
  return operand.kind === 'number' ? { ns: nsFromSeconds(operand.value), expression: null } : { ns: 0, expression: operand };
}

/** Seconds that int64 nanoseconds cannot hold. */
function isOutOfRange(seconds: number): boolean {
  return seconds > 2 ** 63 / 1e9 || seconds < -(2 ** 63) / 1e9;
}

/** As Go's `ParseInt` with base 0 and, where that fails, `ParseFloat`. Gives the reason for what is no number. */
function numberFromText(text: string): number | 'invalid syntax' | 'value out of range' {
  const integer = integerFromText(text);
  if (integer !== null) return integer;
  const lower = text.toLowerCase();
  if (lower === 'inf') return Infinity;
  if (lower === 'nan') return NaN;
  const plain = text.replace(/(?<=\d)_(?=\d)/g, '');
  if (!/^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) return 'invalid syntax';
  const value = Number(plain);
  return Number.isFinite(value) ? value : 'value out of range';
}

function integerFromText(text: string): number | null {
  const match = /^(0x|0o|0b|0(?=_?[0-7]))?([0-9a-f_]+)$/i.exec(text);
  if (match === null) return null;
  const prefix = (match[1] ?? '').toLowerCase();
  const body = match[2] ?? '';
  // An underscore stands between digits, or between the prefix and a digit.
  if (body.endsWith('_') || body.includes('__') || (body.startsWith('_') && prefix === '')) return null;
  const digits = body.replaceAll('_', '');
  const allowed = prefix === '0x' ? /^[0-9a-f]+$/i : prefix === '0b' ? /^[01]+$/ : prefix === '' ? /^[0-9]+$/ : /^[0-7]+$/;
  if (!allowed.test(digits)) return null;
  // Base 0 takes underscores only where a prefix or plain decimal digits make the number.
  const value = BigInt((prefix === '0' ? '0o' : prefix) + digits);
  return value < 2n ** 63n ? Number(value) : null;
}

/** Seconds as milliseconds. What an int64 does not hold is its least value, as x86-64 converts it. */
function timestampOf(seconds: number): number {
  const ms = roundHalfAway(seconds * 1000);
  return Math.abs(ms) < 2 ** 63 ? ms + 0 : -(2 ** 63);
}
