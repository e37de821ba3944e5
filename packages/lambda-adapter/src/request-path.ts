/**
 * Where a request goes below everything that stands before our own paths. The route that the gateway matched is what it has authorised,
 * so a path is taken from the route wherever the route names it, and never from a header.
 */

/**
 * The path that a route stands for: the route itself when it is static, its greedy parameter filled in (`/{proxy+}`) when it has one,
 * undefined for a catch-all such as `$default`.
 *
 * @param route the path part of an HTTP API's route key or a REST API's resource, e.g. `/write` or `/prom/{proxy+}`
 */
export function pathOfRoute(
  route: string,
  parameters: Readonly<Record<string, string | null | undefined>> | null | undefined,
): string | undefined {
  if (!route.startsWith('/') || route.startsWith('/$')) return undefined;
  const names = Array.from(route.matchAll(ROUTE_PARAMETER), ([, name]) => name ?? '');
  if (names.some((name) => typeof parameters?.[name] !== 'string')) return undefined;
  return route.replaceAll(ROUTE_PARAMETER, (_whole, name: string) => parameters?.[name] ?? '');
}

/** `{id}`, `{proxy+}`. */
const ROUTE_PARAMETER = /\{([^{}+]+)\+?\}/g;

/**
 * `path` without the stage in front: `/dev/write` is `/write` at the stage `dev`, `/device` is not below it. A path that is not below the stage,
 * as on a custom domain, is returned as it is.
 *
 * @param stage undefined, null or `$default`: none
 */
export function pathBelowStage(stage: string | null | undefined, path: string): string {
  const prefix = `/${stage ?? ''}`;
  if (prefix === '/' || prefix === '/$default' || !path.startsWith(prefix)) return path;
  const rest = path.slice(prefix.length);
  if (rest === '') return '/';
  return rest.startsWith('/') ? rest : path;
}
