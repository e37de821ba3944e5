import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readRequestBody, writeRequestBody } from '../remote-bodies.js';
import { send, type RawAnswer } from '../running-server.js';
import { buildProgram } from './build-program.js';
import { startProgram, type ProgramProcess } from './program-process.js';

let program: string;
beforeAll(async () => {
  program = await buildProgram('embedded-storage');
});

function start(dataDir: string, ...args: readonly string[]): ProgramProcess {
  const addresses = ['--web.listen-address=127.0.0.1:0', '--embedded.listen-address=127.0.0.1:0'];
  return startProgram(program, [
    'serve',
    '--storage=embedded',
    '--self-scrape=false',
    `--embedded.data-dir=${dataDir}`,
    ...addresses,
    ...args,
  ]);
}

async function stop(running: ProgramProcess): Promise<void> {
  running.signal('SIGTERM');
  expect(await running.exitCode, running.err()).toBe(0);
}

/** What a person would paste from the banner. */
async function pasted(running: ProgramProcess): Promise<{ readonly port: number; readonly username: string; readonly password: string }> {
  await running.printed(/LIMIT 10/);
  const value = (pattern: RegExp): string => pattern.exec(running.out())?.[1] ?? '';
  return {
    port: Number(value(/url: http:\/\/127\.0\.0\.1:(\d+)\/write/)),
    username: value(/username: (\S+)/),
    password: value(/password: (\S+)/),
  };
}

function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'timestream-prometheus-embedded-'));
}

describe('serve --storage=embedded', { timeout: 60_000 }, () => {
  const nowMs = Date.now();

  function ask(path: string, body: Buffer, { port, username, password }: Awaited<ReturnType<typeof pasted>>): Promise<RawAnswer> {
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    return send(port, { path, body, headers: { authorization, 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' } });
  }

  it('stores with the key that it prints, and still has key and data after a restart', async () => {
    const dataDir = join(makeFolder(), 'data');
    const first = start(dataDir);
    const firstPaste = await pasted(first);
    expect((await ask('/write', writeRequestBody(nowMs), firstPaste)).status).toBe(204);
    expect((await ask('/write', writeRequestBody(nowMs), { ...firstPaste, password: 'wrong' })).status).toBe(403);
    await stop(first);

    const second = start(dataDir);
    const secondPaste = await pasted(second);
    expect({ ...secondPaste, port: 0 }).toEqual({ ...firstPaste, port: 0 });
    const answer = await ask('/read', readRequestBody(nowMs - 60_000, nowMs + 60_000), secondPaste);
    expect(answer.status).toBe(200);
    expect(answer.body.includes('api')).toBe(true);
    await stop(second);
    expect(first.err() + second.err()).not.toContain(firstPaste.password);
  });

  it('takes samples that are older than the memory store, because its table has magnetic-store writes on', async () => {
    const running = start(makeFolder());
    const paste = await pasted(running);
    expect((await ask('/write', writeRequestBody(nowMs - 30 * 86_400_000), paste)).status).toBe(204);
    await stop(running);
  });

  it('counts what it stored on the metrics page', async () => {
    const running = start(makeFolder());
    const paste = await pasted(running);
    await ask('/write', writeRequestBody(nowMs), paste);
    const page = (await send(paste.port, { path: '/metrics', method: 'GET' })).body.toString();
    expect(page).toMatch(/^timestream_connector_received_samples_total 1$/m);
    expect(page).toMatch(/^timestream_connector_responses_total\{endpoint="write",status="204",error="none"\} 1$/m);
    await stop(running);
  });

  it("needs no key from clients with --enable-sigv4-auth: the connector's own is the one of the embedded Timestream", async () => {
    const running = start(makeFolder(), '--enable-sigv4-auth');
    const [, port] = await running.printed(/ready at http:\/\/127\.0\.0\.1:(\d+)/);
    expect((await send(Number(port), { body: writeRequestBody(nowMs) })).status).toBe(204);
    expect(running.out()).not.toContain('basic_auth');
    await stop(running);
  });

  it('takes the keys that it is given, makes none, and does not print their secrets', async () => {
    const running = start(makeFolder(), '--embedded.credentials=ada:first-secret,grace:second-secret');
    const { port } = await pasted(running);
    expect((await ask('/write', writeRequestBody(nowMs), { port, username: 'ada', password: 'first-secret' })).status).toBe(204);
    expect((await ask('/write', writeRequestBody(nowMs), { port, username: 'grace', password: 'second-secret' })).status).toBe(204);
    await stop(running);
    expect(running.out() + running.err()).not.toMatch(/first-secret|second-secret/);
  });

  it('says in one line that another program uses the data directory, and exits with 1', async () => {
    const dataDir = makeFolder();
    const first = start(dataDir);
    await pasted(first);
    const second = start(dataDir, '--enable-logging=false');
    expect(await second.exitCode).toBe(1);
    expect(second.out()).toBe('');
    expect(second.err()).toMatch(/^timestream-prometheus: --storage=embedded: [^\n]*in use[^\n]*\n$/);
    await stop(first);
  });

  it('says in one line that the data directory is a file, and exits with 1', async () => {
    const file = join(makeFolder(), 'file');
    writeFileSync(file, 'kept');
    const running = start(file);
    expect(await running.exitCode).toBe(1);
    expect(running.err()).toMatch(/^timestream-prometheus: --embedded\.data-dir: cannot write in [^\n]*\n$/);
    expect(readFileSync(file, 'utf8')).toBe('kept');
  });

  it('says in one line that the port of the embedded Timestream is in use, and exits with 1', async () => {
    const first = start(makeFolder());
    await pasted(first);
    const [, port] = /--endpoint-url http:\/\/127\.0\.0\.1:(\d+)/.exec(first.out()) ?? [];
    const second = start(makeFolder(), `--embedded.listen-address=127.0.0.1:${port ?? ''}`);
    expect(await second.exitCode).toBe(1);
    expect(second.err()).toMatch(/^timestream-prometheus: --embedded\.listen-address: [^\n]*in use[^\n]*\n$/);
    await stop(first);
  });
});
