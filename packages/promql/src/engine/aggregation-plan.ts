import { msFromNs } from '../durations.js';
import type { Aggregation, SelectHints } from '../storage.js';
import { type AggregateExpression, type Expression, inspect, typeOf, type VectorSelector } from '../syntax/expression.js';
import { METADATA_LABELS } from './label-set.js';
import { type QueryTimes, unwrapParens } from './preprocess.js';
import type { Selection } from './select-plan.js';

/** An aggregation that the storage may compute, and the selector that it would read otherwise. */
export interface PlannedAggregation {
  readonly selector: VectorSelector;
  readonly fromMs: number;
  readonly toMs: number;
  readonly hints: SelectHints;
  readonly aggregation: Aggregation;
}

const OPERATORS: ReadonlySet<string> = new Set(['count', 'group', 'min', 'max'] satisfies Aggregation['operator'][]);

/**
 * The aggregations of a query that a storage may compute: those right around a selector without a range, whose answer depends neither on the order
 * of additions nor on that of series. Not in subqueries, which have steps of their own.
 */
export function planAggregations(
  expression: Expression,
  times: QueryTimes,
  selections: ReadonlyMap<VectorSelector, Selection>,
): ReadonlyMap<AggregateExpression, PlannedAggregation> {
  const planned = new Map<AggregateExpression, PlannedAggregation>();
  inspect(expression, (part, path) => {
    if (part.kind !== 'aggregate' || !OPERATORS.has(part.operator)) return;
    const selector = unwrapParens(part.body);
    if (selector.kind !== 'vector-selector' || selector.anchored || selector.smoothed) return;
    if (path.some(({ kind }) => kind === 'subquery')) return;
    const selection = selections.get(selector);
    if (selection === undefined) return;
    const isOnce = times.startMs === times.endMs || path.some(({ kind }) => kind === 'step-invariant');
    // Outside of a part that is evaluated once, `@` moves on with the steps where Prometheus lets it: see the evaluator.
    if (selector.atMs !== null && !isOnce) return;
    const firstMs = (selector.atMs ?? times.startMs) - msFromNs(selector.offsetNs);
    const stepMs = isOnce ? 1 : times.stepMs;
    const steps = isOnce ? 1 : Math.floor((times.endMs - times.startMs) / stepMs) + 1;
    const { fromMs, toMs, hints } = selection;
    if (![firstMs, stepMs, hints.lookbackMs].every(Number.isSafeInteger) || stepMs < 1) return;
    planned.set(part, {
      selector,
      fromMs,
      toMs,
      hints,
      aggregation: {
        operator: part.operator as Aggregation['operator'],
        grouping: part.without ? [...part.grouping, ...METADATA_LABELS] : part.grouping,
        without: part.without,
        firstMs,
        stepMs,
        steps,
        lookbackMs: hints.lookbackMs,
        isOrdered: times.startMs === times.endMs || !isSortedAnyway(path),
      },
    });
  });
  return planned;
}

/** Whether nothing between the aggregation and the answer of a range query, which is sorted, looks at the order of series. */
function isSortedAnyway(path: readonly Expression[]): boolean {
  return path.every((outer) => {
    if (outer.kind === 'paren' || outer.kind === 'unary' || outer.kind === 'step-invariant') return true;
    return outer.kind === 'binary' && (typeOf(outer.left) === 'scalar' || typeOf(outer.right) === 'scalar');
  });
}
