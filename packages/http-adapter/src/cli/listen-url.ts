import type { AddressInfo } from 'node:net';

/** The address at which a program on this machine reaches a listener, e.g. `http://127.0.0.1:9201`. */
export function listenUrl(address: AddressInfo, scheme: 'http' | 'https'): string {
  // A listener on every address is reached by the loopback one.
  const host = address.address === '::' || address.address === '0.0.0.0' ? '127.0.0.1' : address.address;
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}
