import { apiErrorResponse } from './api/api-response.js';
import { RequestScope } from './concurrency/request-scope.js';
import { SYSTEM_CLOCK, type ConnectorOptions } from './connector-options.js';
import { asConnectorError, ConnectorError, isRetryable, type ConnectorErrorCode } from './errors/connector-error.js';
import { errorResponse, textResponse } from './http/responses.js';
import { retryAfterSeconds } from './http/retry-after.js';
import { isApiRoute, methodsOf, PATHS, pathBelow, rightOf, routeOf, withoutTenant, type Route } from './http/route.js';
import { scopedBody } from './http/scoped-body.js';
import { collectBody } from './http/whole-body.js';
import { METRICS, type Endpoint } from './metrics/metric-catalogue.js';
import type { Logger } from './ports.js';
import { createRequestHandlers } from './request-handlers.js';
import type { Connector, ConnectorRequest, ConnectorResponse, PageRequest, WholeResponse } from './seam.js';
import { createGate } from './users/create-gate.js';

/** The connector behind its one seam. It opens nothing before the first request. */
export function createConnector(options: ConnectorOptions): Connector {
  const { config, logger, metrics, clock = SYSTEM_CLOCK, random = Math.random } = options;
  const handlers = createRequestHandlers(options);
  const gate = createGate({ config, users: options.users, clock });
  const idleListeners = new Set<() => void>();
  let inFlight = 0;
  let isClosing = false;

  /** @throws ConnectorError if no write or read is taken now */
  function assertAccepting(): void {
    if (isClosing) throw new ConnectorError('shutting-down', 'the connector is stopping');
    if (inFlight <= config.maxConcurrentRequests) return;
    throw new ConnectorError(
      'overloaded',
      `${config.maxConcurrentRequests} requests are being worked on already (max-concurrent-requests)`,
    );
  }

  function placeOf(request: Pick<ConnectorRequest, 'path'>): Place {
    const below = pathBelow(config.basePath, request.path);
    // Only users have tenants: elsewhere it is a path like any other, which leads nowhere.
    const place = config.usersFile === '' ? { tenant: undefined, path: below } : withoutTenant(below);
    return { ...place, route: routeOf(place.path) };
  }

  async function respond(request: ConnectorRequest, scope: RequestScope): Promise<ConnectorResponse> {
    const { path, tenant: pathTenant, route } = placeOf(request);
    if (route === undefined)
      throw new ConnectorError('not-found', `nothing at ${JSON.stringify(path.slice(0, 200))}: the paths are ${PATHS.join(', ')}`);
    if (!methodsOf(route).includes(request.method)) {
      throw new ConnectorError(
        'method-not-allowed',
        `${path} does not take ${request.method.slice(0, 20)}: use ${methodsOf(route).join(' or ')}`,
      );
    }
    if (route === 'healthy') return textResponse(200, 'healthy');
    assertAccepting();
    if (route === 'ready') return textResponse(200, 'ready');
    const right = rightOf(route) ?? 'read';
    const identify = () => gate.callerOf(request, { right, pathTenant }, (name) => (scope.userName = name));
    const response = await (isApiRoute(route)
      ? handlers.api(route, { ...request, path }, scope, identify)
      : handlers[route](request, scope, identify));
    return request.maxResponseBytes === undefined ? response : collectBody(response, request.maxResponseBytes);
  }

  /** Counts a request that has come until its answer has left: that is still work. */
  function countRequest(endpoint: Endpoint, scope: RequestScope): RequestCount {
    const startMs = clock.nowMs();
    let isAnswered = false;
    inFlight += 1;
    metrics.move(METRICS.requestsInFlight, 1, { endpoint });
    scope.hold(() => {
      inFlight -= 1;
      metrics.move(METRICS.requestsInFlight, -1, { endpoint });
      if (inFlight === 0) for (const listener of idleListeners) listener();
    });
    return {
      durationMs: () => clock.nowMs() - startMs,
      answered: (status, code) => {
        if (isAnswered) return;
        isAnswered = true;
        metrics.observe(METRICS.requestDuration, (clock.nowMs() - startMs) / 1000, { endpoint });
        metrics.add(METRICS.responses, 1, { endpoint, status: String(status), error: code });
      },
    };
  }

  function refusalOf(error: ConnectorError, headers: ConnectorRequest['headers'], route: Route | undefined): WholeResponse {
    const respondTo = route !== undefined && isApiRoute(route) ? apiErrorResponse : errorResponse;
    return respondTo(error, {
      throttleStatus: config.throttleStatus,
      retryAfterSeconds: Math.max(error.retryAfterSeconds ?? 0, retryAfterSeconds(headers['retry-attempt'], random)),
      allowedMethods: methodsOf(route ?? 'write'),
    });
  }

  function noteRefusal(request: LoggedRequest, status: number, error: ConnectorError): void {
    logFailure(logger, request, { status, error, durationMs: 0 });
    metrics.add(METRICS.responses, 1, { endpoint: 'other', status: String(status), error: error.code });
  }

  return {
    async handle(request) {
      const { route } = placeOf(request);
      const scope = new RequestScope(request.signal, clock.nowMs());
      const count = countRequest(endpointOf(route), scope);
      let response: ConnectorResponse;
      let failure: ConnectorError | undefined;
      try {
        response = await respond(request, scope);
      } catch (thrown) {
        failure = asConnectorError(thrown);
        response = refusalOf(failure, request.headers, route);
        logFailure(
          logger,
          { ...request, userName: scope.userName },
          { status: response.status, error: failure, durationMs: count.durationMs() },
        );
      }
      const { status, body } = response;
      if (body instanceof Uint8Array) {
        count.answered(status, failure?.code ?? 'none');
        if (request.sent === undefined || body.length === 0) scope.end(failure);
        else void request.sent.finally(() => scope.end(failure));
        return withoutBodyOfHead(request, response);
      }
      const parts = scopedBody(body, scope.signal, (bodyFailure) => {
        if (bodyFailure !== undefined)
          logFailure(logger, { ...request, userName: scope.userName }, { status, error: bodyFailure, durationMs: count.durationMs() });
        count.answered(status, bodyFailure?.code ?? 'none');
        scope.end(bodyFailure);
      });
      return { ...response, body: parts };
    },
    refuse(error, headers = {}) {
      const response = refusalOf(error, headers, undefined);
      noteRefusal({ method: '', path: '', headers }, response.status, error);
      return response;
    },
    async admit(request) {
      let userName: string | undefined;
      try {
        await gate.assertMayWatch(request, (name) => (userName = name));
        return undefined;
      } catch (thrown) {
        const error = asConnectorError(thrown);
        const response = refusalOf(error, request.headers, undefined);
        noteRefusal({ ...request, userName }, response.status, error);
        return response;
      }
    },
    noteConnection() {
      handlers.noteConnection();
    },
    async close() {
      isClosing = true;
      if (inFlight > 0) await new Promise<void>((resolve) => idleListeners.add(resolve));
      handlers.close();
    },
  };
}

