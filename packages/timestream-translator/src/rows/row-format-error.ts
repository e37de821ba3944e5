/** An answer of Timestream is not what its documentation says: a fault of the server, not of the request. */
export class RowFormatError extends Error {
  override readonly name = 'RowFormatError';
}
