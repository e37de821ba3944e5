import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, defaultTextOf, environmentNameOf, OPTIONS, parseConfig, type Option } from '../../src/index.js';
import { CONNECTOR_VERSION } from '../../src/version.js';

const DESTINATION = { 'default-database': 'db', 'default-table': 'tbl' };

function parse(flags: Record<string, string> = {}, env: Record<string, string> = {}) {
  return parseConfig({ flags: { ...DESTINATION, ...flags }, env, defaultsFor: 'server' });
}

function errorOf(run: () => unknown): ConfigError {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('no ConfigError');
}

describe('parseConfig', () => {
  it('keeps the names and defaults of the earlier connector', () => {
    const config = parse();
    expect(config).toMatchObject({
      region: 'us-east-1',
      maxReadRetries: 3,
      maxWriteRetries: 10,
      enableLogging: true,
      logLevel: 'info',
      logFormat: 'logfmt',
      failOnLongLabel: false,
      failOnInvalidSampleValue: false,
      webListenAddress: { host: undefined, port: 9201 },
      webTelemetryPath: '/metrics',
      tlsCertificate: '',
      tlsKey: '',
    });
    const names = Object.values(OPTIONS).map(({ flag }) => environmentNameOf(flag));
    expect(names).toEqual(
      expect.arrayContaining([
        'default_database',
        'default_table',
        'region',
        'max_read_retries',
        'max_write_retries',
        'enable_logging',
        'log_level',
        'log_format',
        'fail_on_long_label',
        'fail_on_invalid_sample_value',
        'enable_sigv4_auth',
        'query_base_endpoint',
        'write_base_endpoint',
      ]),
    );
  });

  it('uses its own credentials by default on Lambda and those of the client in the server', () => {
    expect(parse().enableSigV4Auth).toBe(false);
    expect(parseConfig({ flags: {}, env: { default_database: 'db', default_table: 'tbl' }, defaultsFor: 'lambda' }).enableSigV4Auth).toBe(
      true,
    );
  });

  it('prefers a flag to the environment and the environment to the default', () => {
    expect(parse({ region: 'eu-west-1' }, { region: 'us-west-2', AWS_REGION: 'us-east-2' }).region).toBe('eu-west-1');
    expect(parse({}, { region: 'us-west-2', AWS_REGION: 'us-east-2' }).region).toBe('us-west-2');
    expect(parse({}, { AWS_REGION: 'us-east-2' }).region).toBe('us-east-2');
  });

  it('takes an empty variable for one that is not given', () => {
    expect(parse({}, { max_read_retries: '', region: '' })).toMatchObject({ maxReadRetries: 3, region: 'us-east-1' });
  });

  it.each(['1', 't', 'T', 'TRUE', 'true', 'True'])('reads the boolean %s as true', (text) => {
    expect(parse({ 'fail-on-long-label': text }).failOnLongLabel).toBe(true);
  });

  it.each(['0', 'f', 'F', 'FALSE', 'false', 'False'])('reads the boolean %s as false', (text) => {
    expect(parse({ 'enable-logging': text }).enableLogging).toBe(false);
  });

  it.each(['yes', 'tRUE', ' true', 'on', '2'])('refuses %j as a boolean', (text) => {
    expect(errorOf(() => parse({ 'enable-logging': text })).option).toBe('enable-logging');
  });

  it('names option, rule, value and origin of what it refuses', () => {
    const error = errorOf(() => parse({}, { max_read_retries: '0' }));
    expect(error).toMatchObject({ option: 'max-read-retries', rule: 'must be a whole number from 1 to 100', value: '0' });
    expect(error.message).toBe(
      '--max-read-retries must be a whole number from 1 to 100, got "0" (from the environment variable max_read_retries)',
    );
  });

  it('shows no secret in what it refuses', () => {
    const error = errorOf(() => parse({ 'embedded.credentials': 'key-without-its-secret' }));
    expect(error.message).not.toContain('key-without');
    expect(error.value).toBe('***');
  });

  it.each([
    ['default-database', { flags: { 'default-table': 't' } }],
    ['default-table', { flags: { 'default-database': 'd' } }],
  ])('demands %s', (option, { flags }) => {
    const error = errorOf(() => parseConfig({ flags, env: {}, defaultsFor: 'server' }));
    expect(error.option).toBe(option);
    expect(error.message).toContain(environmentNameOf(option));
  });

  it('needs no destination for the embedded Timestream', () => {
    const config = parseConfig({ flags: { storage: 'embedded' }, env: {}, defaultsFor: 'server' });
    expect(config).toMatchObject({ defaultDatabase: 'PrometheusDatabase', defaultTable: 'PrometheusMetricsTable' });
  });

  it('refuses half of a TLS pair and names the other half', () => {
    expect(errorOf(() => parse({ 'tls-certificate': 'a.pem' }))).toMatchObject({ option: 'tls-key' });
    expect(errorOf(() => parse({ 'tls-key': 'a.pem' })).message).toContain('--tls-certificate');
  });

  it('refuses a flag that it does not know and one that has no meaning at this edge', () => {
    expect(errorOf(() => parse({ 'defualt-table': 'x' })).message).toContain('no option');
    expect(errorOf(() => parseConfig({ flags: { ...DESTINATION, storage: 'embedded' }, env: {}, defaultsFor: 'lambda' })).option).toBe(
      'storage',
    );
  });

  it('ignores on Lambda what the environment says about a listener', () => {
    const env = { default_database: 'd', default_table: 't', web_listen_address: 'nonsense', storage: 'embedded' };
    expect(parseConfig({ flags: {}, env, defaultsFor: 'lambda' }).storage).toBe('aws');
  });

  it('keeps the metrics page off the paths of the connector', () => {
    expect(errorOf(() => parse({ 'web.telemetry-path': '/write' })).option).toBe('web.telemetry-path');
  });

  it.each([
    ['max-body-bytes', '64MiB', { maxBodyBytes: 67_108_864 }],
    ['max-body-bytes', '1048576', { maxBodyBytes: 1_048_576 }],
    ['write-timeout', '500ms', { writeTimeoutMs: 500 }],
    ['write-timeout', '2m', { writeTimeoutMs: 120_000 }],
    ['web.listen-address', '127.0.0.1:0', { webListenAddress: { host: '127.0.0.1', port: 0 } }],
    ['web.listen-address', '[::1]:9201', { webListenAddress: { host: '::1', port: 9201 } }],
    ['web.listen-address', 'localhost:1', { webListenAddress: { host: 'localhost', port: 1 } }],
    ['query-base-endpoint', 'http://127.0.0.1:8080/', { queryBaseEndpoint: 'http://127.0.0.1:8080' }],
    ['throttle-status', '429', { throttleStatus: 429 }],
    [
      'embedded.credentials',
      'a:b:c,d:e',
      {
        embeddedCredentials: [
          { accessKeyId: 'a', secretAccessKey: 'b:c' },
          { accessKeyId: 'd', secretAccessKey: 'e' },
        ],
      },
    ],
  ])('reads --%s=%s', (flag, text, expected) => {
    expect(parse({ [flag]: text })).toMatchObject(expected);
  });

  it.each([
    ['max-body-bytes', '1GB'],
    ['max-body-bytes', '0'],
    ['max-body-bytes', '99999999999999'],
    ['write-timeout', '30'],
    ['write-timeout', '1.5s'],
    ['web.listen-address', '9201'],
    ['web.listen-address', ':70000'],
    ['web.telemetry-path', 'metrics'],
    ['query-base-endpoint', '127.0.0.1:8080'],
    ['query-base-endpoint', 'https://host/path'],
    ['query-base-endpoint', 'ftp://host'],
    ['default-table', 'a"b'],
    ['default-table', 'x'.repeat(257)],
    ['region', 'US'],
    ['log.level', 'INFO'],
    ['throttle-status', '500'],
    ['embedded.credentials', ':secret'],
  ])('refuses --%s=%s', (flag, text) => {
    expect(errorOf(() => parse({ [flag]: text })).option).toBe(flag);
  });

  it('throws nothing but a ConfigError, whatever an option is set to', () => {
    const flags = Object.values(OPTIONS).map(({ flag }) => flag);
    fc.assert(
      fc.property(fc.constantFrom(...flags), fc.string(), (flag, text) => {
        try {
          parse({ [flag]: text });
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          expect((error as ConfigError).message).not.toContain('\n');
        }
      }),
    );
  });

  it('can parse its own defaults at both edges', () => {
    for (const option of Object.values<Option<unknown>>(OPTIONS)) {
      for (const edge of ['server', 'lambda'] as const)
        expect(option.parse(defaultTextOf(option, edge)), option.flag).toHaveProperty('value');
    }
  });
});

