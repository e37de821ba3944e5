import type { LabelMatcher } from '@timestream-prometheus/prom-codec';
import { type Expression, inspect } from './expression.js';

/** The matchers of each selector of an expression, in the order in which Prometheus visits them (`promql/parser`, ExtractSelectors). */
export function selectorsOf(expression: Expression): readonly (readonly LabelMatcher[])[] {
  const selectors: (readonly LabelMatcher[])[] = [];
  inspect(expression, (part) => {
    if (part.kind === 'vector-selector') selectors.push(part.matchers.map(({ name, type, value }) => ({ name, type, value })));
  });
  return selectors;
}
