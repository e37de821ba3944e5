import type { EventKind, GatewayRequest, LambdaResult, WholeResponse } from './event-kind.js';
import {
  bodyFromEvent,
  bodyOfResult,
  headersFromEvent,
  isMultiHeaders,
  isOptionalBoolean,
  isOptionalString,
  isRecord,
  isSingleHeaders,
  type MultiHeaders,
  type SingleHeaders,
} from './event-fields.js';
import { LAMBDA_MAX_RESULT_BYTES } from './http-api-event.js';
import { pathBelow, pathOfRoute } from './request-path.js';

/**
 * Payload format 1.0: REST APIs, and HTTP APIs that were told so. Format: "Input format of a Lambda function for proxy integration", API
 * Gateway guide.
 */
export interface PayloadV1Event {
  /** The resource that was matched: `/write`, `/{proxy+}`; `$default` or `/$default` from an HTTP API. */
  readonly resource: string;
  /** On the API's own address without the stage, on a custom domain with the base path; from an HTTP API with the stage. */
  readonly path: string;
  readonly httpMethod: string;
  readonly headers?: SingleHeaders | null;
  readonly multiValueHeaders?: MultiHeaders | null;
  readonly pathParameters?: SingleHeaders | null;
  readonly requestContext: { readonly stage?: string | null; readonly requestTimeEpoch?: number };
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean | null;
}

/** The default of a REST API is 29 s; a Regional one can be told more (quota "Maximum integration timeout", since June 2024). */
export const REST_API_MAX_WAIT_MS = 29_000;

export const restApiEvent: EventKind<PayloadV1Event> = {
  name: 'rest-api',
  matches: isPayloadV1,
  requestFromEvent,
  resultFromResponse,
  maxWaitMs: REST_API_MAX_WAIT_MS,
  maxResultBytes: LAMBDA_MAX_RESULT_BYTES,
};

function isPayloadV1(event: unknown): event is PayloadV1Event {
  if (!isRecord(event) || (event['version'] !== undefined && event['version'] !== '1.0')) return false;
  const context = event['requestContext'];
  return (
    typeof event['resource'] === 'string' &&
    typeof event['path'] === 'string' &&
    typeof event['httpMethod'] === 'string' &&
    isSingleHeaders(event['headers']) &&
    isMultiHeaders(event['multiValueHeaders']) &&
    isSingleHeaders(event['pathParameters']) &&
    isOptionalString(event['body']) &&
    isOptionalBoolean(event['isBase64Encoded']) &&
    isRecord(context) &&
    isOptionalString(context['stage']) &&
    (context['requestTimeEpoch'] === undefined || typeof context['requestTimeEpoch'] === 'number')
  );
}

function requestFromEvent(event: PayloadV1Event): GatewayRequest {
  return {
    method: event.httpMethod.toUpperCase(),
    path: pathOfRoute(event.resource, event.pathParameters) ?? pathBelow(`/${event.requestContext.stage ?? ''}`, event.path),
    headers: headersFromEvent(event.headers, event.multiValueHeaders),
    body: bodyFromEvent(event.body, event.isBase64Encoded),
    receivedAtMs: event.requestContext.requestTimeEpoch,
  };
}

function resultFromResponse(response: WholeResponse): LambdaResult {
  return { statusCode: response.status, headers: response.headers, ...bodyOfResult(response.headers, response.body) };
}
