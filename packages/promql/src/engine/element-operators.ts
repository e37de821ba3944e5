import { type FloatHistogram, IncompatibleSchemasError } from '../histogram/float-histogram.js';
import { trimHistogram } from '../histogram/trim-histogram.js';
import { pow } from '../math/power.js';
import { atan2 } from '../math/trigonometry.js';
import type { TextRange } from '../syntax/expression.js';
import type { BinaryOperator } from '../syntax/token.js';
import type { Annotations } from './annotations.js';
import { executionError } from './query-error.js';

export type Element = number | FloatHistogram;

const ARITHMETIC: Partial<Record<BinaryOperator, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
  '^': pow,
  atan2,
};

const COMPARISON: Partial<Record<BinaryOperator, (left: number, right: number) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

export function arithmeticOf(operator: BinaryOperator): ((left: number, right: number) => number) | null {
  return ARITHMETIC[operator] ?? null;
}

export function comparisonOf(operator: BinaryOperator): ((left: number, right: number) => boolean) | null {
  return COMPARISON[operator] ?? null;
}

/** Whether the result is something else than its operand was, so that the name of the metric does not fit any more. */
export function changesMetric(operator: BinaryOperator): boolean {
  return ARITHMETIC[operator] !== undefined;
}

/** Two scalars; a comparison gives 1 or 0. */
export function scalarOperation(operator: BinaryOperator): (left: number, right: number) => number {
  const arithmetic = ARITHMETIC[operator];
  if (arithmetic !== undefined) return arithmetic;
  const comparison = COMPARISON[operator];
  if (comparison === undefined) throw executionError(`operator "${operator}" not allowed for Scalar operations`);
  return (left, right) => (comparison(left, right) ? 1 : 0);
}

export type Note = (annotations: Annotations) => void;

/** What is to be said about an operator: for each step the last note counts, as Prometheus keeps no more. */
export class StepNotes {
  readonly #byStep = new Map<number, Note>();

  set(step: number, note: Note): void {
    this.#byStep.set(step, note);
  }

  write(annotations: Annotations): void {
    for (const note of this.#byStep.values()) note(annotations);
  }
}

/** What an operator gives for two samples. `value` of a comparison is its left side, kept or not. */
export interface ElementResult {
  readonly value: Element;
  readonly keep: boolean;
}

/**
 * An operator between two samples where at least one is a histogram, or where floats have none of their own. Null if the two have no
 * answer, which has been noted then.
 */
export function histogramOperation(
  operator: BinaryOperator,
  left: Element,
  right: Element,
  range: TextRange,
  note: (write: Note) => void,
): ElementResult | null {
  const kept = (value: Element): ElementResult => ({ value, keep: true });
  const incompatible = (): null => {
    note((annotations) => annotations.incompatibleTypes(typeName(left), operator, typeName(right), range));
    return null;
  };
  if (typeof left === 'number') {
    if (typeof right === 'number' || operator !== '*') return incompatible();
    return kept(right.copy().multiply(left).compact());
  }
  if (typeof right === 'number') {
    switch (operator) {
      case '*':
        return kept(left.copy().multiply(right).compact());
      case '/':
        return kept(left.copy().divide(right).compact());
      case '</':
      case '>/':
        return kept(trimHistogram(left.copy(), right, operator === '</'));
      default:
        return incompatible();
    }
  }
  if (operator === '==') return { value: left, keep: left.equals(right) };
  if (operator === '!=') return { value: left, keep: !left.equals(right) };
  if (operator !== '+' && operator !== '-') return incompatible();
  const result = left.copy();
  try {
    const outcome = operator === '+' ? result.add(right) : result.subtract(right);
    const operation = operator === '+' ? 'addition' : 'subtraction';
    if (operator === '-') result.hint = 'gauge';
    result.compact();
    // A collision leaves Prometheus without a result for the pair, and with the warning alone.
    if (outcome.resetCollision) {
      note((annotations) => annotations.resetCollision(operation, range));
      return null;
    }
    if (outcome.boundsReconciled) note((annotations) => annotations.boundsReconciled(operation, range));
    return kept(result);
  } catch (error) {
    if (!(error instanceof IncompatibleSchemasError)) throw error;
    note((annotations) => annotations.incompatibleBuckets(operator, range));
    return null;
  }
}

function typeName(element: Element): string {
  return typeof element === 'number' ? 'float' : 'histogram';
}
