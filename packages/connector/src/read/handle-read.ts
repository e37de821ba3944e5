import type { Query, ReadRequest } from '@timestream-prometheus/prom-codec';
import { createMatcher, InvalidMatcherError, type Matcher } from '@timestream-prometheus/timestream-translator';
import { ConnectorError } from '../errors/connector-error.js';
import type { ConnectorResponse } from '../seam.js';
import { answerSamples } from './answer-samples.js';
import { answerStreamed } from './answer-streamed.js';
import type { ReadContext } from './read-context.js';
import { readErrorOf } from './read-error.js';
import { negotiateResponseType } from '../protocol/response-type.js';

/**
 * Answers every query of a request, in order and whole.
 *
 * @throws ConnectorError if any query fails or the answer would be over a limit; a part is never answered. The body of a streamed answer
 *   throws the same after it began.
 */
export async function handleRead(request: ReadRequest, context: ReadContext): Promise<ConnectorResponse> {
  const { maxQueriesPerRead } = context.config;
  const responseType = negotiateResponseType(request.acceptedResponseTypes);
  if (request.queries.length > maxQueriesPerRead) {
    throw new ConnectorError(
      'read-limit-exceeded',
      `the read has ${request.queries.length} queries, ${maxQueriesPerRead} are allowed (max-queries-per-read): send them in several requests`,
    );
  }
  const selections = request.queries.map((query) => ({ query, matchers: query.matchers.map(compileMatcher) }));
  try {
    return await (responseType === 'SAMPLES' ? answerSamples(selections, context) : answerStreamed(selections, context));
  } catch (error) {
    throw readErrorOf(error);
  }
}

function compileMatcher(matcher: Query['matchers'][number]): Matcher {
  try {
    return createMatcher(matcher);
  } catch (error) {
    if (!(error instanceof InvalidMatcherError)) throw error;
    const { name, type, value } = matcher;
    throw new ConnectorError('invalid-matcher', `${name.slice(0, 100)}${type}${JSON.stringify(value.slice(0, 200))}: ${error.message}`, {
      cause: error,
    });
  }
}
