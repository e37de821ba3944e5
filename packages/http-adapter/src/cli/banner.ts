import type { Config } from '@timestream-prometheus/connector';
import type { EmbeddedStorage } from './embedded-storage.js';

type EmbeddedFacts = Pick<EmbeddedStorage, 'url' | 'dataDir' | 'key' | 'isKeyGenerated'>;

export interface BannerFacts {
  readonly version: string;
  /** Where a Prometheus on this machine reaches the server, e.g. `http://127.0.0.1:9201`. */
  readonly url: string;
  readonly config: Pick<
    Config,
    | 'defaultDatabase'
    | 'defaultTable'
    | 'region'
    | 'enableSigV4Auth'
    | 'usersFile'
    | 'webTelemetryPath'
    | 'webStatusPage'
    | 'tlsCertificate'
  >;
  /** Undefined when the data are in Amazon Timestream. */
  readonly embedded: EmbeddedFacts | undefined;
}

/** What a client sends as username and password. A secret that somebody chose is never shown, one made here must be. */
function clientKey(embedded: EmbeddedFacts | undefined): { readonly username: string; readonly password: string } {
  if (embedded === undefined) return { username: '<access key id>', password: '<secret access key>' };
  const { accessKeyId, secretAccessKey } = embedded.key;
  return { username: accessKeyId, password: embedded.isKeyGenerated ? secretAccessKey : '<its secret>' };
}

/** A password cannot be shown: the file has only its hash. */
const USER = { username: '<user>', password: '<password or token>' } as const;

function authLines({ config, embedded }: Pick<BannerFacts, 'config' | 'embedded'>): string[] {
  if (config.enableSigV4Auth) return [];
  const { username, password } = config.usersFile === '' ? clientKey(embedded) : USER;
  return ['    basic_auth:', `      username: ${username}`, `      password: ${password}`];
}

function prometheusLines(facts: Pick<BannerFacts, 'url' | 'config' | 'embedded'>): string[] {
  const tls = facts.config.tlsCertificate === '' ? [] : ['    tls_config:', `      ca_file: ${facts.config.tlsCertificate}`];
  return [
    'remote_write:',
    `  - url: ${facts.url}/write`,
    ...authLines(facts),
    ...tls,
    'remote_read:',
    `  - url: ${facts.url}/read`,
    '    read_recent: true',
    ...authLines(facts),
    ...tls,
  ];
}

function embeddedLines({ config, embedded }: BannerFacts): string[] {
  if (embedded === undefined) return [];
  const { username, password } = clientKey(embedded);
  const table = `"${config.defaultDatabase}"."${config.defaultTable}"`;
  return [
    '',
    'To look at the data with the aws command line:',
    '',
    `export AWS_ACCESS_KEY_ID=${username}`,
    `export AWS_SECRET_ACCESS_KEY=${password}`,
    `aws timestream-query query --region ${config.region} --endpoint-url ${embedded.url} \\`,
    `  --query-string 'SELECT * FROM ${table} ORDER BY time DESC LIMIT 10'`,
  ];
}

/** What to paste into prometheus.yml. A secret is in it only where one was made here. */
export function prometheusConfigText(facts: Pick<BannerFacts, 'url' | 'config' | 'embedded'>): string {
  return `${prometheusLines(facts).join('\n')}\n`;
}

/**
 * The address of the status page. Where the key was made here the link signs in: the part after `#` never leaves the browser, which takes it
 * out of the address at once.
 */
function pageLines({ url, config, embedded }: BannerFacts): string[] {
  if (!config.webStatusPage) return [];
  if (embedded?.isKeyGenerated !== true || config.enableSigV4Auth || config.usersFile !== '') return [`  page      ${url}/`];
  const { accessKeyId, secretAccessKey } = embedded.key;
  return [`  page      ${url}/#sign-in=${Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString('base64url')}`];
}

/** What a person sees on standard output when the server is ready: what to paste, where the data are, how to stop. */
export function renderBanner(facts: BannerFacts): string {
  const { version, url, config, embedded } = facts;
  const where =
    embedded === undefined
      ? `Amazon Timestream, ${config.region}, ${config.defaultDatabase}.${config.defaultTable}`
      : `${embedded.dataDir} (embedded Timestream, ${config.defaultDatabase}.${config.defaultTable})`;
  return [
    `timestream-prometheus ${version} is ready at ${url}`,
    '',
    `  data      ${where}`,
    ...pageLines(facts),
    `  metrics   ${url}${config.webTelemetryPath}`,
    '  stop      Ctrl-C',
    '',
    'Paste into prometheus.yml:',
    '',
    ...prometheusLines(facts),
    ...embeddedLines(facts),
    '',
    '',
  ].join('\n');
}
