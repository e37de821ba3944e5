import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { accessKeyId, connectorProgram, secretAccessKey, startConnector } from '../harness/start-connector.js';

/** Writes what the process has mapped to stderr as it ends. */
const reportMaps =
  "data:text/javascript,import{readFileSync}from'node:fs';process.on('exit',()=>process.stderr.write(readFileSync('/proc/self/maps','utf8')))";

/** The files that the connector's program has mapped when it ends. */
async function mapsAtExit(argument: string): Promise<string> {
  const child = spawn(process.execPath, ['--import', reportMaps, connectorProgram, argument], { stdio: ['ignore', 'ignore', 'pipe'] });
  const [maps] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  return maps;
}

const mapsOf = (pid: number): string => readFileSync(`/proc/${pid}/maps`, 'utf8');

describe.skipIf(process.platform !== 'linux')('the native database of the embedded Timestream', { timeout: 120_000 }, () => {
  it.each(['--version', '--help'])('is not loaded by %s', async (argument) => {
    const maps = await mapsAtExit(argument);
    expect(maps).toMatch(/node/);
    expect(maps).not.toMatch(/duckdb/i);
  });

  it('is not loaded by a server that stores in AWS, and is by one that embeds it', async () => {
    const embedding = await startConnector();
    const aws = await startConnector({
      storage: 'aws',
      extraArguments: [
        '--enable-sigv4-auth=true',
        '--default-database=prometheus',
        '--default-table=prometheus',
        `--write-base-endpoint=${embedding.timestreamUrl ?? ''}`,
        `--query-base-endpoint=${embedding.timestreamUrl ?? ''}`,
      ],
      env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_REGION: 'us-east-1' },
    });
    expect(mapsOf(aws.program.pid)).not.toMatch(/duckdb/i);
    expect(mapsOf(embedding.program.pid)).toMatch(/duckdb/i);
    await aws.program.stop();
    await embedding.program.stop();
  });
});
