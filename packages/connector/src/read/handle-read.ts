import type { ReadRequest } from '@timestream-prometheus/prom-codec';
import { ConnectorError } from '../errors/connector-error.js';
import type { ConnectorResponse } from '../seam.js';
import { answerSamples } from './answer-samples.js';
import { answerStreamed } from './answer-streamed.js';
import { compileQueries } from './compile-matchers.js';
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
  const selections = await compileQueries(request.queries, context.turns, context.signal);
  try {
    return await (responseType === 'SAMPLES' ? answerSamples(selections, context) : answerStreamed(selections, context));
  } catch (error) {
    throw readErrorOf(error);
  }
}
