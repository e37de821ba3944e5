import { ColumnNotFoundError, ConnectorError, type ConnectorErrorCode } from '../errors/connector-error.js';
import { abortErrorOf } from '../concurrency/deadline.js';
import { AnswerTooLargeError } from './answer-limit.js';
import { hostOfResponse } from './host-noting-handler.js';

/** What requests of clients lead to; each is counted. */
export type TimestreamOperation = 'WriteRecords' | 'Query' | 'CancelQuery';

/** What only a person's command asks for. */
export type AdminOperation = 'DescribeEndpoints' | 'DescribeDatabase' | 'DescribeTable' | 'CreateDatabase' | 'CreateTable';

/** By exception name, where the name alone decides. Names: API model `timestream-write`/`timestream-query`, and the signature errors common to all AWS services. */
const CODE_BY_NAME: Readonly<Record<string, ConnectorErrorCode>> = {
  ThrottlingException: 'throttled',
  TooManyRequestsException: 'throttled',
  RequestLimitExceeded: 'throttled',
  InternalServerException: 'timestream-unavailable',
  ServiceUnavailableException: 'timestream-unavailable',
  // 421. The endpoint that was discovered is no longer ours; a new client finds the new one.
  InvalidEndpointException: 'timestream-unavailable',
  // 409. The query was cancelled or is gone at Timestream; nothing says that the next attempt fails too.
  ConflictException: 'timestream-unavailable',
  AccessDeniedException: 'access-denied',
  ExpiredTokenException: 'invalid-credentials',
  IncompleteSignatureException: 'invalid-credentials',
  InvalidClientTokenId: 'invalid-credentials',
  InvalidSignatureException: 'invalid-credentials',
  MissingAuthenticationTokenException: 'invalid-credentials',
  SignatureDoesNotMatch: 'invalid-credentials',
  UnrecognizedClientException: 'invalid-credentials',
  ResourceNotFoundException: 'destination-not-found',
  ServiceQuotaExceededException: 'service-quota-exceeded',
  QueryExecutionException: 'query-failed',
  CredentialsProviderError: 'server-credentials-unavailable',
  TokenProviderError: 'server-credentials-unavailable',
  TimeoutError: 'deadline-exceeded',
  RequestTimeout: 'deadline-exceeded',
  RequestTimeoutException: 'deadline-exceeded',
};

/**
 * The key is right, but our clock or that of AWS is wrong (Signature Version 4, "Troubleshooting": "Signature expired", "Signature not yet
 * current"). That says nothing about the samples, and it ends when the clock is set.
 */
const CLOCK_SKEW_NAMES: ReadonlySet<string> = new Set(['RequestExpired', 'RequestInTheFuture', 'RequestTimeTooSkewed']);
const CLOCK_SKEW_MESSAGE = /^Signature (?:expired|not yet current)\b/;

/** Ends of a message that a whole failed table, database or column gives; see "Errors" of the query data model. */
const COLUMN_NOT_FOUND = /Column '(.*)' does not exist/s;
const DESTINATION_NOT_FOUND = /\b(?:database|table)\b.*(?:not found|does not exist)/is;
const QUERY_CAPACITY_EXCEEDED = /MaxQueryTCU exceeded/i;

/**
 * A page token ends after an hour, five uses, or with the use of a later one (API model, `Query`). A lost answer can make any of that happen:
 * the query asked anew has tokens of its own.
 */
const PAGE_TOKEN_ENDED = /\bpagination token\b/i;

/**
 * Says once what an error of the SDK, of the network or of Timestream means. `signal` is the one that the call was given: an abort that
 * it did not cause belongs to another request and is a broken connection to this one.
 */
