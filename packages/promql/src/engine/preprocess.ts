import { msFromNs, secondsFromNs } from '../durations.js';
import { pow } from '../math/power.js';
import {
  type DurationExpression,
  type DurationOperand,
  type Expression,
  type FunctionCall,
  inspect,
  rangeOfDuration,
  type TimeModifiers,
  typeOf,
  type VectorSelector,
} from '../syntax/expression.js';
import { utf8Length } from '../syntax/go-text.js';
import type { QueryError } from './query-error.js';
import { executionError } from './query-error.js';

/** Over which times a query runs, in milliseconds. */
export interface QueryTimes {
  readonly startMs: number;
  readonly endMs: number;
  /** 0 for an instant query. */
  readonly stepMs: number;
}

/** Functions whose answer depends on the time of evaluation, whatever their arguments are (`promql/functions.go`). */
const TIME_DEPENDENT: ReadonlySet<string> = new Set([
  ...['days_in_month', 'day_of_month', 'day_of_week', 'day_of_year', 'end', 'hour', 'minute', 'month', 'year'],
  ...['predict_linear', 'range', 'start', 'step', 'time', 'timestamp'],
]);

/**
 * Make an expression ready to run: what depends on the times of the query becomes numbers, durations are computed, and parts that give
 * the same at every step are marked, so that they are evaluated once. Changes the expression.
 *
 * @throws QueryError for a text that is not a duration
 */
export function preprocess(query: string, expression: Expression, times: QueryTimes): Expression {
  const folded = foldQueryTimes(expression, times);
  const calculator = new DurationCalculator(query, times);
  inspect(folded, (part) => {
    if (part.kind === 'vector-selector') calculator.settleOffset(part);
    else if (part.kind === 'matrix-selector') {
      if (part.rangeExpression !== null) part.rangeNs = calculator.calculate(part.rangeExpression, false);
    } else if (part.kind === 'subquery') {
      calculator.settleOffset(part);
      if (part.stepExpression !== null) part.stepNs = calculator.calculate(part.stepExpression, false);
      if (part.rangeExpression !== null) part.rangeNs = calculator.calculate(part.rangeExpression, false);
    }
  });
  const { wrap } = markInvariant(folded, times);
  return wrap ? { kind: 'step-invariant', body: folded } : folded;
}

function foldQueryTimes(expression: Expression, times: QueryTimes): Expression {
  switch (expression.kind) {
    case 'call': {
      const value = queryTime(expression, times);
      if (value !== null) return { kind: 'number', value, isDuration: false, range: expression.range };
      expression.args = expression.args.map((argument) => foldQueryTimes(argument, times));
      break;
    }
    case 'binary':
      expression.left = foldQueryTimes(expression.left, times);
      expression.right = foldQueryTimes(expression.right, times);
      break;
    case 'aggregate':
      expression.body = foldQueryTimes(expression.body, times);
      if (expression.parameter !== null) expression.parameter = foldQueryTimes(expression.parameter, times);
      break;
    case 'unary':
    case 'paren':
    case 'subquery':
      expression.body = foldQueryTimes(expression.body, times);
  }
  return expression;
}

function queryTime({ signature }: FunctionCall, { startMs, endMs, stepMs }: QueryTimes): number | null {
  switch (signature.name) {
    case 'start':
      return startMs / 1000;
    case 'end':
      return endMs / 1000;
    case 'range':
      return secondsFromNs((endMs - startMs) * 1e6);
    case 'step':
      return startMs === endMs ? 0 : secondsFromNs(stepMs * 1e6);
    default:
      return null;
  }
}

class DurationCalculator {
  readonly #query: string;
  readonly #times: QueryTimes;

  constructor(query: string, times: QueryTimes) {
    this.#query = query;
    this.#times = times;
  }

  settleOffset(part: TimeModifiers): void {
    if (part.offsetExpression !== null) part.offsetNs = this.calculate(part.offsetExpression, true);
  }

  /** Nanoseconds, whole milliseconds. */
  calculate(expression: DurationExpression, mayBeNegative: boolean): number {
    const seconds = this.#evaluate(expression);
    if (!Number.isFinite(seconds)) throw this.#error(expression, 'duration is NaN or infinite');
    if (seconds <= 0 && !mayBeNegative) throw this.#error(expression, 'duration must be greater than 0');
    if (seconds > 2 ** 63 / 1e9 || seconds < -(2 ** 63) / 1e9) throw this.#error(expression, 'duration is out of range');
    return Math.trunc(seconds * 1000) * 1e6;
  }

  #error(expression: DurationExpression, reason: string): QueryError {
    const { start, end } = rangeOfDuration(expression);
    const bytes = (index: number): number => utf8Length(this.#query.slice(0, index));
    return executionError(`${bytes(start)}:${bytes(end)}: ${reason}`);
  }

  #evaluate(operand: DurationOperand): number {
    if (operand.kind === 'number') return operand.value;
    const { startMs, endMs, stepMs } = this.#times;
    const left = operand.left === null ? 0 : this.#evaluate(operand.left);
    const right = operand.right === null ? 0 : this.#evaluate(operand.right);
    switch (operand.operator) {
      case 'step':
        return secondsFromNs(stepMs * 1e6);
      case 'range':
        return secondsFromNs((endMs - startMs) * 1e6);
      case 'min_of':
        return Math.min(left, right);
      case 'max_of':
        return Math.max(left, right);
      case '+':
        return operand.left === null ? right : left + right;
      case '-':
        return operand.left === null ? -right : left - right;
      case '*':
        return left * right;
      case '/':
        if (right === 0) throw this.#error(operand, 'division by zero');
        return left / right;
      case '%':
        if (right === 0) throw this.#error(operand, 'modulo by zero');
        return left % right;
      case '^':
        return pow(left, right);
    }
  }
}

