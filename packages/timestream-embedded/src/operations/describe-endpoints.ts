import type { OperationCall } from '../wire/http-server.js';

const cachePeriodInMinutes = 1440;

/**
 * Where clients that discover their endpoint find this server. The JavaScript SDK takes the answer as a host name and keeps scheme and
 * port of the address it asked; the others (botocore) put `https://` in front of anything without a scheme.
 */
export function describeEndpoints({ host, userAgent }: Pick<OperationCall, 'host' | 'userAgent'>): object {
  const address = userAgent.startsWith('aws-sdk-js/') ? new URL(`http://${host}`).hostname : `http://${host}`;
  return { Endpoints: [{ Address: address, CachePeriodInMinutes: cachePeriodInMinutes }] };
}
