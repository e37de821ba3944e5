import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedTimestream, type EmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useEnvironmentKey } from './environment-key.js';
import { runCommand, type CommandRun } from './run-command.js';

const KEY = { accessKeyId: 'AKIDTABLE', secretAccessKey: 'secret' };
let leaveEnvironment: () => void;
let timestream: EmbeddedTimestream;

beforeAll(async () => {
  timestream = await startEmbeddedTimestream({ credentials: [KEY] });
  leaveEnvironment = useEnvironmentKey(KEY);
});

afterAll(async () => {
  leaveEnvironment();
  await timestream.close();
});

function table(command: 'create' | 'describe', name: string, ...more: readonly string[]): Promise<CommandRun> {
  const endpoints = [`--write-base-endpoint=${timestream.url}`, `--query-base-endpoint=${timestream.url}`];
  return runCommand(['table', command, ...endpoints, '--default-database=made', `--default-table=${name}`, ...more]);
}

describe('table', { timeout: 60_000 }, () => {
  it('makes database and table with the defaults of the template, and leaves what is there alone', async () => {
    const first = await table('create', 'plain');
    expect(first).toMatchObject({ exitCode: 0, err: '' });
    expect(first.out).toContain('database made: made\ntable plain: made\n');
    expect(first.out).toMatch(/MemoryStoreRetentionInHours +12\n +MagneticStoreRetentionInDays +365\n +EnableMagneticStoreWrites +true\n/);
    const again = await table('create', 'plain', '--memory-store-retention-in-hours=24');
    expect(again.out).toContain('table plain: was there, and is as it was');
    expect(again.out).toMatch(/MemoryStoreRetentionInHours +12\n/);
  });

  it('makes a table with a partition key, and shows it as JSON', async () => {
    await table('create', 'keyed', '--partition-key=cluster', '--partition-key-required', '--magnetic-store-retention-in-days=7');
    const { out } = await table('describe', 'keyed', '--output=json');
    expect(JSON.parse(out)).toMatchObject({
      database: 'made',
      table: 'keyed',
      status: 'ACTIVE',
      magneticStoreRetentionDays: 7,
      partitionKey: { kind: 'dimension', name: 'cluster', isRequired: true },
    });
  });

  it('makes it as asked in the folder of an embedded Timestream that does not run, and makes none to describe', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'timestream-prometheus-table-'));
    const embedded = ['--storage=embedded', `--embedded.data-dir=${folder}`, '--embedded.listen-address=127.0.0.1:0'];
    const missing = await runCommand(['table', 'describe', ...embedded]);
    expect(missing).toMatchObject({ exitCode: 1, err: expect.stringContaining('destination-not-found') as string });
    const made = await runCommand(['table', 'create', ...embedded, '--memory-store-retention-in-hours=24']);
    expect(made.out).toContain('table PrometheusMetricsTable: made\n');
    expect(made.out).toMatch(/MemoryStoreRetentionInHours +24\n/);
    rmSync(folder, { recursive: true });
  });

  it('says that there is no such table', async () => {
    expect(await table('describe', 'missing')).toEqual({
      exitCode: 1,
      out: '',
      err: expect.stringMatching(/^timestream-prometheus: destination-not-found: DescribeTable: .*missing.*\n$/) as string,
    });
  });
});
