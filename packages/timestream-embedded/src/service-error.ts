/** Every error this server answers, by the name that the clients know it by. */
export type ServiceErrorCode =
  | 'ValidationException'
  | 'QueryExecutionException'
  | 'ServiceQuotaExceededException'
  | 'AccessDeniedException'
  | 'ResourceNotFoundException'
  | 'ConflictException'
  | 'RejectedRecordsException'
  | 'ThrottlingException'
  | 'InternalServerException'
  | 'SerializationException'
  | 'UnknownOperationException'
  | 'RequestTooLargeException'
  | 'ServiceUnavailableException'
  | 'MissingAuthenticationTokenException'
  | 'IncompleteSignatureException'
  | 'InvalidSignatureException'
  | 'UnrecognizedClientException';

const timestreamNamespace = 'com.amazonaws.timestream.v20181101';
const frameworkNamespace = 'com.amazon.coral.service';

interface ErrorShape {
  readonly httpStatus: number;
  readonly namespace: string;
}

/**
 * HTTP status and `__type` prefix by code. The service's own come from the error table of the Timestream developer guide
 * (419 for rejected records, 402 for a quota); the rest are the AWS JSON framework's.
 */
const errorShapes: Readonly<Record<ServiceErrorCode, ErrorShape>> = {
  ValidationException: { httpStatus: 400, namespace: timestreamNamespace },
  QueryExecutionException: { httpStatus: 400, namespace: timestreamNamespace },
  ServiceQuotaExceededException: { httpStatus: 402, namespace: timestreamNamespace },
  AccessDeniedException: { httpStatus: 403, namespace: timestreamNamespace },
  ResourceNotFoundException: { httpStatus: 404, namespace: timestreamNamespace },
  ConflictException: { httpStatus: 409, namespace: timestreamNamespace },
  RejectedRecordsException: { httpStatus: 419, namespace: timestreamNamespace },
  ThrottlingException: { httpStatus: 429, namespace: timestreamNamespace },
  InternalServerException: { httpStatus: 500, namespace: timestreamNamespace },
  SerializationException: { httpStatus: 400, namespace: frameworkNamespace },
  UnknownOperationException: { httpStatus: 400, namespace: frameworkNamespace },
  RequestTooLargeException: { httpStatus: 413, namespace: frameworkNamespace },
  ServiceUnavailableException: { httpStatus: 503, namespace: frameworkNamespace },
  MissingAuthenticationTokenException: { httpStatus: 403, namespace: frameworkNamespace },
  IncompleteSignatureException: { httpStatus: 403, namespace: frameworkNamespace },
  InvalidSignatureException: { httpStatus: 403, namespace: frameworkNamespace },
  UnrecognizedClientException: { httpStatus: 403, namespace: frameworkNamespace },
};

export interface RejectedRecord {
  /** Position in the request's `Records`. */
  readonly RecordIndex: number;
  readonly Reason: string;
  readonly ExistingVersion?: bigint;
}

interface ServiceErrorOptions extends ErrorOptions {
  /** Violations of the API model carry the framework's prefix instead of the service's. */
  readonly namespace?: string;
  readonly rejectedRecords?: readonly RejectedRecord[];
  readonly httpStatus?: number;
}

/** An answer that is an error. Whatever else is thrown while a request is handled becomes an InternalServerException. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ServiceErrorCode;
  readonly httpStatus: number;
  readonly #namespace: string;
  readonly #rejectedRecords: readonly RejectedRecord[] | undefined;

  constructor(code: ServiceErrorCode, message: string, options: ServiceErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.httpStatus = options.httpStatus ?? errorShapes[code].httpStatus;
    this.#namespace = options.namespace ?? errorShapes[code].namespace;
    this.#rejectedRecords = options.rejectedRecords;
  }

  /** The body as AWS JSON 1.0 has it. */
  toBody(): object {
    return {
      __type: `${this.#namespace}#${this.code}`,
      // The service's own shapes spell `Message`, the framework's `message`; the clients read both.
      ...(this.#namespace === timestreamNamespace ? { Message: this.message } : { message: this.message }),
      ...(this.#rejectedRecords === undefined ? {} : { RejectedRecords: this.#rejectedRecords }),
    };
  }
}

/** Violations of the API model, in the framework's own sentence. */
export function modelViolation(violations: readonly string[]): ServiceError {
  const errors = violations.length === 1 ? 'validation error' : 'validation errors';
  return new ServiceError('ValidationException', `${violations.length} ${errors} detected: ${violations.join('; ')}`, {
    namespace: 'com.amazon.coral.validate',
  });
}

export function validationError(message: string): ServiceError {
  return new ServiceError('ValidationException', message);
}
