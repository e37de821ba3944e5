import type { Writable } from 'node:stream';
import {
  asConnectorError,
  ConnectorError,
  METRICS,
  type Clock,
  type Connector,
  type ConnectorResponse,
  type Logger,
} from '@timestream-prometheus/connector';
import type { EmbeddedMetrics } from './embedded-metrics.js';
import { UnreadableEventError, type GatewayRequest, type LambdaResult, type WholeResponse } from './event-kind.js';
import { recogniseEvent, type RecognisedEvent } from './event-kinds.js';
import { startInvocationDeadline, type InvocationDeadline } from './invocation-deadline.js';
import type { LambdaContext } from './lambda-context.js';
import type { LambdaOptions } from './lambda-options.js';
import { pathBelow } from './request-path.js';
import { streamResponse, type OpenHttpStream } from './stream-response.js';
import { bodyOfResult } from './event-fields.js';
import { responseFromError, wholeResponseFrom } from './whole-response.js';

/** What lives across invocations. */
export interface LambdaParts {
  readonly connector: Connector;
  readonly options: LambdaOptions;
  readonly logger: Logger;
  readonly metrics: EmbeddedMetrics;
  readonly clock: Clock;
}

/** Answers one invocation whose result is handed back in one piece. Never rejects. */
export async function answerWhole(parts: LambdaParts, event: unknown, context: LambdaContext): Promise<LambdaResult> {
  const recognised = recogniseEvent(event);
  return invoke(parts, { event, recognised, context, maxWaitMs: recognised?.maxWaitMs }, async (response, deadline) => {
    const collecting = wholeResponseFrom(response, recognised?.maxResultBytes ?? FALLBACK_RESULT_BYTES);
    const whole = await wholeOrError(parts, withinDeadline(response, deadline, collecting));
    return { status: whole.status, result: recognised?.result(whole) ?? resultOfUnknown(whole) };
  });
}

/** An unknown event is answered with a short text only. */
const FALLBACK_RESULT_BYTES = 64 * 1024;

function resultOfUnknown(response: WholeResponse): LambdaResult {
  return { statusCode: response.status, headers: response.headers, ...bodyOfResult(response.headers, response.body) };
}

/** Answers one invocation as a stream. Rejects only when the answer fails after it began. */
export async function answerStreamed(
  parts: LambdaParts,
  event: unknown,
  context: LambdaContext,
  target: { readonly stream: Writable; readonly openHttpStream: OpenHttpStream },
): Promise<void> {
  const recognised = recogniseEvent(event);
  // An integration that streams waits for the end of the function, whatever its kind bears when it buffers.
  await invoke(parts, { event, recognised, context, maxWaitMs: undefined }, async (response, deadline) => {
    let sentStatus: number | undefined;
    const openStream = ({ status, headers }: ConnectorResponse): Writable => {
      // What is left of work that outlived its deadline must not answer a second time.
      if (sentStatus !== undefined) throw new Error('the request is answered already');
      sentStatus = status;
      return target.openHttpStream(target.stream, { statusCode: status, headers });
    };
    try {
      await withinDeadline(response, deadline, streamResponse(response, openStream));
    } catch (error) {
      if (sentStatus !== undefined) {
        parts.logger.error(
          { err: error },
          'an answer failed after it began; the connection is broken so that the client cannot take the part for the whole',
        );
        throw error;
      }
      await streamResponse(errorResponse(parts, error), openStream);
    }
    return { status: sentStatus ?? 0, result: undefined };
  });
}

interface Invocation {
  readonly event: unknown;
  readonly recognised: RecognisedEvent | undefined;
  readonly context: LambdaContext;
  readonly maxWaitMs: number | undefined;
}

interface Delivered<Result> {
  readonly status: number;
  readonly result: Result;
}

async function invoke<Result>(
  parts: LambdaParts,
  { event, recognised, context, maxWaitMs }: Invocation,
  deliver: (response: ConnectorResponse, deadline: InvocationDeadline) => Promise<Delivered<Result>>,
): Promise<Result> {
  const { clock, options, metrics } = parts;
  const request = readRequest(parts, event, recognised);
  const receivedAtMs = 'method' in request ? request.receivedAtMs : undefined;
  const limits = {
    remainingMs: context.getRemainingTimeInMillis(),
    timeoutMs: options.timeoutMs,
    maxWaitMs,
    receivedAtMs,
    nowMs: clock.nowMs(),
  };
  const deadline = startInvocationDeadline(limits);
  let status = 0;
  try {
    const response = 'method' in request ? await wholeOrError(parts, deadline.bound(handle(parts, request, deadline.signal))) : request;
    const delivered = await deliver(response, deadline);
    status = delivered.status;
    return delivered.result;
  } finally {
    deadline.clear();
    const { method, path } = 'method' in request ? request : { method: '', path: '' };
    metrics.flush({ requestId: context.awsRequestId, integration: recognised?.kind ?? 'unknown', method, path, status });
  }
}

function handle({ connector, options }: LambdaParts, request: GatewayRequest, signal: AbortSignal): Promise<ConnectorResponse> {
  const { method, headers, body } = request;
  return connector.handle({ method, path: pathBelow(options.basePath, request.path), headers, body, signal });
}

function readRequest(parts: LambdaParts, event: unknown, recognised: RecognisedEvent | undefined): GatewayRequest | WholeResponse {
  if (recognised === undefined) {
    const fields = typeof event === 'object' && event !== null ? Object.keys(event).slice(0, 20) : typeof event;
    parts.logger.error({ eventFields: fields }, 'an event of no known kind');
    return ownResponse(parts, new ConnectorError('internal', UNKNOWN_EVENT));
  }
  try {
    return recognised.request();
  } catch (error) {
    if (!(error instanceof UnreadableEventError)) throw error;
    parts.logger.error({ integration: recognised.kind }, error.message);
    return ownResponse(parts, new ConnectorError('internal', error.message));
  }
}

const UNKNOWN_EVENT =
  'this function answers HTTP requests from an API Gateway HTTP API (payload format 2.0 or 1.0), an API Gateway REST API (proxy integration), a Function URL or an Application Load Balancer; the event is none of these';

/** A body in one piece is there already: the deadline, even a passed one, has no say in it. */
function withinDeadline<T>(response: ConnectorResponse, deadline: InvocationDeadline, work: Promise<T>): Promise<T> {
  return response.body instanceof Uint8Array ? work : deadline.bound(work);
}

async function wholeOrError<Response>(parts: LambdaParts, work: Promise<Response>): Promise<Response | WholeResponse> {
  try {
    return await work;
  } catch (error) {
    return errorResponse(parts, error);
  }
}

function errorResponse(parts: LambdaParts, thrown: unknown): WholeResponse {
  const error = asConnectorError(thrown);
  parts.logger.error({ err: thrown, code: error.code }, error.message);
  return ownResponse(parts, error);
}

/** An answer that this edge gives in the core's place. The core counts its own; where this replaces one, it has counted that. */
function ownResponse({ metrics }: LambdaParts, error: ConnectorError): WholeResponse {
  const response = responseFromError(error);
  metrics.add(METRICS.responses.name, 1, { endpoint: 'other', status: String(response.status), error: error.code });
  return response;
}
