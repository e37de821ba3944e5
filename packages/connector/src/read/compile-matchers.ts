import type { LabelMatcher } from '@timestream-prometheus/prom-codec';
import { createMatcher, InvalidMatcherError, RegexBudget, type Matcher } from '@timestream-prometheus/timestream-translator';
import type { Turns } from '../concurrency/turns.js';
import { ConnectorError } from '../errors/connector-error.js';

/** Compiles the matchers of one request: what they cost is counted together, equal ones and those that are compiled already once. */
export class MatcherCompiler {
  readonly #budget = new RegexBudget();
  readonly #known = new Map<string, Matcher>();

  /** @throws ConnectorError invalid-matcher that names the first one that is not valid, or that is too much */
  compile(matchers: readonly LabelMatcher[]): readonly Matcher[] {
    return matchers.map((matcher) => {
      if (isCompiled(matcher)) return matcher;
      const key = JSON.stringify([matcher.name, matcher.type, matcher.value]);
      const known = this.#known.get(key);
      if (known !== undefined) return known;
      const compiled = compileMatcher(matcher, this.#budget);
      this.#known.set(key, compiled);
      return compiled;
    });
  }
}

/**
 * The matchers of each query of a request, one query in each turn of the event loop.
 *
 * @throws ConnectorError invalid-matcher; the meaning of an abort
 */
export async function compileQueries<Query extends { readonly matchers: readonly LabelMatcher[] }>(
  queries: readonly Query[],
  turns: Turns,
  signal: AbortSignal,
): Promise<readonly { readonly query: Query; readonly matchers: readonly Matcher[] }[]> {
  const compiler = new MatcherCompiler();
  const compiled: { readonly query: Query; readonly matchers: readonly Matcher[] }[] = [];
  for (const query of queries) {
    if (compiled.length > 0) await turns.next(signal);
    compiled.push({ query, matchers: compiler.compile(query.matchers) });
  }
  return compiled;
}

/** The matchers of one query. @throws ConnectorError invalid-matcher that names the first one that is not valid, or that is too much */
export function compileMatchers(matchers: readonly LabelMatcher[]): readonly Matcher[] {
  return new MatcherCompiler().compile(matchers);
}

/** Those of a PromQL query are: its parser compiles them. */
function isCompiled(matcher: LabelMatcher): matcher is Matcher {
  return 'matches' in matcher && 'meaning' in matcher;
}

function compileMatcher(matcher: LabelMatcher, budget: RegexBudget): Matcher {
  try {
    return createMatcher(matcher, budget);
  } catch (error) {
    if (!(error instanceof InvalidMatcherError)) throw error;
    const { name, type, value } = matcher;
    throw new ConnectorError('invalid-matcher', `${name.slice(0, 100)}${type}${JSON.stringify(value.slice(0, 200))}: ${error.message}`, {
      cause: error,
    });
  }
}
