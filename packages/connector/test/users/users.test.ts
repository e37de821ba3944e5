import { describe, expect, it } from 'vitest';
import { createConnector, createToken, hashToken, parseUsers, type Connector, type Destination } from '../../src/index.js';
import { PATHS } from '../../src/http/route.js';
import { basicAuthorization, PROTOCOL_HEADERS, query, readBody, series, writeBody } from '@timestream-prometheus/connector-testing';
import { bodyText, createMemoryLogger, KEY, request, testConfig, type LogLine, type RequestParts } from '../support/connector-fixture.js';
import { MemoryStorage } from '../support/memory-storage.js';
import { RecordingMetrics } from '../support/recording-metrics.js';

const tokens = Object.fromEntries(
  ['writer', 'reader', 'watcher', 'both', 'team', 'proxy', 'single', 'long'].map((name) => [name, createToken()]),
);
const line = (name: string, rest: string) => `${name} ${rest} token=${hashToken(tokens[name] ?? '')}`;
const FILE = [
  line('writer', 'may=write as=server'),
  line('reader', 'may=read as=profile:reader'),
  line('watcher', 'may=metrics'),
  line('both', 'may=write,read as=role:arn:aws:iam::123456789012:role/both database=own_db table=own_table'),
  line('team', 'may=write,read as=server table=metrics_{tenant} tenants=a,b'),
  line('proxy', 'may=write,read as=server database={tenant} table=t_{tenant} tenants=*'),
  line('single', 'may=write as=server tenants=only table=x'),
  line('long', `may=write as=server table=${'x'.repeat(200)}{tenant} tenants=*`),
  'shown may=read as=server certificate=CN:shown',
].join('\n');

function start(flags: Readonly<Record<string, string>> = {}) {
  const opened: { readonly storage: MemoryStorage; readonly destination: Destination }[] = [];
  const log: LogLine[] = [];
  const config = testConfig({ 'users-file': 'users', 'read-strategy': 'rows', ...flags });
  const directory = parseUsers(FILE);
  const connector = createConnector({
    config,
    users: () => directory,
    logger: createMemoryLogger(log),
    metrics: new RecordingMetrics(),
    openStorage: (credentials, destination) => {
      const storage = new MemoryStorage(credentials, {});
      opened.push({ storage, destination });
      return storage;
    },
  });
  return { connector, opened, log };
}

const WRITE = writeBody([series({ __name__: 'm' }, [Date.now(), 1])]);
const READ = readBody([query(0, Date.now(), ['__name__', '=', 'm'])]);

function ask(connector: Connector, user: string, parts: RequestParts = {}) {
  const headers = { ...PROTOCOL_HEADERS, authorization: `Bearer ${tokens[user] ?? ''}`, ...parts.headers };
  return connector.handle(request({ body: WRITE, ...parts, headers }));
}

/** Every path with what may come to it, and a request that it answers with 2xx. */
const PLACES: readonly (readonly [string, RequestParts, 'write' | 'read'])[] = [
  ['/write', {}, 'write'],
  ['/api/v1/write', {}, 'write'],
  ['/read', { body: READ }, 'read'],
  ['/api/v1/read', { body: READ }, 'read'],
  ['/api/v1/query', { method: 'GET', query: 'query=1', body: new Uint8Array() }, 'read'],
  ['/api/v1/query_range', { method: 'GET', query: 'query=1&start=0&end=1&step=1', body: new Uint8Array() }, 'read'],
  ['/api/v1/format_query', { method: 'GET', query: 'query=1', body: new Uint8Array() }, 'read'],
  ['/api/v1/parse_query', { method: 'GET', query: 'query=1', body: new Uint8Array() }, 'read'],
  ['/api/v1/labels', { method: 'GET', body: new Uint8Array() }, 'read'],
  ['/api/v1/label/job/values', { method: 'GET', body: new Uint8Array() }, 'read'],
  ['/api/v1/series', { method: 'GET', query: 'match[]=m', body: new Uint8Array() }, 'read'],
  ['/api/v1/query_exemplars', { method: 'GET', query: 'query=m&start=0&end=1', body: new Uint8Array() }, 'read'],
  ['/api/v1/metadata', { method: 'GET', body: new Uint8Array() }, 'read'],
  ['/api/v1/rules', { method: 'GET', body: new Uint8Array() }, 'read'],
  ['/api/v1/alerts', { method: 'GET', body: new Uint8Array() }, 'read'],
  ['/api/v1/status/buildinfo', { method: 'GET', body: new Uint8Array() }, 'read'],
];

