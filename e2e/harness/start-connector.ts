import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, startChildProgram, type ChildProgram } from './child-program.js';
import { freePort } from './free-port.js';

export const connectorProgram = fileURLToPath(new URL('../../packages/http-adapter/dist/program/main.js', import.meta.url));

/** An IAM-like key pair for the embedded Timestream; the characters `/` and `+` stand in many real secrets. */
export const accessKeyId = 'AKIAEXAMPLEACCESSKEY';
export const secretAccessKey = 'example/secret+access/key0123456789abcdef';

export interface RunningConnector {
  readonly url: string;
  readonly port: number;
  /** The embedded Timestream's endpoint; undefined when the storage is elsewhere. */
  readonly timestreamUrl: string | undefined;
  readonly timestreamPort: number;
  readonly dataDir: string;
  readonly program: ChildProgram;
}

export interface ConnectorOptions {
  readonly storage?: 'embedded' | 'aws';
  readonly port?: number;
  readonly timestreamPort?: number;
  readonly dataDir?: string;
  readonly extraArguments?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export function makeFolder(name: string): string {
  return mkdtempSync(path.join(tmpdir(), `timestream-prometheus-${name}-`));
}

export function basicAuthorization(user = accessKeyId, password = secretAccessKey): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** Starts the built program as a user would, and waits until it says that it is ready. */
export async function startConnector(options: ConnectorOptions = {}): Promise<RunningConnector> {
  const storage = options.storage ?? 'embedded';
  const port = options.port ?? (await freePort());
  const timestreamPort = options.timestreamPort ?? (await freePort());
  const dataDir = options.dataDir ?? makeFolder('data');
  const embedded = [
    `--embedded.listen-address=127.0.0.1:${timestreamPort}`,
    `--embedded.data-dir=${dataDir}`,
    `--embedded.credentials=${accessKeyId}:${secretAccessKey}`,
  ];
  const program = startChildProgram(
    process.execPath,
    [
      connectorProgram,
      'serve',
      `--storage=${storage}`,
      `--web.listen-address=127.0.0.1:${port}`,
      // Tests count what they wrote themselves.
      '--self-scrape=false',
      ...(storage === 'embedded' ? embedded : []),
      ...(options.extraArguments ?? []),
    ],
    { env: { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, ...options.env } },
  );
  const url = `http://127.0.0.1:${port}`;
  await eventually(`the connector's readiness (its output so far: ${program.output()})`, async () => {
    if (program.hasExited()) throw new Error(`the connector ended: ${program.output()}`);
    return (await fetch(`${url}/-/ready`)).status === 200;
  }).catch(async (error: unknown) => {
    await program.kill();
    throw new Error(`the connector did not become ready: ${program.output()}`, { cause: error });
  });
  return {
    url,
    port,
    timestreamUrl: storage === 'embedded' ? `http://127.0.0.1:${timestreamPort}` : undefined,
    timestreamPort,
    dataDir,
    program,
  };
}
