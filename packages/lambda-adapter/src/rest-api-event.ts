import type { WholeResponse } from '@timestream-prometheus/connector';
import type { APIGatewayProxyEvent } from 'aws-lambda';
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
import { LAMBDA_MAX_RESULT_BYTES } from './http-api-event.js';
import { pathBelowStage, pathOfRoute } from './request-path.js';

/**
 * Payload format 1.0: REST APIs, and HTTP APIs that were told so. Format: "Input format of a Lambda function for proxy integration", API
 * Gateway guide. From an HTTP API `path` has the stage in front.
 */
type PayloadV1Event = APIGatewayProxyEvent;

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
    isSingleHeaders(event['queryStringParameters']) &&
    isMultiHeaders(event['multiValueQueryStringParameters']) &&
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
    path: pathOfRoute(event.resource, event.pathParameters) ?? pathBelowStage(event.requestContext.stage, event.path),
    query: queryFromEvent(event.queryStringParameters, event.multiValueQueryStringParameters, true),
    headers: headersFromEvent(event.headers, event.multiValueHeaders),
    body: bodyFromEvent(event.body, event.isBase64Encoded),
    receivedAtMs: event.requestContext.requestTimeEpoch,
  };
}

function resultFromResponse(response: WholeResponse): LambdaResult {
  return { statusCode: response.status, headers: response.headers, ...bodyOfResult(response.headers, response.body) };
}