describe('a connector with users', () => {
  it.each(['/read', '/api/v1/series', '/api/v1/query'])(
    'refuses an unknown or wrong key at %s before anything is compiled: not a byte of the expensive expressions is read',
    async (path) => {
      const { connector, opened } = start();
      const pattern = '(?:\\pL{0,1000})'.repeat(60);
      const parameter = encodeURIComponent(`m{a=~"${pattern.replaceAll('\\', '\\\\')}"}`);
      const body =
        path === '/read'
          ? readBody([query(0, Date.now(), ['a', '=~', pattern])])
          : Buffer.from(`query=${parameter}&match[]=${parameter}&time=1`);
      let bodiesRead = 0;
      const askAs = (authorization: string | undefined) => {
        const headers = {
          ...PROTOCOL_HEADERS,
          ...(path === '/read' ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
          ...(authorization === undefined ? {} : { authorization }),
        };
        const asked = request({ path, body, headers });
        return connector.handle({
          ...asked,
          readBody: (...args) => {
            bodiesRead += 1;
            return asked.readBody(...args);
          },
        });
      };
      const wrong = [undefined, `Bearer ${createToken()}`, 'Bearer x', basicAuthorization(KEY), `Bearer ${tokens['writer'] ?? ''}`];
      for (const authorization of wrong) expect([401, 403], authorization).toContain((await askAs(authorization)).status);
      expect(bodiesRead).toBe(0);
      expect(opened).toEqual([]);
      // Whoever may read is told what is wrong with the expression.
      const answer = await askAs(`Bearer ${tokens['reader'] ?? ''}`);
      expect(answer.status).toBe(400);
      expect(await bodyText(answer)).toMatch(/characters with its repetitions written out/);
      expect(bodiesRead).toBe(1);
    },
  );

  it.each(PLACES)('lets to %s those who may, and nobody else', async (path, parts, right) => {
    const { connector } = start();
    const may = { writer: right === 'write', reader: right === 'read', watcher: false, both: true };
    for (const [user, isAllowed] of Object.entries(may)) {
      const response = await ask(connector, user, { path, ...parts });
      if (isAllowed) expect(response.status).toBeLessThan(300);
      else
        expect({ user, status: response.status, text: await bodyText(response) }).toMatchObject({
          user,
          status: 403,
          text: expect.stringMatching(/not-permitted|lacks may=/) as string,
        });
    }
    for (const authorization of ['', 'Bearer nobody', basicAuthorization(KEY)])
      expect((await ask(connector, '', { path, ...parts, headers: { authorization } })).status).toBe(401);
  });

  it('has a right for each of its paths, but for those of probes', () => {
    const tried = PLACES.map(([path]) => path.replace('/label/job/', '/label/<name>/'));
    expect(tried.sort()).toEqual(PATHS.filter((path) => !path.startsWith('/-/')).sort());
  });

  it('lets everybody ask whether it lives, and only those who may see its metrics', async () => {
    const { connector, log } = start();
    for (const path of ['/-/healthy', '/-/ready'])
      expect((await connector.handle(request({ method: 'GET', path, headers: {} }))).status).toBe(200);
    const admit = (user: string) =>
      connector.admit({ method: 'GET', path: '/metrics', headers: { authorization: `Bearer ${tokens[user] ?? ''}` } });
    expect(await admit('watcher')).toBeUndefined();
    expect((await admit('both'))?.status).toBe(403);
    expect((await admit('nobody'))?.status).toBe(401);
    expect(log.map(({ fields }) => fields['user'])).toEqual(['both', undefined]);
  });

  it('works with the credentials and the table that a user is mapped to', async () => {
    const { connector, opened } = start();
    for (const user of ['writer', 'both', 'single']) expect((await ask(connector, user)).status).toBe(204);
    expect(opened.map(({ storage, destination }) => [storage.credentials, destination])).toEqual([
      [{ kind: 'server' }, { database: 'db', table: 'tbl' }],
      [
        { kind: 'role', roleArn: 'arn:aws:iam::123456789012:role/both', sessionName: 'both' },
        { database: 'own_db', table: 'own_table' },
      ],
      [{ kind: 'server' }, { database: 'db', table: 'x' }],
    ]);
  });

  it('reads from the table of the user by SQL that names no other', async () => {
    const { connector, opened } = start();
    await ask(connector, 'both', { path: '/read', body: READ });
    await ask(connector, 'team', { path: '/tenants/a/read', body: READ });
    expect(
      (await ask(connector, 'team', { method: 'GET', path: '/tenants/a/api/v1/label/job/values', body: new Uint8Array() })).status,
    ).toBe(200);
    const [own, tenant] = opened.map(({ storage }) => storage.queries.join('\n'));
    expect(own).toContain('"own_db"."own_table"');
    expect(tenant).toContain('"db"."metrics_a"');
    for (const sql of [own, tenant]) expect(sql).not.toContain('"tbl"');
  });

  it.each([
    ['team', { path: '/tenants/a/write' }, 'db.metrics_a'],
    ['team', { headers: { 'x-scope-orgid': 'b' } }, 'db.metrics_b'],
    ['team', { path: '/tenants/b/api/v1/write', headers: { 'x-scope-orgid': 'b' } }, 'db.metrics_b'],
    ['proxy', { headers: { 'x-scope-orgid': 'any-one.at_all' } }, 'any-one.at_all.t_any-one.at_all'],
    ['single', { headers: { 'x-scope-orgid': 'only' } }, 'db.x'],
    ['long', { headers: { 'x-scope-orgid': 'y'.repeat(56) } }, `db.${'x'.repeat(200)}${'y'.repeat(56)}`],
  ] as const)('takes the tenant of %s from %j', async (user, parts, table) => {
    const { connector, opened } = start();
    expect((await ask(connector, user, parts)).status).toBe(204);
    expect(opened.map(({ destination }) => `${destination.database}.${destination.table}`)).toEqual([table]);
  });

  it.each([
    ['team', {}, 403],
    ['team', { headers: { 'x-scope-orgid': 'c' } }, 403],
    ['long', { headers: { 'x-scope-orgid': 'y'.repeat(57) } }, 403],
    ['team', { headers: { 'x-scope-orgid': '' } }, 403],
    ['team', { headers: { 'x-scope-orgid': 'a, b' } }, 403],
    ['team', { headers: { 'x-scope-orgid': 'a|b' } }, 403],
    ['team', { path: '/tenants/a/write', headers: { 'x-scope-orgid': 'b' } }, 403],
    ['team', { path: '/tenants/%61/write' }, 403],
    ['team', { path: '/tenants//write' }, 404],
    ['team', { path: '/tenants/a//write' }, 404],
    ['team', { path: '/tenants/a/tenants/b/write' }, 404],
    ['team', { path: '/tenants/a' }, 404],
    ['proxy', { headers: { 'x-scope-orgid': 'x"; DROP' } }, 403],
    ['proxy', { headers: { 'x-scope-orgid': '../tbl' } }, 403],
    ['proxy', { headers: { 'x-scope-orgid': 'x'.repeat(151) } }, 403],
    ['writer', { headers: { 'x-scope-orgid': 'a' } }, 403],
    ['writer', { path: '/tenants/a/write' }, 403],
    ['single', { headers: { 'x-scope-orgid': 'other' } }, 403],
  ] as const)('opens nothing for a tenant that %s may not ask for, or does not name: %j', async (user, parts, status) => {
    const { connector, opened } = start();
    expect((await ask(connector, user, parts)).status).toBe(status);
    expect(opened).toEqual([]);
  });

  it('judges a request before it reads a byte of its body', async () => {
    const { connector } = start();
    const readBodyNever = () => Promise.reject(new Error('the body was read'));
    for (const user of ['nobody', 'reader', 'team'])
      expect((await ask(connector, user, { readBody: readBodyNever })).status).toBeGreaterThanOrEqual(401);
  });

  it('answers no page of another site, which a browser would send a remembered password with', async () => {
    const { connector } = start();
    const response = await ask(connector, 'writer', { headers: { host: 'connector.example', origin: 'https://evil.example' } });
    expect([response.status, await bodyText(response)]).toEqual([403, expect.stringMatching(/^foreign-origin/)]);
    expect((await ask(connector, 'writer', { headers: { host: 'connector.example', origin: 'https://connector.example' } })).status).toBe(
      204,
    );
  });

  it('answers no page that has its own name lead to this machine, which a browser would show a certificate', async () => {
    const onLoopback = start({ 'web.listen-address': '127.0.0.1:9201' });
    const shown = { certificateNames: ['CN:shown'], body: READ, path: '/read' };
    const byCertificate = (headers: Readonly<Record<string, string>>) =>
      onLoopback.connector.handle(request({ ...shown, headers: { ...PROTOCOL_HEADERS, ...headers } }));
    const refused = await byCertificate({ host: 'evil.example:9201' });
    expect([refused.status, await bodyText(refused)]).toEqual([403, expect.stringMatching(/^foreign-origin/)]);
    expect((await byCertificate({ host: '127.0.0.1:9201' })).status).toBe(200);
    // A token is in no browser.
    expect((await ask(onLoopback.connector, 'writer', { headers: { host: 'evil.example:9201' } })).status).toBe(204);
    // Elsewhere the connector may have any name.
    const { connector } = start();
    const named = await connector.handle(request({ ...shown, headers: { ...PROTOCOL_HEADERS, host: 'connector.example' } }));
    expect(named.status).toBe(200);
  });

  it('names the user in the log of a failure, and never one that it does not know', async () => {
    const { connector, log } = start();
    await ask(connector, 'writer', { body: Uint8Array.of(1, 2, 3) });
    await connector.handle(
      request({
        headers: { ...PROTOCOL_HEADERS, authorization: basicAuthorization({ accessKeyId: 'my-password', secretAccessKey: 'x' }) },
      }),
    );
    expect(log.map(({ fields }) => fields['user'])).toEqual(['writer', undefined]);
    expect(JSON.stringify(log)).not.toContain('my-password');
    for (const token of Object.values(tokens)) expect(JSON.stringify(log)).not.toContain(token);
  });

  it('is not opened without its users, and not beside an option that lets everybody in', () => {
    const config = testConfig({ 'users-file': 'users' });
    const openStorage = () => {
      throw new Error('not reached');
    };
    expect(() => createConnector({ config, openStorage, logger: createMemoryLogger([]), metrics: new RecordingMetrics() })).toThrow(
      /no users were given/,
    );
    expect(() => testConfig({ 'users-file': 'users', 'enable-sigv4-auth': 'true' })).toThrow(
      /--users-file must not be given together with --enable-sigv4-auth/,
    );
  });

  it('treats the paths of tenants and their header as nothing where there are no users', async () => {
    const opened: Destination[] = [];
    const connector = createConnector({
      config: testConfig(),
      logger: createMemoryLogger([]),
      metrics: new RecordingMetrics(),
      openStorage: (credentials, destination) => {
        opened.push(destination);
        return new MemoryStorage(credentials, {});
      },
    });
    expect((await connector.handle(request({ body: WRITE, path: '/tenants/a/write' }))).status).toBe(404);
    const headers = { ...PROTOCOL_HEADERS, authorization: basicAuthorization(KEY), 'x-scope-orgid': 'a' };
    expect((await connector.handle(request({ body: WRITE, headers }))).status).toBe(204);
    expect(opened).toEqual([{ database: 'db', table: 'tbl' }]);
  });
});