interface Invariance {
  /** Whether it gives the same at every step. */
  readonly invariant: boolean;
  /** Whether evaluating it once saves anything. */
  readonly wrap: boolean;
}

function wrapped(expression: Expression): Expression {
  return { kind: 'step-invariant', body: expression };
}

export function unwrapParens(expression: Expression): Expression {
  let inner = expression;
  while (inner.kind === 'paren') inner = inner.body;
  return inner;
}

function markInvariant(expression: Expression, times: QueryTimes): Invariance {
  switch (expression.kind) {
    case 'vector-selector': {
      settleAt(expression, times);
      const invariant = expression.atMs !== null;
      return { invariant, wrap: invariant };
    }
    case 'aggregate':
      expression.body = unwrapParens(expression.body);
      if (expression.parameter !== null) expression.parameter = unwrapParens(expression.parameter);
      return markInvariant(expression.body, times);
    case 'binary': {
      const left = markInvariant(expression.left, times);
      const right = markInvariant(expression.right, times);
      if (left.invariant && right.invariant) return { invariant: true, wrap: true };
      if (left.wrap) expression.left = wrapped(expression.left);
      if (right.wrap) expression.right = wrapped(expression.right);
      return { invariant: false, wrap: false };
    }
    case 'call':
      return markCall(expression, times);
    case 'matrix-selector':
      return { invariant: markInvariant(expression.selector, times).invariant, wrap: false };
    case 'subquery':
      if (markInvariant(expression.body, times).invariant) expression.body = wrapped(expression.body);
      settleAt(expression, times);
      return { invariant: expression.atMs !== null, wrap: false };
    case 'paren':
    case 'unary':
      return markInvariant(expression.body, times);
    default:
      return { invariant: true, wrap: false };
  }
}

function settleAt(part: TimeModifiers, { startMs, endMs }: QueryTimes): void {
  if (part.atPreprocessor !== null) part.atMs = part.atPreprocessor === 'start' ? startMs : endMs;
}

function markCall(call: FunctionCall, times: QueryTimes): Invariance {
  const { name } = call.signature;
  const isInfo = name === 'info';
  let invariant = !TIME_DEPENDENT.has(name);
  // The time of a sample does not depend on when it is asked for, if the selector is fixed.
  let fixedTimestamps = name === 'timestamp';
  call.args = call.args.map(unwrapParens);
  const marks = call.args.map((argument, index) => {
    const mark = markInvariant(argument, times);
    if (isInfo && index === 1) return false;
    invariant &&= mark.invariant;
    if (!mark.invariant || argument.kind !== 'vector-selector') fixedTimestamps = false;
    return mark.wrap;
  });
  if (isInfo) invariant &&= infoReference(call.args[0]!).uniform;
  if (invariant || fixedTimestamps) return { invariant: true, wrap: true };
  call.args = call.args.map((argument, index) => (marks[index] === true ? wrapped(argument) : argument));
  return { invariant: false, wrap: false };
}

/** The time that the series of `info` are looked up at: that of the selectors in its first argument, if they agree. */
export interface InfoReference {
  readonly atMs: number | null;
  readonly offsetNs: number;
  readonly uniform: boolean;
}

export function infoReference(expression: Expression): InfoReference {
  let first: { atMs: number | null; offsetNs: number } | null = null;
  let uniform = true;
  let hasPartWithoutSelector = false;
  const note = (selector: VectorSelector, path: readonly Expression[]): void => {
    let { atMs, offsetNs } = selector;
    for (let index = path.length - 1; atMs === null && index >= 0; index--) {
      const outer = path[index]!;
      if (outer.kind !== 'subquery') continue;
      offsetNs += outer.offsetNs;
      ({ atMs } = outer);
    }
    if (first === null) first = { atMs, offsetNs };
    else if (!sameReference(first, { atMs, offsetNs })) uniform = false;
  };
  const visit = (part: Expression, path: readonly Expression[]): boolean => {
    const type = typeOf(part);
    if (type !== 'vector' && type !== 'matrix') return false;
    if (part.kind === 'vector-selector') {
      note(part, path);
      return true;
    }
    const inner = [...path, part];
    if (part.kind === 'call' && part.signature.name === 'info') return visit(part.args[0]!, inner);
    const parts = part.kind === 'matrix-selector' ? [part.selector] : childParts(part);
    const found = parts.map((child) => visit(child, inner)).includes(true);
    if (!found) hasPartWithoutSelector = true;
    return found;
  };
  visit(expression, []);
  const found = first as { atMs: number | null; offsetNs: number } | null;
  if (found === null) return { atMs: null, offsetNs: 0, uniform: false };
  return { ...found, uniform: (uniform as boolean) && !hasPartWithoutSelector };
}

function childParts(part: Expression): readonly Expression[] {
  switch (part.kind) {
    case 'aggregate':
      return part.parameter === null ? [part.body] : [part.body, part.parameter];
    case 'binary':
      return [part.left, part.right];
    case 'call':
      return part.args;
    case 'paren':
    case 'unary':
    case 'subquery':
    case 'step-invariant':
      return [part.body];
    default:
      return [];
  }
}

function sameReference(left: { atMs: number | null; offsetNs: number }, right: { atMs: number | null; offsetNs: number }): boolean {
  if (left.atMs === null || right.atMs === null) return left.atMs === right.atMs && msFromNs(left.offsetNs) === msFromNs(right.offsetNs);
  return left.atMs - msFromNs(left.offsetNs) === right.atMs - msFromNs(right.offsetNs);
}