export function connectorErrorOf(thrown: unknown, operation: TimestreamOperation | AdminOperation, signal: AbortSignal): ConnectorError {
  if (thrown instanceof ConnectorError) return thrown;
  const error = discoveryReasonOf(thrown);
  if (signal.aborted) return abortErrorOf(signal, error);
  // The SDK may have added words of its own to this one.
  if (error instanceof AnswerTooLargeError)
    return new ConnectorError('malformed-answer', `${operation}: ${new AnswerTooLargeError().message}`, { cause: thrown });
  const { name, message, status } = describeSdkError(error);
  const options = { cause: thrown };
  if (status !== undefined && UNTYPED_NAMES.has(name)) return foreignAnswerError(operation, foreignAnswerOf(error, status), options);
  const text = `${operation}: ${name}: ${message}`;
  const column = operation === 'Query' ? COLUMN_NOT_FOUND.exec(message)?.[1] : undefined;
  if (column !== undefined) return new ColumnNotFoundError(column, text, options);
  if (QUERY_CAPACITY_EXCEEDED.test(message)) return new ConnectorError('throttled', text, options);
  if (operation === 'Query' && PAGE_TOKEN_ENDED.test(message)) return new ConnectorError('timestream-unavailable', text, options);
  if (CLOCK_SKEW_NAMES.has(name) || (name === 'InvalidSignatureException' && CLOCK_SKEW_MESSAGE.test(message)))
    return new ConnectorError('timestream-unavailable', `${text}: the clock of this machine and that of AWS differ`, options);
  const code = isBrokenConnection(error) ? 'connection-failed' : CODE_BY_NAME[name];
  if (code !== undefined) return new ConnectorError(code, text, options);
  if (name === 'ValidationException' && DESTINATION_NOT_FOUND.test(message))
    return new ConnectorError('destination-not-found', text, options);
  return new ConnectorError(codeOfStatus(status, operation), text, options);
}

/** What the SDK calls an answer in which it finds no type of error: `Unknown` for JSON or nothing, `SyntaxError` for everything else. */
const UNTYPED_NAMES: ReadonlySet<string> = new Set(['Unknown', 'SyntaxError']);

/** An answer that names no type of AWS error: it comes from something in between, a proxy or a firewall. */
export interface ForeignAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly host: string | undefined;
}

/** Always retryable: what stands in between says nothing about the samples. */
export function foreignAnswerError(
  operation: TimestreamOperation | AdminOperation,
  { status, contentType, host }: ForeignAnswer,
  options?: { readonly cause?: unknown },
): ConnectorError {
  const type = contentType === undefined ? 'no content type' : `content type ${JSON.stringify(contentType.slice(0, 100))}`;
  const text = `${operation}: not an answer of Timestream: status ${status}, ${type}, from ${host ?? 'an unknown host'}`;
  return new ConnectorError(codeOfForeignStatus(status), text, options);
}

function codeOfForeignStatus(status: number): ConnectorErrorCode {
  if (status === 429) return 'throttled';
  if (status === 408) return 'deadline-exceeded';
  return status >= 500 ? 'timestream-unavailable' : 'malformed-answer';
}

function foreignAnswerOf(error: unknown, status: number): ForeignAnswer {
  const response: unknown = error instanceof Error && '$response' in error ? error.$response : undefined;
  const headers: unknown = typeof response === 'object' && response !== null && 'headers' in response ? response.headers : undefined;
  const contentType: unknown =
    typeof headers === 'object' && headers !== null && 'content-type' in headers ? headers['content-type'] : undefined;
  return { status, contentType: typeof contentType === 'string' ? contentType : undefined, host: hostOfResponse(response) };
}

/** Endpoint discovery hides why it failed in `reason` (@aws-sdk/middleware-endpoint-discovery). */
function discoveryReasonOf(error: unknown): unknown {
  return error instanceof Error && 'reason' in error && error.reason instanceof Error ? error.reason : error;
}

function describeSdkError(error: unknown): { readonly name: string; readonly message: string; readonly status: number | undefined } {
  if (!(error instanceof Error)) return { name: 'unknown', message: String(error), status: undefined };
  const metadata: unknown = '$metadata' in error ? error.$metadata : undefined;
  const status = typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata ? metadata.httpStatusCode : undefined;
  const networkCode = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return {
    name: error.name === 'Error' ? (networkCode ?? error.name) : error.name,
    message: error.message,
    status: typeof status === 'number' ? status : undefined,
  };
}

/** The SDK calls a reset connection a TimeoutError, as it does a real timeout; the system's own code tells them apart. */
function isBrokenConnection(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

function codeOfStatus(status: number | undefined, operation: TimestreamOperation | AdminOperation): ConnectorErrorCode {
  // No status: no answer came. DNS, TLS, refused and broken connections all end here.
  if (status === undefined) return 'connection-failed';
  if (status === 429) return 'throttled';
  if (status === 408) return 'deadline-exceeded';
  if (status === 403) return 'access-denied';
  if (status === 404) return 'destination-not-found';
  if (status >= 500 || status < 400 || status === 421) return 'timestream-unavailable';
  return operation === 'WriteRecords' ? 'timestream-refused-write' : 'timestream-refused-query';
}
