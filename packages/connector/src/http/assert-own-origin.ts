import type { Config } from '../config/parse-config.js';
import { ConnectorError } from '../errors/connector-error.js';

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);

/**
 * With the server's own credentials a request needs no secret, so a web page that somebody has open could write and read: a browser sends it from
 * any page, but says from where. The same is true for a user: a browser remembers a password, and shows a certificate, without being asked. A page
 * that has its own name resolve to the loopback address (DNS rebinding) is known by its Host.
 *
 * @throws ConnectorError foreign-origin
 */
export function assertOwnOrigin(
  headers: Readonly<Record<string, string>>,
  { enableSigV4Auth, usersFile, webListenAddress }: Pick<Config, 'enableSigV4Auth' | 'usersFile' | 'webListenAddress'>,
): void {
  if (!enableSigV4Auth && usersFile === '') return;
  const host = headers['host'] ?? '';
  const { origin } = headers;
  if (origin !== undefined && hostOfOrigin(origin) !== host.toLowerCase()) {
    throw new ConnectorError('foreign-origin', `the request comes from a page of ${JSON.stringify(origin.slice(0, 200))}`);
  }
  // Whoever sends a secret in a header means the host that it sends it to.
  if (!enableSigV4Auth && headers['authorization'] !== undefined) return;
  const isOnLoopback = webListenAddress.host !== undefined && LOOPBACK_HOSTS.has(webListenAddress.host);
  if (isOnLoopback && host !== '' && !LOOPBACK_HOSTS.has(host.toLowerCase().replace(/:\d+$/, ''))) {
    throw new ConnectorError(
      'foreign-origin',
      `the connector listens on the loopback address and is not ${JSON.stringify(host.slice(0, 200))}`,
    );
  }
}

function hostOfOrigin(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
