/** What a path is for; also the label `endpoint` of the metrics, where everything that is neither write nor read is `other`. */
export type Route = 'write' | 'read' | 'healthy' | 'ready' | ApiRoute;

/** What Prometheus' HTTP API has: its refusals are JSON. */
export type ApiRoute = 'query' | 'query-range' | 'format-query' | 'parse-query';

const API_ROUTES: ReadonlySet<Route> = new Set<ApiRoute>(['query', 'query-range', 'format-query', 'parse-query']);

export function isApiRoute(route: Route): route is ApiRoute {
  return API_ROUTES.has(route);
}

const ROUTE_BY_PATH: Readonly<Record<string, Route>> = {
  '/write': 'write',
  '/api/v1/write': 'write',
  '/read': 'read',
  '/api/v1/read': 'read',
  '/api/v1/query': 'query',
  '/api/v1/query_range': 'query-range',
  '/api/v1/format_query': 'format-query',
  '/api/v1/parse_query': 'parse-query',
  '/-/healthy': 'healthy',
  '/-/ready': 'ready',
};

/** Every path that the connector answers. */
export const PATHS: readonly string[] = Object.keys(ROUTE_BY_PATH);

/**
 * A write and a read path take nothing but POST. A GET of the write path, Vector's health check for one, is 405 all the same: 200 would
 * promise that samples can be written, which no request without credentials can know. `/-/ready` is for that.
 */
const METHODS_BY_ROUTE: Readonly<Record<Route, readonly string[]>> = {
  write: ['POST'],
  read: ['POST'],
  query: ['GET', 'POST'],
  'query-range': ['GET', 'POST'],
  'format-query': ['GET', 'POST'],
  'parse-query': ['GET', 'POST'],
  healthy: ['GET', 'HEAD'],
  ready: ['GET', 'HEAD'],
};

/** The path alone decides, never a header: a policy that allows a client one path must not open the other. */
export function routeOf(path: string): Route | undefined {
  return Object.hasOwn(ROUTE_BY_PATH, path) ? ROUTE_BY_PATH[path] : undefined;
}

export function methodsOf(route: Route): readonly string[] {
  return METHODS_BY_ROUTE[route];
}

/**
 * The path below `basePath` (`''`, or `/prom` without a slash at its end): `/prom/write` is `/write`. A path that is not below it is taken
 * as it is, for what stands in front may have taken the base path off already.
 */
export function pathBelow(basePath: string, path: string): string {
  return basePath !== '' && path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path;
}
