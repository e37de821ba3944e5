import { environmentNameOf, parseConfig, type Config } from '@timestream-prometheus/connector';
import type { Flags } from './create-program.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a server with the embedded Timestream listens: data of a trial are nobody else's until someone says so. */
const embeddedListenAddress = { host: '127.0.0.1', port: 9201 };

function isGiven(flag: string, flags: Flags, env: Environment): boolean {
  return Object.hasOwn(flags, flag) || (env[environmentNameOf(flag)] ?? '') !== '';
}

/**
 * The configuration of `serve`: the connector's own, and on loopback unless told otherwise when the data stay on this machine.
 *
 * @throws ConfigError naming the option, the rule and the value
 */
export function serveConfig(flags: Flags, env: Environment): Config {
  const config = parseConfig({ flags, env, defaultsFor: 'server' });
  if (config.storage !== 'embedded' || isGiven('web.listen-address', flags, env)) return config;
  return { ...config, webListenAddress: embeddedListenAddress };
}
