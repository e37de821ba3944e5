/**
 * Why a query has no answer, as the `errorType` of Prometheus' HTTP API. `execution` covers what the query itself made impossible and
 * every limit; its message names which.
 */
export type QueryErrorKind = 'bad_data' | 'execution' | 'timeout' | 'canceled' | 'internal';

/** A query that parsed and could not be answered. The message is Prometheus' own. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  readonly kind: QueryErrorKind;

  constructor(kind: QueryErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

export function executionError(message: string): QueryError {
  return new QueryError('execution', message);
}
