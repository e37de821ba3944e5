import { describe, expect, it } from 'vitest';
import { createCommand, parseCredential, parseListenAddress, parseMemoryLimit, parseTable } from '../src/command-options.js';

describe('the options of the command', () => {
  it.each([
    ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
    [':0', { host: '127.0.0.1', port: 0 }],
    ['[::1]:8086', { host: '::1', port: 8086 }],
    ['0.0.0.0:65535', { host: '0.0.0.0', port: 65_535 }],
  ])('take %s as an address', (text, address) => {
    expect(parseListenAddress(text)).toEqual(address);
  });

  it.each(['', '80', 'host', 'host:', 'host:65536', 'a:b:1', '::1:80'])('do not take %j as an address', (text) => {
    expect(() => parseListenAddress(text)).toThrow(/is not host:port/);
  });

  it('take access keys with and without a session token, and never repeat a secret in an error', () => {
    expect(parseCredential('a:b/+c', [])).toEqual([{ accessKeyId: 'a', secretAccessKey: 'b/+c' }]);
    expect(parseCredential('a:b:t:u', [{ accessKeyId: 'x', secretAccessKey: 'y' }])).toEqual([
      { accessKeyId: 'x', secretAccessKey: 'y' },
      { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 't:u' },
    ]);
    expect(() => parseCredential(':secret', [])).toThrow(/^Give it as ACCESS:SECRET\.$/);
  });

  it.each(['64MB', '512 mb', '1.5GiB', '2GB', '1TB'])('take %s as an amount of memory', (text) => {
    expect(parseMemoryLimit(text)).toBe(text);
  });

  it.each(['', '2', '2G', '63MB', '-1GB', '80%', "1GB'; DROP", '1e9GB'])('do not take %j as an amount of memory', (text) => {
    expect(() => parseMemoryLimit(text)).toThrow(/is not an amount of memory/);
  });

  it('split a table at the first dot', () => {
    expect(parseTable('db.table.with.dots', [])).toEqual([{ databaseName: 'db', tableName: 'table.with.dots' }]);
    expect(() => parseTable('nodot', [])).toThrow(/is not DATABASE.TABLE/);
  });

  it('collect what is given several times', () => {
    const options = createCommand().parse(['--create=a.b', '--create', 'c.d', '--credentials=k:s'], { from: 'user' }).opts();
    expect(options).toMatchObject({
      create: [{ databaseName: 'a' }, { databaseName: 'c' }],
      credentials: [{ accessKeyId: 'k' }],
      logLevel: 'warn',
    });
  });

  it('are explained with what one would write for a default', () => {
    const help = createCommand().helpInformation().replaceAll(/\s+/g, ' ');
    expect(help).toContain('(default: 127.0.0.1:8086)');
    expect(help).not.toMatch(/default: [[{]/);
  });
});