describe('CONNECTOR_VERSION', () => {
  it('is the version of the package', async () => {
    const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    expect(CONNECTOR_VERSION).toBe(manifest.version);
  });
});

describe('where the server listens', () => {
  it('is loopback only when the data stay on this machine, unless it is told otherwise by flag or by environment', () => {
    const embedded = (flags: Record<string, string>, env: Record<string, string> = {}) =>
      parseConfig({ flags, env, defaultsFor: 'server' }).webListenAddress;
    expect(embedded({ storage: 'embedded' })).toEqual({ host: '127.0.0.1', port: 9201 });
    expect(embedded({ storage: 'embedded', 'web.listen-address': ':9201' })).toEqual({ host: undefined, port: 9201 });
    expect(embedded({}, { storage: 'embedded', web_listen_address: '[::1]:7' })).toEqual({ host: '::1', port: 7 });
  });

  it('is every address with Amazon Timestream, as in the earlier connector', () => {
    expect(parse().webListenAddress).toEqual({ host: undefined, port: 9201 });
  });
});

describe('the options of Lambda', () => {
  function lambda(env: Record<string, string>) {
    return parseConfig({ flags: {}, env: { default_database: 'db', default_table: 'tbl', ...env }, defaultsFor: 'lambda' });
  }

  it('have defaults', () => {
    expect(lambda({})).toMatchObject({ basePath: '', timeoutMs: 30_000, metricsNamespace: 'TimestreamPrometheusConnector' });
  });

  it('come from the environment', () => {
    expect(lambda({ base_path: '/prom/v1', timeout_in_millis: '60000', metrics_namespace: 'Prometheus/dev' })).toMatchObject({
      basePath: '/prom/v1',
      timeoutMs: 60_000,
      metricsNamespace: 'Prometheus/dev',
    });
  });

  it('switch metrics off with an empty namespace', () => {
    expect(lambda({ metrics_namespace: '' }).metricsNamespace).toBe('');
  });

  it.each([
    [{ base_path: 'prom' }, 'base-path'],
    [{ base_path: '/prom/' }, 'base-path'],
    [{ timeout_in_millis: '30s' }, 'timeout-in-millis'],
    [{ timeout_in_millis: '999' }, 'timeout-in-millis'],
    [{ timeout_in_millis: '900001' }, 'timeout-in-millis'],
    [{ metrics_namespace: 'AWS/Lambda' }, 'metrics-namespace'],
    [{ metrics_namespace: 'with space' }, 'metrics-namespace'],
  ])('refuse %j by name', (env, option) => {
    expect(() => lambda(env)).toThrow(new RegExp(`${option} must be .*\\(from the environment variable ${option.replaceAll('-', '_')}\\)`));
  });
});
