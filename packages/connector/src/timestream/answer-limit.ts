/**
 * What an answer of Timestream may take over the wire. A page of Query holds rows of 1 MB at most; a larger row fails with "Query aborted as max page response size has been exceeded by the
 * output result row" (API reference, Query). As JSON a value of one character takes twenty, `{"ScalarValue":"1"}`. Answers to all other calls are smaller.
 */
export const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/** What comes back is more than Timestream ever sends. */
export class AnswerTooLargeError extends Error {
  override readonly name = 'AnswerTooLargeError';

  constructor() {
    super(`an answer of more than ${MAX_ANSWER_BYTES} bytes, which is none of Timestream: its pages have 1 MB`);
  }
}
