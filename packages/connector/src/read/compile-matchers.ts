import type { LabelMatcher } from '@timestream-prometheus/prom-codec';
import { createMatcher, InvalidMatcherError, type Matcher } from '@timestream-prometheus/timestream-translator';
import { ConnectorError } from '../errors/connector-error.js';

/** @throws ConnectorError invalid-matcher that names the first one that is none */
export function compileMatchers(matchers: readonly LabelMatcher[]): readonly Matcher[] {
  return matchers.map((matcher) => {
    try {
      return createMatcher(matcher);
    } catch (error) {
      if (!(error instanceof InvalidMatcherError)) throw error;
      const { name, type, value } = matcher;
      throw new ConnectorError('invalid-matcher', `${name.slice(0, 100)}${type}${JSON.stringify(value.slice(0, 200))}: ${error.message}`, {
        cause: error,
      });
    }
  });
}
