import { mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { selfSigned } from '@timestream-prometheus/connector-testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { clientCertificates } from './client-certificates.js';
import { runCommand } from './run-command.js';
import { serveInProcess, type ServedInProcess } from './serve-in-process.js';

let folder: string;
let stop: () => Promise<number>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'timestream-prometheus-mtls-'));
  stop = () => Promise.resolve(0);
});

afterEach(() => stop());

/** Writes as those who renew certificates do: a new file takes the place of the old one at once. */
function place(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return file;
}

async function serve(...args: readonly string[]): Promise<ServedInProcess> {
  const served = await serveInProcess(
    '--storage=embedded',
    `--embedded.data-dir=${join(folder, 'store')}`,
    '--embedded.listen-address=127.0.0.1:0',
    `--tls-certificate=${place('cert.pem', selfSigned.cert)}`,
    `--tls-key=${place('key.pem', selfSigned.key)}`,
    `--tls-client-ca=${place('ca.pem', clientCertificates.ca)}`,
    `--users-file=${place('users', 'sender may=read,metrics as=server certificate=DNS:sender.example\n')}`,
    ...args,
  );
  stop = served.stop;
  return served;
}

interface ClientCertificate {
  readonly cert?: string;
  readonly key?: string;
}

const get = (port: number, path: string, certificate: ClientCertificate, ca: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, ca: [ca, selfSigned.cert], agent: false, ...certificate }, resolve)
      .on('error', reject)
      .end();
  });

async function ask(port: number, certificate: ClientCertificate = {}, ca: string = selfSigned.cert): Promise<number> {
  const response = await get(port, '/api/v1/labels', certificate, ca);
  response.resume();
  return response.statusCode ?? 0;
}

const { cert, key, foreignCert, foreignKey } = clientCertificates;

describe('client certificates', () => {
  it('let in who is in the users file, and nobody without one of our authority', async () => {
    const { port } = await serve();
    expect(await ask(port, { cert, key })).toBe(200);
    await expect(ask(port)).rejects.toThrow();
    await expect(ask(port, { cert: foreignCert, key: foreignKey })).rejects.toThrow();
  });

  it('may be left out where they are optional, and one that nobody signed says nothing about its owner', async () => {
    const { port } = await serve('--tls-client-certificate=optional');
    expect(await ask(port, { cert, key })).toBe(200);
    expect(await ask(port)).toBe(401);
    expect(await ask(port, { cert: foreignCert, key: foreignKey })).toBe(401);
  });

  it('are of nobody else, however a name of theirs is written', async () => {
    const { port, log } = await serve();
    place('ca.pem', clientCertificates.carelessCa);
    await vi.waitFor(() => expect(log()).toContain('the files of TLS have changed and were read again'), {
      timeout: 20_000,
      interval: 200,
    });
    expect(await ask(port, { cert: clientCertificates.trickyCert, key: clientCertificates.trickyKey })).toBe(401);
    // The authority is another one now, so those that the first has signed are let in no longer.
    await expect(ask(port, { cert, key })).rejects.toThrow();
  });

  it('need a server certificate', async () => {
    const { exitCode, err } = await runCommand([
      'serve',
      '--storage=embedded',
      `--tls-client-ca=${place('ca.pem', clientCertificates.ca)}`,
    ]);
    expect(exitCode).toBe(2);
    expect(err).toContain('--tls-client-ca must be given together with --tls-certificate and --tls-key');
  });
});

describe('the files of TLS', () => {
  const serverName = (port: number): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, cert, key }, () => {
        resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? '');
        socket.destroy();
      });
      socket.on('error', reject);
    });

  it('are read again when they change, and stay what they were while they do not fit', async () => {
    const { port, log } = await serve();
    const before = await serverName(port);
    place('cert.pem', clientCertificates.renewedServerCert);
    await vi.waitFor(() => expect(log()).toContain('those that were read before stay in use'), { timeout: 20_000, interval: 200 });
    expect(await serverName(port)).toBe(before);
    place('key.pem', clientCertificates.renewedServerKey);
    await vi.waitFor(async () => expect(await serverName(port)).not.toBe(before), { timeout: 20_000, interval: 200 });
    expect(await ask(port, { cert, key }, clientCertificates.renewedServerCert)).toBe(200);
    const metrics = await text(await get(port, '/metrics', { cert, key }, clientCertificates.renewedServerCert));
    expect(metrics).toMatch(/file_reloads_total\{file="tls",outcome="ok"\} 1\n/);
    expect(metrics).toMatch(/file_reloads_total\{file="tls",outcome="failed"\} 1\n/);
  });
});
