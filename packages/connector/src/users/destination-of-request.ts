import { parseTimestreamName } from '../config/parsers.js';
import { ConnectorError } from '../errors/connector-error.js';
import type { Destination } from '../ports.js';
import { TENANT_NAME, withTenant } from './parse-users.js';
import type { User } from './user.js';

/** The header that Cortex, Mimir and Loki have for the same purpose. */
export const TENANT_HEADER = 'x-scope-orgid';

const HOW_TO = 'name it by the header X-Scope-OrgID or by the path, /tenants/<name>/…';

/** For whom a request asks, by its header and by its path; undefined where it does not say. */
export interface NamedTenant {
  readonly header: string | undefined;
  readonly path: string | undefined;
}

/**
 * The table that a request of a user is for. What the users file does not list is refused, a tenant that is named twice and differently too: no
 * sample may come into the table of somebody else because a proxy and a sender do not agree.
 *
 * @throws ConnectorError not-permitted
 */
export function destinationOfRequest(user: User, named: NamedTenant, defaults: Destination): Destination {
  const tenant = tenantOfRequest(user, named);
  const database = user.database === '' ? defaults.database : user.database;
  const table = user.table === '' ? defaults.table : user.table;
  if (tenant === undefined) return { database, table };
  const destination = { database: withTenant(database, tenant), table: withTenant(table, tenant) };
  for (const name of [destination.database, destination.table])
    if (!('value' in parseTimestreamName(name))) throw refused('the name of the tenant makes too long a name of a table');
  return destination;
}

function tenantOfRequest({ tenants }: User, { header, path }: NamedTenant): string | undefined {
  if (header !== undefined && path !== undefined && header !== path)
    throw refused(`the header says tenant ${shown(header)} and the path says ${shown(path)}`);
  const named = header ?? path;
  if (named === undefined) {
    if (tenants.length === 0) return undefined;
    if (tenants !== 'any' && tenants.length === 1) return tenants[0];
    throw refused(`the user may ask for several tenants, and the request does not say for which: ${HOW_TO}`);
  }
  if (tenants === 'any' ? TENANT_NAME.test(named) : tenants.includes(named)) return named;
  throw refused(`the user may not ask for tenant ${shown(named)}`);
}

function refused(what: string): ConnectorError {
  return new ConnectorError('not-permitted', what);
}

function shown(tenant: string): string {
  return JSON.stringify(tenant.slice(0, 150));
}

/** Every table that the users file lists, for a Timestream in which nobody else makes them. */
export function destinationsOfUsers(users: readonly User[], defaults: Destination): readonly Destination[] {
  return users.flatMap((user) => {
    if (user.tenants === 'any') return [];
    const tenants = user.tenants.length === 0 ? [undefined] : user.tenants;
    return tenants.map((path) => destinationOfRequest(user, { header: undefined, path }, defaults));
  });
}
