import type { WholeResponse } from '@timestream-prometheus/connector';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { EventKind, GatewayRequest, LambdaResult } from './event-kind.js';
import {
  bodyFromEvent,
  bodyOfResult,
  headersFromEvent,
  isOptionalBoolean,
  isOptionalString,
  isRecord,
  isSingleHeaders,
} from './event-fields.js';
import { pathBelowStage, pathOfRoute } from './request-path.js';

/**
 * Payload format 2.0: HTTP APIs and Function URLs. Format: "Create AWS Lambda proxy integrations for HTTP APIs", API Gateway guide;
 * "Invoking Lambda function URLs", Lambda guide.
 */
type PayloadV2Event = APIGatewayProxyEventV2;

/** An HTTP API gives up after 30 s, and nothing raises that (quota "Maximum integration timeout"). */
export const HTTP_API_MAX_WAIT_MS = 30_000;

/** What Lambda takes as the result of a buffered invocation: 6 MB (quota "Invocation payload"). */
export const LAMBDA_MAX_RESULT_BYTES = 6 * 1024 * 1024;

export const httpApiEvent: EventKind<PayloadV2Event> = {
  name: 'http-api',
  matches: (event): event is PayloadV2Event => isPayloadV2(event) && !isFunctionUrl(event.requestContext.domainName),
  requestFromEvent,
  resultFromResponse,
  maxWaitMs: HTTP_API_MAX_WAIT_MS,
  maxResultBytes: LAMBDA_MAX_RESULT_BYTES,
};

export const functionUrlEvent: EventKind<PayloadV2Event> = {
  name: 'function-url',
  matches: (event): event is PayloadV2Event => isPayloadV2(event) && isFunctionUrl(event.requestContext.domainName),
  requestFromEvent,
  resultFromResponse,
  // A Function URL waits as long as the function runs.
  maxWaitMs: undefined,
  maxResultBytes: LAMBDA_MAX_RESULT_BYTES,
};

function isPayloadV2(event: unknown): event is PayloadV2Event {
  if (!isRecord(event) || event['version'] !== '2.0') return false;
  const context = event['requestContext'];
  return (
    typeof event['routeKey'] === 'string' &&
    typeof event['rawPath'] === 'string' &&
    isOptionalString(event['rawQueryString']) &&
    isSingleHeaders(event['headers']) &&
    isSingleHeaders(event['pathParameters']) &&
    isOptionalString(event['body']) &&
    isOptionalBoolean(event['isBase64Encoded']) &&
    isRecord(context) &&
    isOptionalString(context['domainName']) &&
    isOptionalString(context['stage']) &&
    (context['timeEpoch'] === undefined || typeof context['timeEpoch'] === 'number') &&
    isRecord(context['http']) &&
    typeof context['http']['method'] === 'string'
  );
}

function isFunctionUrl(domainName: string | null | undefined): boolean {
  return (domainName ?? '').includes('.lambda-url.');
}

function requestFromEvent(event: PayloadV2Event): GatewayRequest {
  return {
    method: event.requestContext.http.method.toUpperCase(),
    path: pathFromEvent(event),
    query: event.rawQueryString,
    headers: headersFromEvent(event.headers, undefined),
    body: bodyFromEvent(event.body, event.isBase64Encoded),
    receivedAtMs: event.requestContext.timeEpoch,
  };
}

function pathFromEvent({ routeKey, rawPath, pathParameters, requestContext }: PayloadV2Event): string {
  const fromRoute = pathOfRoute(routeKey.slice(routeKey.indexOf(' ') + 1), pathParameters);
  if (fromRoute !== undefined) return fromRoute;
  return pathBelowStage(requestContext.stage, rawPath);
}

function resultFromResponse(response: WholeResponse): LambdaResult {
  return { statusCode: response.status, headers: response.headers, ...bodyOfResult(response.headers, response.body) };
}
