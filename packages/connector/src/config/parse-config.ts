import { ConfigError } from './config-error.js';
import { defaultTextOf, environmentNameOf, type Option } from './option.js';
import { PATHS } from '../http/route.js';
import { OPTIONS } from './options.js';

type Options = typeof OPTIONS;
type ValueOf<O> = O extends Option<infer T> ? T : never;

/** The typed configuration: one field per option, see `OPTIONS` for meaning, unit and range of each. */
export type Config = { readonly [Key in keyof Options]: ValueOf<Options[Key]> };

export interface ConfigSources {
  /** Explicitly given flags by name without dashes, e.g. `{ 'log.level': 'debug' }`. They win over the environment. */
  readonly flags: Readonly<Record<string, string>>;
  /** The environment, e.g. `process.env`. An empty variable counts as not given. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly defaultsFor: 'server' | 'lambda';
}

const DEFAULT_ORIGIN = 'the default';

const EMBEDDED_DATABASE = 'PrometheusDatabase';
const EMBEDDED_TABLE = 'PrometheusMetricsTable';
/** The data of a trial are for nobody else until someone says so. */
const EMBEDDED_LISTEN_ADDRESS = { host: '127.0.0.1', port: 9201 };

/**
 * Merges flags, environment and defaults. Pure: reads nothing but its argument.
 *
 * @throws ConfigError naming the option, the rule and the value
 */
export function parseConfig(sources: ConfigSources): Config {
  const optionByFlag = new Map<string, Option<unknown>>(Object.values(OPTIONS).map((option) => [option.flag, option]));
  for (const flag of Object.keys(sources.flags)) {
    const known = optionByFlag.get(flag);
    if (known === undefined) throw new ConfigError(flag, 'is no option of the connector', undefined);
    if (!isInScope(known, sources.defaultsFor)) throw new ConfigError(flag, `has no meaning in the ${sources.defaultsFor}`, undefined);
  }
  const entries = Object.entries(OPTIONS).map(([key, option]) => [key, parseOption(option, sources)]);
  return checkTogether(Object.fromEntries(entries) as Config, sources);
}

function isInScope(option: Option<unknown>, edge: 'server' | 'lambda'): boolean {
  return option.scope === 'both' || option.scope === edge;
}

function parseOption(option: Option<unknown>, sources: ConfigSources): unknown {
  const { text, origin } = textOf(option, sources);
  const parsed = option.parse(text);
  if ('value' in parsed) return parsed.value;
  throw new ConfigError(option.flag, `must be ${parsed.rule}`, option.secret === true ? '***' : text, origin);
}

function textOf(option: Option<unknown>, { flags, env, defaultsFor }: ConfigSources): { readonly text: string; readonly origin: string } {
  const flagText = Object.hasOwn(flags, option.flag) ? flags[option.flag] : undefined;
  if (flagText !== undefined) return { text: flagText, origin: 'the command line' };
  if (isInScope(option, defaultsFor)) {
    for (const name of [environmentNameOf(option.flag), ...(option.fallbackEnv ?? [])]) {
      const text = env[name];
      if (text !== undefined && (text !== '' || option.emptyIsGiven === true)) return { text, origin: `the environment variable ${name}` };
    }
  }
  return { text: defaultTextOf(option, defaultsFor), origin: DEFAULT_ORIGIN };
}

function isGiven(option: Option<unknown>, sources: ConfigSources): boolean {
  return textOf(option, sources).origin !== DEFAULT_ORIGIN;
}

function checkTogether(config: Config, sources: ConfigSources): Config {
  const isEmbedded = config.storage === 'embedded';
  const complete = {
    ...config,
    defaultDatabase: config.defaultDatabase === '' && isEmbedded ? EMBEDDED_DATABASE : config.defaultDatabase,
    defaultTable: config.defaultTable === '' && isEmbedded ? EMBEDDED_TABLE : config.defaultTable,
    // The default of Lambda is for a function behind IAM authorization; with users, the users file says who comes in.
    enableSigV4Auth: config.usersFile !== '' && !isGiven(OPTIONS.enableSigV4Auth, sources) ? false : config.enableSigV4Auth,
    selfScrape: isEmbedded && !isGiven(OPTIONS.selfScrape, sources) ? true : config.selfScrape,
    webListenAddress: isEmbedded && !isGiven(OPTIONS.webListenAddress, sources) ? EMBEDDED_LISTEN_ADDRESS : config.webListenAddress,
  };
  requireDestination('default-database', complete.defaultDatabase);
  requireDestination('default-table', complete.defaultTable);
  if ((complete.tlsCertificate === '') !== (complete.tlsKey === '')) {
    const [missing, given] = complete.tlsKey === '' ? ['tls-key', 'tls-certificate'] : ['tls-certificate', 'tls-key'];
    throw new ConfigError(missing, `must be given together with --${given}`, undefined);
  }
  if (complete.tlsClientCa !== '' && complete.tlsCertificate === '') {
    throw new ConfigError('tls-client-ca', 'must be given together with --tls-certificate and --tls-key', undefined);
  }
  if (complete.demo && !isEmbedded) {
    throw new ConfigError(
      'demo',
      'must not be given without --storage=embedded: invented samples do not belong into a real table',
      undefined,
    );
  }
  if (complete.usersFile !== '' && complete.enableSigV4Auth) {
    throw new ConfigError(
      'users-file',
      "must not be given together with --enable-sigv4-auth: that lets everybody in with the connector's own credentials; map a user to them with as=server",
      undefined,
    );
  }
  if (complete.selfScrape && !isEmbedded && !complete.enableSigV4Auth && complete.usersFile === '') {
    throw new ConfigError(
      'self-scrape',
      'must be given together with --enable-sigv4-auth: the connector has no access key of its own otherwise',
      undefined,
    );
  }
  if (PATHS.includes(complete.webTelemetryPath)) {
    throw new ConfigError('web.telemetry-path', 'must be a path that the connector does not use itself', complete.webTelemetryPath);
  }
  return complete;
}

function requireDestination(flag: string, value: string): void {
  if (value !== '') return;
  const rule = `must be given (as --${flag}=<name> or in the environment variable ${environmentNameOf(flag)}): the connector does not guess where samples go`;
  throw new ConfigError(flag, rule, undefined);
}