/** What a path leads to. */
interface Place {
  readonly tenant: string | undefined;
  /** Without base path and tenant. */
  readonly path: string;
  readonly route: Route | undefined;
}

type LoggedRequest = PageRequest & { readonly userName?: string | undefined };

interface RequestCount {
  durationMs(): number;
  /** The answer is decided, of a streamed one to its end. Only the first call counts. */
  answered(status: number, code: ConnectorErrorCode | 'none'): void;
}

function withoutBodyOfHead({ method }: ConnectorRequest, response: ConnectorResponse): ConnectorResponse {
  return method === 'HEAD' ? { ...response, body: new Uint8Array() } : response;
}

function endpointOf(route: Route | undefined): Endpoint {
  return route === 'write' || route === 'read' ? route : 'other';
}

/** The one log line of a failed request. The level says who has to act: nobody (debug), the sender or its operator (warn), we (error). */
function logFailure(
  logger: Logger,
  { method, path, headers, userName }: LoggedRequest,
  { status, error, durationMs }: { readonly status: number; readonly error: ConnectorError; readonly durationMs: number },
): void {
  const requestId = headers['x-request-id'];
  const fields = {
    method,
    path: path.slice(0, 200),
    status,
    code: error.code,
    durationMs,
    ...(userName === undefined ? {} : { user: userName }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(headers['user-agent'] === undefined ? {} : { userAgent: headers['user-agent'].slice(0, 200) }),
  };
  if (error.code === 'internal') logger.error({ ...fields, err: error.cause ?? error }, error.message);
  else if (error.code === 'client-gone' || error.code === 'not-found' || error.code === 'method-not-allowed')
    logger.debug(fields, error.message);
  else if (isRetryable(error.code)) logger.warn({ ...fields, ...(error.cause === undefined ? {} : { err: error.cause }) }, error.message);
  else logger.warn(fields, error.message);
}
