import { ConnectorError } from '../errors/connector-error.js';
import type { Right } from '../users/user.js';

/** What a path is for; also the label `endpoint` of the metrics, where everything that is neither write nor read is `other`. */
export type Route = 'write' | 'read' | 'healthy' | 'ready' | ApiRoute;

/** What Prometheus' HTTP API has: its refusals are JSON. */
export type ApiRoute = (typeof API_ROUTES)[number];

const API_ROUTES = [
  'query',
  'query-range',
  'format-query',
  'parse-query',
  'labels',
  'label-values',
  'series',
  'exemplars',
  'metadata',
  'rules',
  'alerts',
  'build-information',
] as const;

export function isApiRoute(route: Route): route is ApiRoute {
  return (API_ROUTES as readonly Route[]).includes(route);
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
  '/api/v1/labels': 'labels',
  '/api/v1/series': 'series',
  '/api/v1/query_exemplars': 'exemplars',
  '/api/v1/metadata': 'metadata',
  '/api/v1/rules': 'rules',
  '/api/v1/alerts': 'alerts',
  '/api/v1/status/buildinfo': 'build-information',
  '/-/healthy': 'healthy',
  '/-/ready': 'ready',
};

/** The one path with a name in it. A gateway may have decoded the name already, so it may hold a slash. */
const LABEL_VALUES_PATH = /^\/api\/v1\/label\/(.+)\/values$/;

/** Every path that the connector answers. */
export const PATHS: readonly string[] = [...Object.keys(ROUTE_BY_PATH), '/api/v1/label/<name>/values'];

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
  labels: ['GET', 'POST'],
  'label-values': ['GET'],
  series: ['GET', 'POST'],
  exemplars: ['GET', 'POST'],
  metadata: ['GET'],
  rules: ['GET'],
  alerts: ['GET'],
  'build-information': ['GET'],
  healthy: ['GET', 'HEAD'],
  ready: ['GET', 'HEAD'],
};

/** What a user must have to come here; undefined: everybody may. */
const RIGHT_BY_ROUTE: Readonly<Record<Route, Right | undefined>> = {
  write: 'write',
  read: 'read',
  query: 'read',
  'query-range': 'read',
  'format-query': 'read',
  'parse-query': 'read',
  labels: 'read',
  'label-values': 'read',
  series: 'read',
  exemplars: 'read',
  metadata: 'read',
  rules: 'read',
  alerts: 'read',
  'build-information': 'read',
  healthy: undefined,
  ready: undefined,
};

/** The path alone decides, never a header: a policy that allows a client one path must not open the other. */
export function routeOf(path: string): Route | undefined {
  if (Object.hasOwn(ROUTE_BY_PATH, path)) return ROUTE_BY_PATH[path];
  return LABEL_VALUES_PATH.test(path) ? 'label-values' : undefined;
}

/** The name of the label in a path of the route `label-values`, as it stands in the address but for its percent-encoding. */
export function labelNameInPath(path: string): string {
  const name = LABEL_VALUES_PATH.exec(path)?.[1] ?? '';
  try {
    return decodeURIComponent(name);
  } catch {
    // Bytes that are no UTF-8 are no label name to Prometheus either. A `%` that begins no byte shows that a proxy has decoded the path already.
    if (!/^(?:[^%]|%[\da-f]{2})*$/i.test(name)) return name;
    const shown = name.replaceAll(/%([89a-f][\da-f])/gi, (_byte, digits: string) => `\\x${digits.toLowerCase()}`);
    throw new ConnectorError('malformed-query', `invalid label name: "${shown}"`);
  }
}

export function rightOf(route: Route): Right | undefined {
  return RIGHT_BY_ROUTE[route];
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

/** `/tenants/<name>` before one of our paths. The name is never decoded: what would need it is no name of a tenant. */
const TENANT_PATH = /^\/tenants\/([^/]+)(\/.*)$/s;

/** The tenant that a path names, and the path without it. */
export function withoutTenant(path: string): { readonly tenant: string | undefined; readonly path: string } {
  const [, tenant, rest] = TENANT_PATH.exec(path) ?? [];
  return tenant === undefined || rest === undefined ? { tenant: undefined, path } : { tenant, path: rest };
}
