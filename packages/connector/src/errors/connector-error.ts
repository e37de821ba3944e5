/** What can go wrong, as seen by a client. The set is closed; docs/errors.md says of each why it happens and what to do. */
export type ConnectorErrorCode =
  | 'not-found'
  | 'method-not-allowed'
  | 'unsupported-content-type'
  | 'unsupported-content-encoding'
  | 'unsupported-response-type'
  | 'body-too-large'
  | 'decoded-body-too-large'
  | 'malformed-body'
  | 'missing-credentials'
  | 'malformed-credentials'
  | 'unknown-user'
  | 'not-permitted'
  | 'foreign-origin'
  | 'invalid-credentials'
  | 'access-denied'
  | 'destination-not-found'
  | 'samples-refused'
  | 'samples-rejected'
  | 'timestream-refused-write'
  | 'service-quota-exceeded'
  | 'invalid-matcher'
  | 'read-limit-exceeded'
  | 'malformed-query'
  | 'query-not-executable'
  | 'timestream-refused-query'
  | 'query-failed'
  | 'malformed-answer'
  | 'throttled'
  | 'overloaded'
  | 'shutting-down'
  | 'timestream-unavailable'
  | 'connection-failed'
  | 'deadline-exceeded'
  | 'server-credentials-unavailable'
  | 'worker-lost'
  | 'client-gone'
  | 'internal';

interface ErrorClass {
  readonly status: number;
  /** True: the same request may succeed later, and every sender must send it again. */
  readonly retryable: boolean;
  /** One line for docs, log and a person who sees only the code. */
  readonly meaning: string;
}

/**
 * The only table of statuses. Prometheus sends again on 5xx and drops the samples on every 4xx; vmagent drops on 400, 409 and 415
 * and sends everything else again for ever; Fluent Bit drops on 400 only. So a write that can never succeed is 400 wherever the
 * status is ours to choose, and one that can is 503.
 */
