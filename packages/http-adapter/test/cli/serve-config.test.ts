import { ConfigError } from '@timestream-prometheus/connector';
import { describe, expect, it } from 'vitest';
import { serveConfig } from '../../src/cli/serve-config.js';

describe('serveConfig', () => {
  it('listens on loopback only when the data stay on this machine', () => {
    expect(serveConfig({ storage: 'embedded' }, {}).webListenAddress).toEqual({ host: '127.0.0.1', port: 9201 });
  });

  it('listens on every address with Amazon Timestream, as the earlier connector does', () => {
    const flags = { 'default-database': 'd', 'default-table': 't' };
    expect(serveConfig(flags, {}).webListenAddress).toEqual({ host: undefined, port: 9201 });
  });

  it('listens where it is told, by flag or by environment', () => {
    expect(serveConfig({ storage: 'embedded', 'web.listen-address': ':9201' }, {}).webListenAddress).toEqual({
      host: undefined,
      port: 9201,
    });
    expect(serveConfig({}, { storage: 'embedded', web_listen_address: '[::1]:7' }).webListenAddress).toEqual({ host: '::1', port: 7 });
  });

  it('names database and table by itself when the data stay on this machine', () => {
    expect(serveConfig({ storage: 'embedded' }, {})).toMatchObject({
      defaultDatabase: 'PrometheusDatabase',
      defaultTable: 'PrometheusMetricsTable',
    });
    expect(() => serveConfig({}, {})).toThrow(ConfigError);
  });
});
