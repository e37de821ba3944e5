import { ResultReturnType, type DuckDBDataChunk, type DuckDBResult } from '@duckdb/node-api';

/** A streamed result ended before its last row. Why is not known here: the client of DuckDB for Node.js gives no access to the reason. */
export class BrokenResultError extends Error {
  override readonly name = 'BrokenResultError';
}

/**
 * The next rows of a streamed result; null when there are no more.
 *
 * `duckdb_fetch_chunk` returns NULL at the end of a result, and also when the query fails or is interrupted on its way there. The client for
 * Node.js gives null for both, and no access to `duckdb_result_error`. But a result that has failed is of no type any more:
 * `duckdb_result_return_type` gives DUCKDB_RESULT_TYPE_INVALID for it.
 *
 * @throws {BrokenResultError} when rows are missing
 */
export async function fetchChunk(result: DuckDBResult): Promise<DuckDBDataChunk | null> {
  const chunk = await result.fetchChunk();
  if (chunk !== null && chunk.rowCount > 0) return chunk;
  if (result.returnType === ResultReturnType.INVALID) throw new BrokenResultError('a result ended before its last row');
  return null;
}
