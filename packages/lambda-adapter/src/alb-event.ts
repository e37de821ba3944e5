import { STATUS_CODES } from 'node:http';
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

/** An Application Load Balancer's event. Format: "Lambda functions as targets", Application Load Balancer guide. */
export interface AlbEvent {
  readonly requestContext: { readonly elb: unknown };
  readonly httpMethod: string;
  readonly path: string;
  /** One of the two, by the target group's attribute `lambda.multi_value_headers.enabled`. */
  readonly headers?: SingleHeaders | null;
  readonly multiValueHeaders?: MultiHeaders | null;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean | null;
}

/** The load balancer's idle timeout (attribute `idle_timeout.timeout_seconds`): 60 s unless someone changed it. */
export const ALB_MAX_WAIT_MS = 60_000;

/** "The maximum size of the response JSON that the Lambda function can send is 1 MB" (same page). */
export const ALB_MAX_RESULT_BYTES = 1024 * 1024;

export const albEvent: EventKind<AlbEvent> = {
  name: 'alb',
  matches: isAlbEvent,
  requestFromEvent,
  resultFromResponse,
  maxWaitMs: ALB_MAX_WAIT_MS,
  maxResultBytes: ALB_MAX_RESULT_BYTES,
};

function isAlbEvent(event: unknown): event is AlbEvent {
  if (!isRecord(event) || !isRecord(event['requestContext']) || !isRecord(event['requestContext']['elb'])) return false;
  return (
    typeof event['httpMethod'] === 'string' &&
    typeof event['path'] === 'string' &&
    isSingleHeaders(event['headers']) &&
    isMultiHeaders(event['multiValueHeaders']) &&
    isOptionalString(event['body']) &&
    isOptionalBoolean(event['isBase64Encoded'])
  );
}

function requestFromEvent(event: AlbEvent): GatewayRequest {
  return {
    method: event.httpMethod.toUpperCase(),
    path: event.path,
    headers: headersFromEvent(event.headers, event.multiValueHeaders),
    body: bodyFromEvent(event.body, event.isBase64Encoded),
    receivedAtMs: undefined,
  };
}

function resultFromResponse(response: WholeResponse, event: AlbEvent): LambdaResult {
  const body = bodyOfResult(response.headers, response.body);
  const status = { statusCode: response.status, statusDescription: `${response.status} ${STATUS_CODES[response.status] ?? 'Unknown'}` };
  // A target group with multi-value headers reads nothing else, one without them ignores the multi-value form.
  if (event.multiValueHeaders === undefined || event.multiValueHeaders === null) return { ...status, headers: response.headers, ...body };
  const multiValueHeaders = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, [value]]));
  return { ...status, multiValueHeaders, ...body };
}
