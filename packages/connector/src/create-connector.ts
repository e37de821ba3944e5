import type { Config } from './config/parse-config.js';
import { asConnectorError, ConnectorError, isRetryable, type ConnectorErrorCode } from './errors/connector-error.js';
import { answered, type Answer } from './http/answer.js';
import { errorResponse, textResponse } from './http/responses.js';
import { retryAfterSeconds } from './http/retry-after.js';
import { methodsOf, PATHS, routeOf, type Route } from './http/route.js';
import { METRICS } from './metrics/metric-catalogue.js';
import type { Clock, Logger, MetricsSink, OpenStorage } from './ports.js';
import { createRequestHandlers } from './request-handlers.js';
import type { Connector, ConnectorRequest, ConnectorResponse } from './seam.js';

export interface ConnectorOptions {
  readonly config: Config;
  readonly openStorage: OpenStorage;
  readonly logger: Logger;
  readonly metrics: MetricsSink;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
  /** A number in [0, 1) for the jitter of `Retry-After`. Default: `Math.random`. */
  readonly random?: () => number;
}

/** The connector behind its one seam. It opens nothing before the first request. */
export function createConnector(options: ConnectorOptions): Connector {
  const { config, logger, metrics, clock = { nowMs: () => Date.now() }, random = Math.random } = options;
  const handlers = createRequestHandlers(options);
  const idleListeners = new Set<() => void>();
  let inFlight = 0;
  let isClosing = false;

  /** Why no write or read is taken now. */
  function obstacle(): ConnectorError | undefined {
    if (isClosing) return new ConnectorError('shutting-down', 'the connector is stopping');
    if (inFlight <= config.maxConcurrentRequests) return undefined;
    return new ConnectorError(
      'overloaded',
      `${config.maxConcurrentRequests} requests are being worked on already (max-concurrent-requests)`,
    );
  }

  async function respond(request: ConnectorRequest): Promise<Answer> {
    const route = routeOf(request.path);
    if (route === undefined)
      throw new ConnectorError('not-found', `nothing at ${JSON.stringify(request.path.slice(0, 200))}: the paths are ${PATHS.join(', ')}`);
    if (!methodsOf(route).includes(request.method)) {
      throw new ConnectorError(
        'method-not-allowed',
        `${request.path} does not take ${request.method.slice(0, 20)}: use ${methodsOf(route).join(' or ')}`,
      );
    }
    if (route === 'healthy') return answered(textResponse(200, 'healthy'));
    const reason = obstacle();
    if (reason !== undefined) throw reason;
    if (route === 'ready') return answered(textResponse(200, 'ready'));
    return handlers[route](request);
  }

  /** Counts a request until its last byte is handed over; a streamed answer is still work. */
  function trackRequest(endpoint: string): {
    readonly durationMs: () => number;
    readonly end: (status: number, code: ConnectorErrorCode | 'none') => void;
  } {
    const startMs = clock.nowMs();
    inFlight += 1;
    metrics.move(METRICS.requestsInFlight.name, 1, { endpoint });
    return {
      durationMs: () => clock.nowMs() - startMs,
      end: (status, code) => {
        inFlight -= 1;
        metrics.move(METRICS.requestsInFlight.name, -1, { endpoint });
        metrics.observe(METRICS.requestDuration.name, (clock.nowMs() - startMs) / 1000, { endpoint });
        metrics.add(METRICS.responses.name, 1, { endpoint, status: String(status), error: code });
        if (inFlight === 0) for (const listener of idleListeners) listener();
      },
    };
  }

  function refuse(request: ConnectorRequest, error: ConnectorError, durationMs: number): ConnectorResponse {
    const response = errorResponse(error, {
      throttleStatus: config.throttleStatus,
      retryAfterSeconds: retryAfterSeconds(request.headers['retry-attempt'], random),
      allowedMethods: methodsOf(routeOf(request.path) ?? 'write'),
    });
    logFailure(logger, request, response.status, error, durationMs);
    return response;
  }

  return {
    async handle(request) {
      const tracked = trackRequest(endpointOf(routeOf(request.path)));
      let answer: Answer;
      try {
        answer = await respond(request);
      } catch (thrown) {
        const error = asConnectorError(thrown);
        const refusal = refuse(request, error, tracked.durationMs());
        tracked.end(refusal.status, error.code);
        return withoutBodyOfHead(request, refusal);
      }
      const { response, done } = answer;
      if (response.body instanceof Uint8Array) {
        tracked.end(response.status, 'none');
        return withoutBodyOfHead(request, response);
      }
      done.then(
        () => tracked.end(response.status, 'none'),
        (thrown: unknown) => {
          const error = asConnectorError(thrown);
          logFailure(logger, request, response.status, error, tracked.durationMs());
          tracked.end(response.status, error.code);
        },
      );
      return response;
    },
    async close() {
      isClosing = true;
      if (inFlight > 0) await new Promise<void>((resolve) => idleListeners.add(resolve));
      handlers.close();
    },
  };
}

function withoutBodyOfHead({ method }: ConnectorRequest, response: ConnectorResponse): ConnectorResponse {
  return method === 'HEAD' ? { ...response, body: new Uint8Array() } : response;
}

function endpointOf(route: Route | undefined): string {
  return route === 'write' || route === 'read' ? route : 'other';
}

/** The one log line of a failed request, as loud as somebody has to do something about it. */
function logFailure(logger: Logger, request: ConnectorRequest, status: number, error: ConnectorError, durationMs: number): void {
  const requestId = request.headers['x-request-id'];
  const fields = {
    method: request.method,
    path: request.path.slice(0, 200),
    status,
    code: error.code,
    durationMs,
    ...(requestId === undefined ? {} : { requestId }),
    ...(request.headers['user-agent'] === undefined ? {} : { userAgent: request.headers['user-agent'].slice(0, 200) }),
  };
  if (error.code === 'internal') logger.error({ ...fields, err: error.cause ?? error }, error.message);
  else if (error.code === 'client-gone' || error.code === 'not-found' || error.code === 'method-not-allowed')
    logger.debug(fields, error.message);
  else if (isRetryable(error.code)) logger.warn({ ...fields, ...(error.cause === undefined ? {} : { err: error.cause }) }, error.message);
  else logger.warn(fields, error.message);
}
