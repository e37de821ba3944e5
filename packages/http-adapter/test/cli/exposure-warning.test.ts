import { parseConfig } from '@timestream-prometheus/connector';
import { describe, expect, it } from 'vitest';
import { exposureWarning } from '../../src/cli/exposure-warning.js';

function warningOf(flags: Readonly<Record<string, string>>, hasTls = false): string | undefined {
  const config = parseConfig({ defaultsFor: 'server', env: {}, flags: { 'default-database': 'd', 'default-table': 't', ...flags } });
  return exposureWarning(config, hasTls);
}

describe('the warning at the start', () => {
  it.each(['127.0.0.1:9201', '[::1]:9201', 'localhost:9201'])(
    'is not given where only this machine can reach the server: %s',
    (address) => {
      expect(warningOf({ 'web.listen-address': address })).toBeUndefined();
      expect(warningOf({ 'web.listen-address': address, 'enable-sigv4-auth': 'true' })).toBeUndefined();
    },
  );

  it.each([':9201', '0.0.0.0:9201', '[::]:9201', '10.0.0.7:9201'])(
    'says that keys travel unencrypted to %s, unless there is TLS',
    (address) => {
      expect(warningOf({ 'web.listen-address': address })).toMatch(/unencrypted: use --tls-certificate/);
      expect(warningOf({ 'web.listen-address': address }, true)).toBeUndefined();
    },
  );

  it("says that anyone may use the server's own credentials, with TLS too", () => {
    for (const hasTls of [false, true])
      expect(warningOf({ 'enable-sigv4-auth': 'true' }, hasTls)).toMatch(/acts with the server's own AWS credentials/);
  });
});
