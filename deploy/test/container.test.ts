import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { bundle, packages } from '../package.mjs';
import { freePort } from '../stand-in/start-stand-in.js';
import { deployFolder } from '../stack/template-document.js';
import { runProgram } from './aws-tools.js';

const dockerfile = readFileSync(`${deployFolder}/Dockerfile`, 'utf8');
const instructions = dockerfile
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

describe('the container image', () => {
  it('is built in stages that exist, each from a stage before it', () => {
    const stages = instructions.flatMap((line) => /^FROM .* AS (\w+)$/.exec(line)?.[1] ?? []);
    expect(stages).toEqual(['build', 'dependencies']);
    const sources = instructions.flatMap((line) => /--from=(\w+)/.exec(line)?.[1] ?? []);
    expect(sources).toEqual(['build', 'dependencies']);
  });

  it('runs as a user without rights, and never changes back', () => {
    const users = instructions.filter((line) => line.startsWith('USER '));
    expect(users).toEqual(['USER node']);
    expect(instructions.indexOf('USER node')).toBeLessThan(instructions.findIndex((line) => line.startsWith('ENTRYPOINT')));
  });

  it('checks its health by the runtime that it has, wherever and however the server listens', () => {
    expect(instructions).toContain('COPY deploy/health-check.mjs /app/health-check.mjs');
    expect(instructions.find((line) => line.startsWith('HEALTHCHECK'))).toMatch(/CMD \["node", "\/app\/health-check.mjs"\]$/);
  });

  it('starts the server that the workspace builds', () => {
    const manifest = JSON.parse(readFileSync(`${deployFolder}/../packages/http-adapter/package.json`, 'utf8')) as {
      bin: Record<string, string>;
    };
    const program = manifest.bin['timestream-prometheus']?.replace('./', 'packages/http-adapter/');
    expect(instructions.find((line) => line.startsWith('ENTRYPOINT'))).toBe(`ENTRYPOINT ["node", "${program ?? ''}"]`);
  });
});

describe('the health check', () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'container-'));
    const definition = packages.find(({ name }) => name === 'connector-server.zip');
    if (definition === undefined) throw new Error('there is no server package');
    const { files } = await bundle(definition);
    for (const [name, bytes] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), bytes);
    }
    const subject = ['-subj', '/CN=connector.example.com', '-days', '2'];
    runProgram(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        ...subject,
        '-keyout',
        'key.pem',
        '-out',
        'certificate.pem',
      ],
      folder,
    );
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts the packaged server as the container does, asks for its health, and ends it. */
  async function healthOf(
    flags: readonly string[],
    variables: Readonly<Record<string, string>>,
  ): Promise<{ healthy: number | null; stopped: number | null }> {
    const env = { PATH: process.env['PATH'], default_database: 'D', default_table: 'T', ...variables };
    const args = [path.join(folder, 'dist/cli/server.mjs'), 'serve', ...flags];
    const server = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const output: string[] = [];
    for (const stream of [server.stdout, server.stderr]) stream.on('data', (part) => output.push(String(part)));
    const commandLine = path.join(folder, 'command-line');
    writeFileSync(commandLine, [process.execPath, ...args, ''].join('\0'));
    const check = (): number | null => spawnSync(process.execPath, [`${deployFolder}/health-check.mjs`, commandLine], { env }).status;
    for (let attempt = 0; attempt < 300 && !output.join('').includes('ready'); attempt += 1)
      await new Promise((resolve) => setTimeout(resolve, 100));
    const healthy = check();
    server.kill();
    if (server.exitCode === null) await once(server, 'exit');
    return { healthy, stopped: check() };
  }

  const tls = (): readonly [string, string] => [path.join(folder, 'certificate.pem'), path.join(folder, 'key.pem')];

  it.each([
    ['a port of its environment', (address: string) => [[], { web_listen_address: address }] as const],
    [
      'a port of its command line, whatever the environment says',
      (address: string) => [[`--web.listen-address=${address}`], { web_listen_address: ':1' }] as const,
    ],
    [
      'HTTPS by its environment',
      (address: string) => [[], { web_listen_address: address, tls_certificate: tls()[0], tls_key: tls()[1] }] as const,
    ],
    [
      'HTTPS by its command line',
      (address: string) => [['--web.listen-address', address, '--tls-certificate', tls()[0], `--tls-key=${tls()[1]}`], {}] as const,
    ],
  ])('follows %s, and fails when the server has stopped', async (_name, configure) => {
    const [flags, variables] = configure(`127.0.0.1:${String(await freePort())}`);
    expect(await healthOf(flags, variables)).toEqual({ healthy: 0, stopped: 1 });
  });
});

describe('compose.yml', () => {
  const { services } = parse(readFileSync(`${deployFolder}/compose.yml`, 'utf8'), { merge: true }) as {
    services: Record<string, { environment: Record<string, string> } & Record<string, unknown>>;
  };

  it.each(['connector', 'connector-with-role'])('builds that image as %s and reaches it from this machine only', (name) => {
    expect(services[name]).toMatchObject({
      build: { context: '..', dockerfile: 'deploy/Dockerfile' },
      ports: [expect.stringMatching(/^127\.0\.0\.1:\d+:9201$/)],
      read_only: true,
      cap_drop: ['ALL'],
    });
  });

  it('has a service for each way to authenticate, and starts the one with keys by itself', () => {
    expect(services['connector']).not.toHaveProperty('profiles');
    expect(services['connector']?.environment['enable_sigv4_auth']).toBe('false');
    expect(services['connector-with-role']).toMatchObject({ profiles: ['role'], environment: { enable_sigv4_auth: 'true' } });
  });

  it('sets variables that the connector knows', () => {
    const guide = readFileSync(`${deployFolder}/../docs/configuration.md`, 'utf8');
    const variables = Object.values(services).flatMap(({ environment }) =>
      Object.keys(environment).filter((name) => !name.startsWith('AWS_')),
    );
    for (const name of new Set(variables)) expect(guide, name).toContain(`Variable \`${name}\``);
  });
});
