import type { Matcher } from '@timestream-prometheus/timestream-translator';
import type { AggregationOperator, BinaryOperator } from './token.js';

/** Where something stands in the query text: UTF-16 indices, the end exclusive. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

export type ValueType = 'none' | 'vector' | 'scalar' | 'matrix' | 'string';

/** What `@ start()` and `@ end()` stand for is known only when the query runs. */
export type AtPreprocessor = 'start' | 'end';

/** The places of a selector or subquery where `@` and `offset` are kept. Durations are nanoseconds, as in Prometheus. */
export interface TimeModifiers {
  /** As written, or computed from `offsetExpression` before the query runs. */
  offsetNs: number;
  offsetExpression: DurationExpression | null;
  /** The time of `@`, in milliseconds. */
  atMs: number | null;
  atPreprocessor: AtPreprocessor | null;
}

export interface VectorSelector extends TimeModifiers {
  readonly kind: 'vector-selector';
  /** The name written before the braces, or "". */
  name: string;
  matchers: Matcher[];
  anchored: boolean;
  smoothed: boolean;
  /** Selectors of `info` may match everything. */
  mayMatchAll: boolean;
  range: TextRange;
}

export interface MatrixSelector {
  readonly kind: 'matrix-selector';
  readonly selector: VectorSelector;
  rangeNs: number;
  readonly rangeExpression: DurationExpression | null;
  end: number;
}

export interface SubqueryExpression extends TimeModifiers {
  readonly kind: 'subquery';
  body: Expression;
  rangeNs: number;
  readonly rangeExpression: DurationExpression | null;
  /** 0 if none was written: the evaluation interval of the server. */
  stepNs: number;
  readonly stepExpression: DurationExpression | null;
  end: number;
}

export type Cardinality = 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many';

export interface VectorMatching {
  cardinality: Cardinality;
  labels: string[];
  on: boolean;
  include: string[];
  fillLeft: number | null;
  fillRight: number | null;
}

export interface BinaryExpression {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  left: Expression;
  right: Expression;
  /** Null once it is known that an operand is a scalar. */
  matching: VectorMatching | null;
  readonly returnBool: boolean;
}

export interface AggregateExpression {
  readonly kind: 'aggregate';
  readonly operator: AggregationOperator;
  body: Expression;
  parameter: Expression | null;
  readonly grouping: string[];
  readonly without: boolean;
  readonly range: TextRange;
}

export interface FunctionCall {
  readonly kind: 'call';
  readonly signature: FunctionSignature;
  args: Expression[];
  readonly range: TextRange;
}

export interface ParenExpression {
  readonly kind: 'paren';
  body: Expression;
  readonly range: TextRange;
}

export interface UnaryExpression {
  readonly kind: 'unary';
  readonly operator: '+' | '-';
  body: Expression;
  readonly start: number;
}

export interface NumberLiteral {
  readonly kind: 'number';
  value: number;
  /** Whether it was written as a duration. */
  readonly isDuration: boolean;
  range: TextRange;
}

export interface StringLiteral {
  readonly kind: 'string';
  readonly value: string;
  readonly range: TextRange;
}

/** What gives the same at every step, to be evaluated once. No query has it; it is put in before a query runs. */
export interface StepInvariant {
  readonly kind: 'step-invariant';
  readonly body: Expression;
}

export type DurationOperator = '+' | '-' | '*' | '/' | '%' | '^' | 'step' | 'range' | 'min_of' | 'max_of';

/** Arithmetic inside brackets and after `offset`. `+` and `-` without a left side are signs. */
export interface DurationExpression {
  readonly kind: 'duration';
  readonly operator: DurationOperator;
  readonly left: DurationOperand | null;
  readonly right: DurationOperand | null;
  wrapped: boolean;
  readonly start: number;
  readonly end: number;
}

export type DurationOperand = NumberLiteral | DurationExpression;

export type Expression =
  | AggregateExpression
  | BinaryExpression
  | FunctionCall
  | MatrixSelector
  | NumberLiteral
  | ParenExpression
  | StepInvariant
  | StringLiteral
  | SubqueryExpression
  | UnaryExpression
  | VectorSelector;

export interface FunctionSignature {
  readonly name: string;
  readonly argTypes: readonly ValueType[];
  /** How many further arguments the last type takes; -1 without limit. */
  readonly variadic: number;
  readonly returnType: ValueType;
  readonly experimental: boolean;
}

export function typeOf(expression: Expression): ValueType {
  switch (expression.kind) {
    case 'aggregate':
    case 'vector-selector':
      return 'vector';
    case 'binary':
      return typeOf(expression.left) === 'scalar' && typeOf(expression.right) === 'scalar' ? 'scalar' : 'vector';
    case 'call':
      return expression.signature.returnType;
    case 'matrix-selector':
    case 'subquery':
      return 'matrix';
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'paren':
    case 'unary':
    case 'step-invariant':
      return typeOf(expression.body);
  }
}

export function rangeOf(expression: Expression): TextRange {
  switch (expression.kind) {
    case 'binary':
      return { start: rangeOf(expression.left).start, end: rangeOf(expression.right).end };
    case 'matrix-selector':
      return { start: expression.selector.range.start, end: expression.end };
    case 'subquery':
      return { start: rangeOf(expression.body).start, end: expression.end };
    case 'unary':
      return { start: expression.start, end: rangeOf(expression.body).end };
    case 'step-invariant':
      return rangeOf(expression.body);
    default:
      return expression.range;
  }
}

export function rangeOfDuration(operand: DurationOperand): TextRange {
  if (operand.kind === 'number') return operand.range;
  const { left, right, operator, start, end } = operand;
  if (operator === 'min_of' || operator === 'max_of' || right === null) return { start, end };
  if (left === null) return { start, end: rangeOfDuration(right).end };
  return { start: rangeOfDuration(left).start, end: rangeOfDuration(right).end };
}

/** Direct parts of an expression, in the order in which Prometheus visits them. */
export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'aggregate':
      return expression.parameter === null ? [expression.body] : [expression.body, expression.parameter];
    case 'binary':
      return [expression.left, expression.right];
    case 'call':
      return expression.args;
    case 'matrix-selector':
      return [expression.selector];
    case 'paren':
    case 'step-invariant':
    case 'subquery':
    case 'unary':
      return [expression.body];
    default:
      return [];
  }
}

/** Visit every part, each before its own parts; `path` leads from the root to the part, without it. */
export function inspect(
  expression: Expression,
  visit: (part: Expression, path: readonly Expression[]) => void,
  path: readonly Expression[] = [],
): void {
  visit(expression, path);
  const children = childrenOf(expression);
  if (children.length === 0) return;
  const childPath = [...path, expression];
  for (const child of children) inspect(child, visit, childPath);
}
