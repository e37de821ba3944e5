import dns from 'node:dns';
import { existsSync } from 'node:fs';
import process from 'node:process';

/**
 * Loaded into a program by `--import`: names below `.test` are this machine, and while the file that FAILING_DNS_FILE names exists they cannot be resolved
 * (EAI_AGAIN, as a resolver that does not answer). Connections that are open already are left alone, as they are when a real resolver fails.
 */
const file = process.env['FAILING_DNS_FILE'];
if (file !== undefined) {
  const lookup = dns.lookup;
  /** @type {(hostname: string, ...others: unknown[]) => void} */
  const lookupOrFail = (hostname, ...others) => {
    const isOurs = hostname.endsWith('.test');
    if (!isOurs || !existsSync(file)) {
      Reflect.apply(lookup, dns, [isOurs ? '127.0.0.1' : hostname, ...others]);
      return;
    }
    const error = Object.assign(new Error(`getaddrinfo EAI_AGAIN ${hostname}`), { code: 'EAI_AGAIN', syscall: 'getaddrinfo', hostname });
    const callback = others.at(-1);
    if (typeof callback === 'function') process.nextTick(callback, error);
  };
  dns.lookup = Object.assign(lookupOrFail, { __promisify__: lookup.__promisify__ });
}
