import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '@timestream-prometheus/connector';
import { describe, expect, it } from 'vitest';
import { exposureWarning } from '../../src/cli/exposure-warning.js';
import { serveInProcess } from './serve-in-process.js';

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

  it('says that passwords and tokens travel unencrypted where there are users, unless there is TLS', () => {
    expect(warningOf({ 'users-file': '/users' })).toMatch(/^passwords and tokens reach this address unencrypted: use --tls-certificate/);
    expect(warningOf({ 'users-file': '/users' }, true)).toBeUndefined();
  });

  it("says that anyone may use the server's own credentials, with TLS too", () => {
    for (const hasTls of [false, true])
      expect(warningOf({ 'enable-sigv4-auth': 'true' }, hasTls)).toMatch(/acts with the server's own AWS credentials/);
  });

  it.each([
    ['0.0.0.0:0', [], /level=warn .*access keys reach this address unencrypted/],
    ['0.0.0.0:0', ['--enable-sigv4-auth'], /level=warn .*acts with the server's own AWS credentials/],
    ['127.0.0.1:0', ['--enable-sigv4-auth'], undefined],
  ])('is one line of the log of a server at %s, with %j', async (address, flags, warning) => {
    const served = await serveInProcess(
      ...['--storage=embedded', `--embedded.data-dir=${mkdtempSync(join(tmpdir(), 'timestream-prometheus-exposed-'))}`],
      ...['--embedded.listen-address=127.0.0.1:0', `--web.listen-address=${address}`, ...flags],
    );
    await served.stop();
    // Before a build there is another warning: that there is no status page.
    const warnings = served
      .log()
      .split('\n')
      .filter((line) => /reach this address|own AWS credentials/.test(line));
    expect(warnings).toHaveLength(warning === undefined ? 0 : 1);
    if (warning !== undefined) expect(warnings[0]).toMatch(warning);
  });
});
