import type { LabelMatcher } from '@timestream-prometheus/prom-codec';
import { ParseError, parseMetricSelector } from '@timestream-prometheus/promql';
import { ConnectorError } from '../errors/connector-error.js';

/** The matchers of a selector such as `up{job=~"node.*"}`. @throws ConnectorError malformed-query */
export function parseSelector(text: string): readonly LabelMatcher[] {
  try {
    return parseMetricSelector(text);
  } catch (error) {
    if (error instanceof ParseError) throw new ConnectorError('malformed-query', error.message, { cause: error });
    throw error;
  }
}
