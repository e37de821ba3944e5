import { writeFileSync, mkdtempSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSigned } from '@timestream-prometheus/connector-testing';
import { startEmbeddedTimestream, type EmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { send, type RawAnswer } from '../running-server.js';
import { writeRequestBody } from '../remote-bodies.js';
import { startAnswerGate, type AnswerGate } from './answer-gate.js';
import { buildProgram } from './build-program.js';
import { startProgram, type ProgramProcess } from './program-process.js';

const accessKeyId = 'AKIAEXAMPLEACCESSKEY';
const secretAccessKey = 'wJalrXUtnFEMI-not-a-real-secret';
const basic = (secret: string): string => `Basic ${Buffer.from(`${accessKeyId}:${secret}`).toString('base64')}`;
const authorization = basic(secretAccessKey);

let program: string;
beforeAll(async () => {
  program = await buildProgram('main');
});

describe('the program', { timeout: 60_000 }, () => {
  let timestream: EmbeddedTimestream;
  let gate: AnswerGate;

  beforeEach(async () => {
    timestream = await startEmbeddedTimestream({
      credentials: [{ accessKeyId, secretAccessKey }],
      create: [{ databaseName: 'd', tableName: 't' }],
    });
    gate = await startAnswerGate(timestream.port);
  });

  afterEach(async () => {
    await gate.close();
    await timestream.close();
  });

  function start(...args: readonly string[]): ProgramProcess {
    return startProgram(program, [
      'serve',
      '--web.listen-address=127.0.0.1:0',
      '--default-database=d',
      '--default-table=t',
      `--write-base-endpoint=${gate.url}`,
      `--query-base-endpoint=${gate.url}`,
      ...args,
    ]);
  }

  /** A write that is in flight: Timestream has been asked, and its answer waits behind the gate. */
  async function sendSlowly(port: number): Promise<{ readonly answer: Promise<RawAnswer> }> {
    const called = gate.shutAfter('WriteRecords');
    const answer = send(port, writeRequest());
    answer.catch(() => undefined);
    await called;
    return { answer };
  }

  async function portOf(running: ProgramProcess): Promise<number> {
    const [, port] = await running.printed(/ready at https?:\/\/127\.0\.0\.1:(\d+)/);
    return Number(port);
  }

  const writeRequest = (): Parameters<typeof send>[1] => ({
    headers: { authorization, 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
    body: writeRequestBody(Date.now()),
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('answers what is in flight after %s, takes nothing new, and exits with 0', async (signal) => {
    const running = start();
    const port = await portOf(running);
    const slow = await sendSlowly(port);
    running.signal(signal);
    await running.logged(/msg="stopping: finishing what is in flight"/);
    await expect(send(port, { path: '/-/ready', method: 'GET' })).rejects.toThrow(/ECONNREFUSED|ECONNRESET/);
    gate.open();
    expect((await slow.answer).status).toBe(204);
    expect(timestream.usage().recordsIngested).toBe(1);
    expect(await running.exitCode).toBe(0);
    expect(running.err()).toMatch(/msg=stopped\n$/);
  });

  it('exits at once on a second signal', async () => {
    const running = start();
    const slow = await sendSlowly(await portOf(running));
    running.signal('SIGTERM');
    await running.logged(/stopping/);
    running.signal('SIGTERM');
    expect(await running.exitCode).toBe(130);
    await expect(slow.answer).rejects.toThrow(/socket hang up|ECONNRESET/);
  });

  it('logs a failed request in one line with its request id, and never a secret', async () => {
    const running = start('--log.level=debug');
    const port = await portOf(running);
    const failed = await send(port, {
      ...writeRequest(),
      body: Buffer.from('no snappy'),
      headers: { authorization, 'x-request-id': 'trace-42' },
    });
    expect(failed.status).toBe(400);
    await running.logged(/trace-42/);
    const wrongSecret = basic(`${secretAccessKey}-wrong`);
    const refused = await send(port, { ...writeRequest(), headers: { ...writeRequest()?.headers, authorization: wrongSecret } });
    expect(refused.status).toBe(403);
    running.signal('SIGTERM');
    await running.exitCode;
    const lines = running.err().trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(/^level=(debug|info|warn|error) ts=\S+ .*msg=/);
    expect(lines.filter((line) => line.includes('trace-42'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('invalid-credentials') && /level=(warn|error)/.test(line))).toHaveLength(1);
    for (const secret of [secretAccessKey, authorization.slice('Basic '.length), wrongSecret.slice('Basic '.length)])
      expect(running.err() + running.out()).not.toContain(secret);
  });

  it('logs as JSON when told to, and not at all when told to', async () => {
    const json = start('--log.format=json');
    await portOf(json);
    json.signal('SIGTERM');
    expect(await json.exitCode).toBe(0);
    const lines = json
      .err()
      .trim()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(
      expect.arrayContaining(['the connector is ready', 'stopped']),
    );

    const silent = start('--enable-logging=false');
    await portOf(silent);
    silent.signal('SIGTERM');
    expect(await silent.exitCode).toBe(0);
    expect(silent.err()).not.toMatch(/level=|ready/);
  });

  it('serves HTTPS with a certificate and its key', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'timestream-prometheus-https-'));
    const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    writeFileSync(certificate, selfSigned.cert);
    writeFileSync(key, selfSigned.key);
    const running = start(`--tls-certificate=${certificate}`, `--tls-key=${key}`);
    const port = await portOf(running);
    const status = await new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, path: '/-/healthy', ca: selfSigned.cert, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
    expect(running.out()).toContain(`- url: https://127.0.0.1:${port}/write`);
    running.signal('SIGTERM');
    expect(await running.exitCode).toBe(0);
  });

  it('exits with 2 and one line for a bad option', async () => {
    const running = start('--log.level=loud');
    expect(await running.exitCode).toBe(2);
    expect(running.out()).toBe('');
    expect(running.err()).toMatch(/^timestream-prometheus: --log\.level must be one of [^\n]*\n$/);
  });

  it('exits with 1 and one line when the port is in use', async () => {
    const { port } = timestream;
    const running = start(`--web.listen-address=127.0.0.1:${port}`, '--enable-logging=false');
    expect(await running.exitCode).toBe(1);
    expect(running.out()).toBe('');
    expect(running.err()).toMatch(
      /^timestream-prometheus: --web\.listen-address: cannot listen on 127\.0\.0\.1:\d+: the port is in use by another program[^\n]*\n$/,
    );
  });
});
