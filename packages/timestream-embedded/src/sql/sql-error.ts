/** A place in the text of a statement. Both numbers count from 1; a column is a UTF-16 unit, as Java (and so Timestream) counts. */
export interface SourcePosition {
  readonly line: number;
  readonly column: number;
}

/**
 * The two ways a statement fails, named as Timestream names them: `ValidationException` before anything runs (syntax, names, types),
 * `QueryExecutionException` while it runs (a division by zero, a cast that fails, an overflow).
 */
export type SqlErrorKind = 'ValidationException' | 'QueryExecutionException';

/** The only error that the SQL engine throws for a statement it was given. */
export class SqlError extends Error {
  override readonly name = 'SqlError';
  readonly kind: SqlErrorKind;

  constructor(kind: SqlErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** A refusal that points at its place, in Timestream's form `line 1:76: Column 'x' does not exist`. */
export function invalidAt(position: SourcePosition, message: string): SqlError {
  return new SqlError('ValidationException', `line ${position.line}:${position.column}: ${message}`);
}
