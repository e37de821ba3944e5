import type { Writable } from 'node:stream';
import {
  asConnectorError,
  ConnectorError,
  responseOfError,
  BodyTooLargeError,
  type Clock,
  type Connector,
  type ConnectorRequest,
  type ConnectorResponse,
  type Logger,
  type WholeResponse,
} from '@timestream-prometheus/connector';
import type { EmbeddedMetrics } from './embedded-metrics.js';
import { bodyOfResult } from './event-fields.js';
import type { GatewayRequest, LambdaResult } from './event-kind.js';
import { recogniseEvent, type RecognisedEvent } from './event-kinds.js';
import { startInvocationDeadline, type InvocationDeadline } from './invocation-deadline.js';
import type { LambdaContext } from './lambda-context.js';
import { maxBodyBytesOf } from './max-body-bytes.js';
import { streamResponse, type OpenHttpStream } from './stream-response.js';
import { isWarmUpPing } from './warm-up-ping.js';

/** What lives across invocations. */
export interface LambdaParts {
  readonly connector: Connector;
  /** Longest work on one request. */
  readonly timeoutMs: number;
  readonly logger: Logger;
  readonly metrics: EmbeddedMetrics;
  readonly clock: Clock;
}

/** Answers one invocation whose result is handed back in one piece. Never rejects. */
export async function answerWhole(parts: LambdaParts, event: unknown, context: LambdaContext): Promise<LambdaResult> {
  if (isWarmUpPing(event)) return PONG;
  const recognised = recogniseEvent(event);
  const maxResponseBytes = maxBodyBytesOf(recognised?.maxResultBytes ?? FALLBACK_RESULT_BYTES);
  return invoke(parts, { event, recognised, context, maxWaitMs: recognised?.maxWaitMs, maxResponseBytes }, ({ status, headers, body }) => {
    // The core keeps to maxResponseBytes, and then its body is in one piece.
    const whole = { status, headers, body: body instanceof Uint8Array ? body : new Uint8Array() };
    return Promise.resolve({ status, result: recognised?.result(whole) ?? resultOfUnknown(whole) });
  });
}

/** What a ping is answered with. It is no request: nothing is counted and nothing is logged. */
const PONG: LambdaResult = { statusCode: 204, headers: {}, body: '', isBase64Encoded: false };

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
  if (isWarmUpPing(event)) {
    target.openHttpStream(target.stream, { statusCode: 204, headers: {} }).end();
    return;
  }
  const recognised = recogniseEvent(event);
  // An integration that streams waits for the end of the function, however long it waits for a whole answer.
  const invocation = { event, recognised, context, maxWaitMs: undefined, maxResponseBytes: undefined };
  await invoke(parts, invocation, async (response, deadline) => {
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
      // The core has counted and logged the failure of its body.
      await streamResponse(responseOfError(asConnectorError(error)), openStream);
    }
    return { status: sentStatus ?? 0, result: undefined };
  });
}

interface Invocation {
  readonly event: unknown;
  readonly recognised: RecognisedEvent | undefined;
  readonly context: LambdaContext;
  readonly maxWaitMs: number | undefined;
  readonly maxResponseBytes: number | undefined;
}

interface Delivered<Result> {
  readonly status: number;
  readonly result: Result;
}

async function invoke<Result>(
  parts: LambdaParts,
  { event, recognised, context, maxWaitMs, maxResponseBytes }: Invocation,
  deliver: (response: ConnectorResponse, deadline: InvocationDeadline) => Promise<Delivered<Result>>,
): Promise<Result> {
  const { clock, connector, timeoutMs, metrics } = parts;
  const request = recognised?.request();
  const deadline = startInvocationDeadline({
    remainingMs: context.getRemainingTimeInMillis(),
    timeoutMs,
    maxWaitMs,
    receivedAtMs: request?.receivedAtMs,
    nowMs: clock.nowMs(),
  });
  let status = 0;
  try {
    const response =
      request === undefined
        ? refuseUnknown(parts, event)
        : await deadline
            .bound(connector.handle(connectorRequestFrom(request, deadline.signal, maxResponseBytes)))
            .catch((error: unknown) => connector.refuse(asConnectorError(error)));
    const delivered = await deliver(response, deadline);
    status = delivered.status;
    return delivered.result;
  } finally {
    deadline.clear();
    const { method, path } = request ?? { method: '', path: '' };
    metrics.flush({ requestId: context.awsRequestId, integration: recognised?.kind ?? 'unknown', method, path, status });
  }
}

function connectorRequestFrom(
  { method, path, query, headers, body }: GatewayRequest,
  signal: AbortSignal,
  maxResponseBytes: number | undefined,
): ConnectorRequest {
  return {
    method,
    path,
    query,
    headers,
    contentLength: body.length,
    // oxlint-disable-next-line typescript/require-await -- a rejection, not an exception, tells the core of a failure
    readBody: async (maxBytes, hold) => {
      if (body.length > maxBytes) throw new BodyTooLargeError(`the body has ${body.length} bytes, ${maxBytes} are allowed`);
      hold(body.length);
      return body.bytes();
    },
    signal,
    maxResponseBytes,
  };
}

function refuseUnknown({ connector, logger }: LambdaParts, event: unknown): WholeResponse {
  const fields = typeof event === 'object' && event !== null ? Object.keys(event).slice(0, 20) : typeof event;
  logger.error({ eventFields: fields }, 'an event of no known kind');
  return connector.refuse(new ConnectorError('internal', UNKNOWN_EVENT));
}

const UNKNOWN_EVENT =
  'this function answers HTTP requests from an API Gateway HTTP API (payload format 2.0 or 1.0), an API Gateway REST API (proxy integration), a Function URL or an Application Load Balancer; the event is none of these';

/** A body in one piece is there already: the deadline, even a passed one, has no say in it. */
function withinDeadline<T>(response: ConnectorResponse, deadline: InvocationDeadline, work: Promise<T>): Promise<T> {
  return response.body instanceof Uint8Array ? work : deadline.bound(work);
}
