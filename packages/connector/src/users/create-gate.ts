import type { Config } from '../config/parse-config.js';
import { ConnectorError } from '../errors/connector-error.js';
import { assertOwnOrigin } from '../http/assert-own-origin.js';
import { parseAuthorization } from '../http/parse-authorization.js';
import type { Clock, Credentials, Destination } from '../ports.js';
import type { ConnectorRequest, PageRequest } from '../seam.js';
import { Authenticator } from './authenticator.js';
import { destinationOfRequest, TENANT_HEADER } from './destination-of-request.js';
import type { Right, User } from './user.js';
import type { UserDirectory } from './user-directory.js';

/** On whose behalf a request is worked on, and for which table. */
export interface Caller {
  readonly credentials: Credentials;
  readonly destination: Destination;
}

/** The gate: who a request is from, and whether it may do what it asks for. */
export interface Gate {
  /**
   * @param pathTenant the tenant that the path names
   * @param onUser told which user it is, as soon as that is known
   * @throws ConnectorError
   */
  callerOf(
    request: Pick<ConnectorRequest, 'headers' | 'certificateNames' | 'isOwn'>,
    asked: { readonly right: Right; readonly pathTenant: string | undefined },
    onUser: (name: string) => void,
  ): Promise<Caller>;
  /** For a page of the edge's own. @throws ConnectorError */
  assertMayWatch(request: Pick<PageRequest, 'headers' | 'certificateNames'>, onUser: (name: string) => void): Promise<void>;
}

export interface GateOptions {
  readonly config: Config;
  readonly users: (() => UserDirectory) | undefined;
  readonly clock: Clock;
}

const SERVER_CREDENTIALS: Credentials = { kind: 'server' };

/** @throws Error if the configuration names a users file and there are no users: a gate that nobody watches is not opened */
export function createGate({ config, users, clock }: GateOptions): Gate {
  const destination: Destination = { database: config.defaultDatabase, table: config.defaultTable };
  if (config.usersFile === '') {
    return {
      // oxlint-disable-next-line typescript/require-await -- a rejection, not an exception, tells the caller of a failure
      async callerOf({ headers }) {
        assertOwnOrigin(headers, config);
        return { credentials: config.enableSigV4Auth ? SERVER_CREDENTIALS : parseAuthorization(headers['authorization']), destination };
      },
      assertMayWatch: () => Promise.resolve(),
    };
  }
  if (users === undefined) throw new Error('the configuration names a users file, and no users were given');
  const authenticator = new Authenticator({ users, clock });

  async function userOf(
    { headers, certificateNames = [] }: Pick<ConnectorRequest, 'headers' | 'certificateNames'>,
    right: Right,
    onUser: (name: string) => void,
  ): Promise<User> {
    assertOwnOrigin(headers, config);
    const user = await authenticator.authenticate({ headers, certificateNames });
    onUser(user.name);
    if (!user.rights.has(right)) throw new ConnectorError('not-permitted', `the user lacks may=${right} for this path`);
    return user;
  }

  return {
    async callerOf(request, { right, pathTenant }, onUser) {
      if (request.isOwn === true) return { credentials: SERVER_CREDENTIALS, destination };
      const user = await userOf(request, right, onUser);
      // The users file gives credentials to everybody who may write or read.
      if (user.credentials === undefined) throw new ConnectorError('not-permitted', 'the user has no credentials for Timestream');
      const named = { header: request.headers[TENANT_HEADER], path: pathTenant };
      return { credentials: user.credentials, destination: destinationOfRequest(user, named, destination) };
    },
    async assertMayWatch(request, onUser) {
      await userOf(request, 'metrics', onUser);
    },
  };
}
