import type { Config } from '@timestream-prometheus/connector';

const loopbackHosts = new Set(['127.0.0.1', '::1', 'localhost']);

/** What somebody who can reach the listener could do or see; undefined if only this machine can reach it, or nothing is in the open. */
export function exposureWarning(
  { webListenAddress, enableSigV4Auth, usersFile }: Pick<Config, 'webListenAddress' | 'enableSigV4Auth' | 'usersFile'>,
  hasTls: boolean,
): string | undefined {
  if (webListenAddress.host !== undefined && loopbackHosts.has(webListenAddress.host)) return undefined;
  if (enableSigV4Auth)
    return "whoever reaches this address acts with the server's own AWS credentials (--enable-sigv4-auth): restrict who can";
  if (!hasTls && usersFile !== '')
    return 'passwords and tokens reach this address unencrypted: use --tls-certificate and --tls-key, or a proxy with TLS in front';
  return hasTls
    ? undefined
    : 'access keys reach this address unencrypted: use --tls-certificate and --tls-key, or a proxy with TLS in front';
}