const ERROR_CLASSES: Readonly<Record<ConnectorErrorCode, ErrorClass>> = {
  'not-found': { status: 404, retryable: false, meaning: 'The connector has nothing at this path.' },
  'method-not-allowed': { status: 405, retryable: false, meaning: 'The path exists, but not for this method.' },
  'unsupported-content-type': { status: 415, retryable: false, meaning: 'The content type is not one that this path takes.' },
  'unsupported-content-encoding': { status: 415, retryable: false, meaning: 'The body is compressed in another way than snappy.' },
  'unsupported-response-type': {
    status: 400,
    retryable: false,
    meaning: 'A read asks only for response types that the connector does not have.',
  },
  'body-too-large': { status: 413, retryable: false, meaning: 'The compressed body is over max-body-bytes.' },
  'decoded-body-too-large': {
    status: 400,
    retryable: false,
    meaning: 'The body would decompress or decode to more than max-decoded-bytes.',
  },
  'malformed-body': { status: 400, retryable: false, meaning: 'The body is no snappy block, or no message of the protocol.' },
  'missing-credentials': { status: 401, retryable: false, meaning: 'The request does not say whose it is.' },
  'malformed-credentials': {
    status: 401,
    retryable: false,
    meaning: 'The Authorization header is in no form that the connector takes.',
  },
  'unknown-user': { status: 401, retryable: false, meaning: 'No user of the users file has this password, token or certificate.' },
  'not-permitted': { status: 403, retryable: false, meaning: 'The user may not come to this path, or not ask for this tenant.' },
  'foreign-origin': {
    status: 403,
    retryable: false,
    meaning: 'A web page of another site asks, or the Host is not that of the connector.',
  },
  'invalid-credentials': { status: 403, retryable: false, meaning: 'AWS does not accept the access key, its secret or the session.' },
  'access-denied': { status: 403, retryable: false, meaning: 'The access key is right but lacks a permission.' },
  'destination-not-found': {
    status: 404,
    retryable: false,
    meaning: 'The database or the table does not exist, or the caller may not see it.',
  },
  'samples-refused': { status: 400, retryable: false, meaning: 'A fail-on-… option refuses the whole request; nothing was stored.' },
  'samples-rejected': {
    status: 400,
    retryable: false,
    meaning: 'Some samples can never be stored; every other sample of the request is stored.',
  },
  'timestream-refused-write': { status: 400, retryable: false, meaning: 'Timestream refuses a whole WriteRecords call as invalid.' },
  'service-quota-exceeded': { status: 400, retryable: false, meaning: 'A quota of the AWS account or of the table is used up.' },
  'invalid-matcher': { status: 400, retryable: false, meaning: 'A matcher of the query is no valid RE2 regular expression.' },
  'read-limit-exceeded': {
    status: 400,
    retryable: false,
    meaning: 'The answer would be over a limit of the connector; a part of it is never sent.',
  },
  'malformed-query': { status: 400, retryable: false, meaning: 'A parameter of the query is missing or wrong, or the query is no PromQL.' },
  'query-not-executable': {
    status: 422,
    retryable: false,
    meaning: 'The query is PromQL and has no answer, or would go over a limit.',
  },
  'timestream-refused-query': { status: 400, retryable: false, meaning: 'Timestream refuses the query as invalid.' },
  'query-failed': { status: 400, retryable: false, meaning: 'Timestream accepted the query and failed while it ran.' },
  'malformed-answer': {
    status: 503,
    retryable: true,
    meaning: 'What came back is no answer of Timestream to the request, or does not account for all of it.',
  },
  throttled: { status: 503, retryable: true, meaning: 'Timestream asks for a slower pace.' },
  overloaded: { status: 503, retryable: true, meaning: 'The connector has more work than it can do in time.' },
  'shutting-down': { status: 503, retryable: true, meaning: 'The connector is stopping.' },
  'timestream-unavailable': { status: 503, retryable: true, meaning: 'Timestream answered with an error of its own.' },
  'connection-failed': { status: 503, retryable: true, meaning: 'Timestream could not be reached, or the connection broke.' },
  'deadline-exceeded': {
    status: 503,
    retryable: true,
    meaning: 'The work did not end within write-timeout or read-timeout, or Timestream did not answer in time.',
  },
  'server-credentials-unavailable': {
    status: 503,
    retryable: true,
    meaning: "The connector's own AWS credentials, or those that a user is mapped to, cannot be loaded, or AWS takes them no longer.",
  },
  'worker-lost': { status: 503, retryable: true, meaning: 'The worker thread of the request ended before the request did.' },
  'client-gone': { status: 499, retryable: false, meaning: 'The client closed the connection before the answer.' },
  internal: { status: 500, retryable: true, meaning: 'A defect of the connector.' },
};

export const CONNECTOR_ERROR_CODES = Object.keys(ERROR_CLASSES) as readonly ConnectorErrorCode[];

export function httpStatusOf(code: ConnectorErrorCode): number {
  return ERROR_CLASSES[code].status;
}

export function isRetryable(code: ConnectorErrorCode): boolean {
  return ERROR_CLASSES[code].retryable;
}

export function meaningOf(code: ConnectorErrorCode): string {
  return ERROR_CLASSES[code].meaning;
}

export interface ConnectorErrorOptions {
  readonly cause?: unknown;
  readonly retryAfterSeconds?: number | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The only error that crosses a port of the core. The message is shown to clients: it names the offender, and no secret. */
export class ConnectorError extends Error {
  override readonly name: string = 'ConnectorError';
  readonly code: ConnectorErrorCode;
  /** When trying again makes sense, if that is known; else it grows with the attempts of the client. */
  readonly retryAfterSeconds: number | undefined;
  /** What the protocol wants in the headers of the answer all the same. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ConnectorErrorCode, message: string, options: ConnectorErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : {});
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.headers = options.headers ?? {};
  }
}

/** Timestream knows no such column: a label that no series of the table ever had, or one too new for the query service. */
export class ColumnNotFoundError extends ConnectorError {
  override readonly name = 'ColumnNotFoundError';
  readonly column: string;

  constructor(column: string, message: string, options?: { readonly cause?: unknown }) {
    super('timestream-refused-query', message, options);
    this.column = column;
  }
}

export function asConnectorError(error: unknown): ConnectorError {
  if (error instanceof ConnectorError) return error;
  return new ConnectorError('internal', 'an unexpected error, see the log of the connector', { cause: error });
}
