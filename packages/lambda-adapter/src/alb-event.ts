import { STATUS_CODES } from 'node:http';
import type { WholeResponse } from '@timestream-prometheus/connector';
import type { ALBEvent } from 'aws-lambda';
import type { EventKind, GatewayRequest, LambdaResult } from './event-kind.js';
import {
  bodyFromEvent,
  bodyOfResult,
  headersFromEvent,
  isMultiHeaders,
  isOptionalBoolean,
  isOptionalString,
  isRecord,
  isSingleHeaders,
  queryFromEvent,
} from './event-fields.js';

/** The load balancer's idle timeout (attribute `idle_timeout.timeout_seconds`): 60 s unless someone changed it. */
export const ALB_MAX_WAIT_MS = 60_000;

/** "The maximum size of the response JSON that the Lambda function can send is 1 MB" (same page). */
export const ALB_MAX_RESULT_BYTES = 1024 * 1024;

/**
 * An Application Load Balancer's event. Format: "Lambda functions as targets", Application Load Balancer guide. Headers and query parameters come
 * with one value or with all of them, by the target group's attribute `lambda.multi_value_headers.enabled`.
 */
export const albEvent: EventKind<ALBEvent> = {
  name: 'alb',
  matches: isAlbEvent,
  requestFromEvent,
  resultFromResponse,
  maxWaitMs: ALB_MAX_WAIT_MS,
  maxResultBytes: ALB_MAX_RESULT_BYTES,
};

function isAlbEvent(event: unknown): event is ALBEvent {
  if (!isRecord(event) || !isRecord(event['requestContext']) || !isRecord(event['requestContext']['elb'])) return false;
  return (
    typeof event['httpMethod'] === 'string' &&
    typeof event['path'] === 'string' &&
    isSingleHeaders(event['headers']) &&
    isMultiHeaders(event['multiValueHeaders']) &&
    isSingleHeaders(event['queryStringParameters']) &&
    isMultiHeaders(event['multiValueQueryStringParameters']) &&
    isOptionalString(event['body']) &&
    isOptionalBoolean(event['isBase64Encoded'])
  );
}

function requestFromEvent(event: ALBEvent): GatewayRequest {
  return {
    method: event.httpMethod.toUpperCase(),
    path: event.path,
    query: queryFromEvent(event.queryStringParameters, event.multiValueQueryStringParameters, false),
    headers: headersFromEvent(event.headers, event.multiValueHeaders),
    body: bodyFromEvent(event.body, event.isBase64Encoded),
    receivedAtMs: undefined,
  };
}

function resultFromResponse(response: WholeResponse, event: ALBEvent): LambdaResult {
  const body = bodyOfResult(response.headers, response.body);
  const status = { statusCode: response.status, statusDescription: `${response.status} ${STATUS_CODES[response.status] ?? 'Unknown'}` };
  // A target group with multi-value headers reads nothing else, one without them ignores the multi-value form.
  if (!isRecord(event.multiValueHeaders)) return { ...status, headers: response.headers, ...body };
  const multiValueHeaders = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, [value]]));
  return { ...status, multiValueHeaders, ...body };
}
