import { chmodSync, mkdtempSync, readFileSync, renameSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createToken, hashToken } from '@timestream-prometheus/connector';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { permissionWarning } from '../../src/cli/users-file.js';
import { writeRequestBody } from '../remote-bodies.js';
import { send } from '../running-server.js';
import { runCommand, type CommandRun } from './run-command.js';
import { serveInProcess, type ServedInProcess } from './serve-in-process.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'timestream-prometheus-users-'));
  file = join(folder, 'users');
});

const run = (args: readonly string[], secret = ''): Promise<CommandRun> => runCommand(args, { secret });

describe('the command users', () => {
  it('makes a file for its owner alone, with a token that is shown once and stands in it as a hash', async () => {
    const { exitCode, out } = await run(['users', 'add', 'prometheus', `--users-file=${file}`, '--may=write', '--as=server', '--token']);
    expect(exitCode).toBe(0);
    const token = out.trim();
    expect(token).toMatch(/^tsprom_[\w-]{43}$/);
    expect(readFileSync(file, 'utf8')).toBe(`prometheus may=write as=server token=${hashToken(token)}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('adds a user with a password that comes from standard input, and keeps what the file has and who may open it', async () => {
    writeFileSync(file, '# ours\nwatcher may=metrics certificate=CN:watcher');
    chmodSync(file, 0o640);
    const { exitCode, out } = await run(
      ['users', 'add', 'grafana', `--users-file=${file}`, '--may=read', '--as=profile:reader'],
      'pass word',
    );
    expect([exitCode, out]).toEqual([0, '']);
    expect(readFileSync(file, 'utf8')).toMatch(
      /^# ours\nwatcher may=metrics certificate=CN:watcher\ngrafana may=read as=profile:reader password=\$scrypt\$ln=14,r=8,p=5\$[^$\n]+\$[^$\n]+\n$/,
    );
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(await run(['users', 'check', `--users-file=${file}`])).toMatchObject({ exitCode: 0, out: `${file} is good: 2 users\n` });
  });

  it('shows hashes for those who write the file themselves', async () => {
    expect((await run(['users', 'hash'], 'pass')).out).toMatch(/^password=\$scrypt\$\S+\n$/);
    const token = createToken();
    expect((await run(['users', 'hash', '--token'], token)).out).toBe(`token=${hashToken(token)}\n`);
  });

  it.each([
    [['add', 'a', '--may=write', '--as=key:AKID:secret', '--token'], /a secret access key has no place on a command line/],
    [
      ['add', 'a', '--may=fly', '--as=server', '--token'],
      /may= must be given, with one or more of write,read,metrics; nothing was changed/,
    ],
    [['add', 'a', '--may=write', '--token'], /as= must be server/],
    [['add', 'a b', '--may=write', '--as=server', '--token'], /no value can have a space/],
    [['add', 'a', '--may=write', '--as=server'], /the password is empty/],
    [['hash', '--token'], /a token has at least 32/],
    [['check'], /cannot read .*users: there is no such file/],
  ])('refuses %j in one line and leaves the file alone', async (args, message) => {
    const withFile = args[0] === 'hash' ? args : [...args, `--users-file=${file}`];
    const { exitCode, out, err } = await run(['users', ...withFile]);
    expect([exitCode, out]).toEqual([1, '']);
    expect(err).toMatch(message);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    expect(() => statSync(file)).toThrow(/ENOENT/);
  });

  it('takes no password as an argument', async () => {
    const { exitCode } = await run(['users', 'add', 'a', `--users-file=${file}`, '--may=write', '--as=server', '--password=x']);
    expect(exitCode).toBe(2);
  });
});

describe('a server with a users file', { timeout: 60_000 }, () => {
  const tokens = { writer: createToken(), reader: createToken(), watcher: createToken(), late: createToken() };
  const lineOf = (name: keyof typeof tokens, rest: string): string => `${name} ${rest} token=${hashToken(tokens[name])}\n`;
  const FILE =
    lineOf('writer', 'may=write as=server table=teams') +
    lineOf('reader', 'may=read as=server table=teams') +
    lineOf('watcher', 'may=metrics');
  const bearer = (name: keyof typeof tokens) => ({ authorization: `Bearer ${tokens[name]}` });

  let stop: () => Promise<number> = () => Promise.resolve(0);
  afterEach(() => stop());

  async function serve(...args: readonly string[]): Promise<ServedInProcess> {
    const served = await serveInProcess(
      ...['--storage=embedded', `--embedded.data-dir=${join(folder, 'store')}`, '--embedded.listen-address=127.0.0.1:0'],
      ...[`--users-file=${file}`, ...args],
    );
    stop = served.stop;
    return served;
  }

  const write = (port: number, name: keyof typeof tokens) =>
    send(port, {
      headers: { ...bearer(name), 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
      body: writeRequestBody(Date.now()),
    });
  const get = async (port: number, path: string, headers = {}) => (await send(port, { method: 'GET', path, headers })).status;

  async function eventually(check: () => boolean | Promise<boolean>): Promise<void> {
    for (let round = 0; !(await check()); round += 1) {
      if (round > 200) throw new Error('it did not come to that');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  function replaceUsers(text: string): void {
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  it('lets to each path those who may, in a table of their own that it makes, and shows no secret', async () => {
    writeFileSync(file, FILE, { mode: 0o600 });
    const { port, log, out } = await serve();
    expect((await write(port, 'writer')).status).toBe(204);
    expect((await write(port, 'reader')).status).toBe(403);
    const answer = await send(port, { method: 'GET', path: '/api/v1/query?query=count({__name__=~".%2B"})', headers: bearer('reader') });
    expect([answer.status, answer.body.toString()]).toEqual([200, expect.stringMatching(/"value":\[[\d.]+,"1"\]/)]);
    expect(await get(port, '/metrics')).toBe(401);
    expect(await get(port, '/metrics', bearer('writer'))).toBe(403);
    expect(await get(port, '/metrics', bearer('watcher'))).toBe(200);
    expect((await send(port, { method: 'HEAD', path: '/metrics' })).status).toBe(401);
    for (const path of ['/-/healthy', '/-/ready']) expect(await get(port, path)).toBe(200);
    for (const token of Object.values(tokens)) expect(log() + out()).not.toContain(token);
    expect(out()).toContain('username: <user>');
    expect(out()).not.toContain('#sign-in=');
    expect(log()).not.toContain('others than its owner');
  });

  it('reads the file again when it changes, keeps the users when it is broken, and says both', async () => {
    writeFileSync(file, FILE, { mode: 0o644 });
    chmodSync(file, 0o644);
    const { port, log } = await serve();
    expect(log()).toMatch(/others than its owner can open the users file .*0644.*chmod 600/);
    expect((await write(port, 'late')).status).toBe(401);
    replaceUsers(`${FILE}${lineOf('late', 'may=write as=server table=later')}`);
    await eventually(async () => (await write(port, 'late')).status === 204);
    replaceUsers(`${FILE}broken may=everything\n`);
    await eventually(() => log().includes('cannot be used'));
    expect(log()).toMatch(/line 4: may= must be given/);
    expect((await write(port, 'late')).status).toBe(204);
    replaceUsers(FILE);
    await eventually(async () => (await write(port, 'late')).status === 401);
    const { body } = await send(port, { method: 'GET', path: '/metrics', headers: bearer('watcher') });
    expect(body.toString()).toMatch(/file_reloads_total\{file="users",outcome="ok"\} 2\n/);
    expect(body.toString()).toMatch(/file_reloads_total\{file="users",outcome="failed"\} 1\n/);
  });

  it.each([0o640, 0o620, 0o604, 0o602])('says that others can open the file with mode %o', (mode) => {
    writeFileSync(file, FILE);
    chmodSync(file, mode);
    expect(permissionWarning(file)).toContain(`(mode 0${mode.toString(8)}): chmod 600 it`);
    chmodSync(file, 0o600);
    expect(permissionWarning(file)).toBeUndefined();
  });

  it('does not start with a file that is wrong or missing, and says why in one line', async () => {
    writeFileSync(file, 'a may=write as=server\n');
    await expect(serve()).rejects.toThrow(
      /^timestream-prometheus: --users-file: .*: line 1: the user has no password=, token= or certificate=.*\n$/,
    );
    // Before it is read.
    truncateSync(file, 9 * 1024 * 1024);
    await expect(serve()).rejects.toThrow(/^timestream-prometheus: --users-file: .* has 9437184 bytes, 8388608 are allowed\n$/);
    file = join(folder, 'nothing');
    await expect(serve()).rejects.toThrow(/^timestream-prometheus: --users-file: cannot read .*: there is no such file\n$/);
  });
});
