export type ReadLimitErrorCode = 'too-many-samples' | 'too-many-series';

/** The answer to a query would be larger than the reader is willing to hold. */
export class ReadLimitError extends Error {
  override readonly name = 'ReadLimitError';
  readonly code: ReadLimitErrorCode;
  readonly limit: number;

  constructor(code: ReadLimitErrorCode, limit: number) {
    super(
      `the query selects more than ${limit} ${code === 'too-many-samples' ? 'samples' : 'series'}; narrow its matchers or its time range`,
    );
    this.code = code;
    this.limit = limit;
  }
}
