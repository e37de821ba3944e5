import { asConnectorError, ConnectorError, type ConnectorErrorCode } from '../errors/connector-error.js';

/** A `ConnectorError` that goes from one thread to another. */
export interface FailureMessage {
  readonly code: ConnectorErrorCode;
  readonly message: string;
  readonly retryAfterSeconds?: number;
  readonly headers: Readonly<Record<string, string>>;
  /** For the log. */
  readonly cause?: { readonly name: string; readonly message: string; readonly stack?: string };
}

export function failureMessageOf(thrown: unknown): FailureMessage {
  const { code, message, retryAfterSeconds, headers, cause } = asConnectorError(thrown);
  return {
    code,
    message,
    headers: { ...headers },
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(cause === undefined ? {} : { cause: describeCause(cause) }),
  };
}

export function errorOfFailure({ code, message, retryAfterSeconds, headers, cause }: FailureMessage): ConnectorError {
  return new ConnectorError(code, message, { retryAfterSeconds, headers, ...(cause === undefined ? {} : { cause: causeOf(cause) }) });
}

function describeCause(cause: unknown): NonNullable<FailureMessage['cause']> {
  if (!(cause instanceof Error)) return { name: 'Error', message: String(cause) };
  return { name: cause.name, message: cause.message, ...(cause.stack === undefined ? {} : { stack: cause.stack }) };
}

function causeOf({ name, message, stack }: NonNullable<FailureMessage['cause']>): Error {
  const error = new Error(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
