import { QueryCommand, type TimestreamQueryClient } from '@aws-sdk/client-timestream-query';
import {
  DescribeTableCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UpdateTableCommand,
  type _Record,
} from '@aws-sdk/client-timestream-write';
import { build } from 'esbuild';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startEmbeddedTimestream } from '../src/index.js';
import { multiRecord, sampleRecord, writeTo } from './sample-record.js';
import { createClients, credential, startServer } from './start-server.js';

function makeFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'timestream-embedded-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function rowsOf(client: TimestreamQueryClient, QueryString: string): Promise<(string | undefined)[][]> {
  const { Rows } = await client.send(new QueryCommand({ QueryString }));
  return (Rows ?? []).map(({ Data }) => (Data ?? []).map(({ ScalarValue }) => ScalarValue));
}

const nowMs = Date.now();

describe('a data directory', () => {
  it('is made for nobody but its owner', async () => {
    const dataDir = path.join(makeFolder(), 'data');
    await startServer({ dataDir });
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  });

  it('holds everything when it is opened again: tables, tags, columns, records and their versions', async () => {
    const dataDir = makeFolder();
    const arn = 'arn:aws:timestream:us-east-1:000000000000:database/db/table/t';
    const first = await startServer({ dataDir });
    const measures: _Record['MeasureValues'] = [
      { Name: 'd', Value: '-0', Type: 'DOUBLE' },
      { Name: 'b', Value: 'true', Type: 'BOOLEAN' },
      { Name: 's', Value: 'a\u0000"b', Type: 'VARCHAR' },
      { Name: 'l', Value: '-9223372036854775808', Type: 'BIGINT' },
      { Name: 't', Value: String(nowMs), Type: 'TIMESTAMP' },
    ];
    const dimensions = [
      { Name: 'z', Value: 'ü' },
      { Name: 'mark', Value: '\ufeffbegins with a byte order mark' },
      { Name: 'a', Value: "'" },
    ];
    const newest = multiRecord(measures, { Dimensions: dimensions, Time: String(nowMs), Version: 9 });
    const older = multiRecord(measures, { Dimensions: dimensions, Time: String(nowMs - 1), Version: 4 });
    expect(await writeTo(first.write, [older, newest, sampleRecord({ Time: String(nowMs) })])).toMatchObject({ total: 3 });
    await first.write.send(new TagResourceCommand({ ResourceARN: arn, Tags: [{ Key: 'k', Value: 'v' }] }));
    await first.write.send(
      new UpdateTableCommand({
        DatabaseName: 'db',
        TableName: 't',
        RetentionProperties: { MemoryStoreRetentionPeriodInHours: 9, MagneticStoreRetentionPeriodInDays: 8 },
      }),
    );
    const statements = ['SELECT * FROM db.t ORDER BY measure_name, time', 'DESCRIBE db.t', 'SHOW MEASURES FROM db.t'];
    const before = await Promise.all(statements.map((statement) => first.query.send(new QueryCommand({ QueryString: statement }))));
    await first.server.close();

    const second = await startServer({ dataDir });
    for (const [index, statement] of statements.entries()) {
      const { Rows, ColumnInfo } = await second.query.send(new QueryCommand({ QueryString: statement }));
      expect({ Rows, ColumnInfo }).toEqual({ Rows: before[index]?.Rows, ColumnInfo: before[index]?.ColumnInfo });
    }
    expect((await second.write.send(new ListTagsForResourceCommand({ ResourceARN: arn }))).Tags).toEqual([{ Key: 'k', Value: 'v' }]);
    expect((await second.write.send(new DescribeTableCommand({ DatabaseName: 'db', TableName: 't' }))).Table?.RetentionProperties).toEqual({
      MemoryStoreRetentionPeriodInHours: 9,
      MagneticStoreRetentionPeriodInDays: 8,
    });
    expect(await writeTo(second.write, [older, newest])).toMatchObject({ total: 2 });
    const answer = await writeTo(second.write, [
      { ...newest, Version: 8 },
      { ...older, MeasureValues: measures.slice(1) },
    ]);
    expect(answer.rejected.map(({ ExistingVersion }) => ExistingVersion)).toEqual([9, 4]);
    expect(await rowsOf(second.query, 'SELECT count(*) FROM db.t')).toEqual([['3']]);
  });

  it('that cannot be made is refused in one line', async () => {
    const file = path.join(makeFolder(), 'file');
    writeFileSync(file, '');
    const refusal = (dataDir: string): Promise<unknown> => startEmbeddedTimestream({ credentials: [credential], dataDir }).catch(String);
    expect(await refusal(file)).toBe(`Error: The data directory ${file} cannot be used: there is a file of that name.`);
    if (process.platform === 'linux')
      for (const inside of ['/proc/data', '/proc/data/in/it'])
        expect(await refusal(inside)).toBe(`Error: The data directory ${inside} cannot be used: no folder can be made there.`);
    expect(await refusal(path.join(file, 'data'))).toBe(
      `Error: The data directory ${path.join(file, 'data')} cannot be used: a part of the path is a file.`,
    );
  });

  it('takes a record between the newest of its series and the newest of the table after it is opened again, and takes it once', async () => {
    const dataDir = makeFolder();
    const first = await startServer({ dataDir });
    const of = (job: string, offsetMs: number, MeasureValue: string): _Record =>
      sampleRecord({ Dimensions: [{ Name: 'job', Value: job }], Time: String(nowMs + offsetMs), MeasureValue });
    await writeTo(first.write, [of('early', 0, '1'), of('late', 100, '2')]);
    await first.server.close();
    const second = await startServer({ dataDir });
    expect(await writeTo(second.write, [of('early', 50, '3'), of('early', 100, '4'), of('late', -50, '5')])).toMatchObject({ total: 3 });
    const again = await writeTo(second.write, [of('early', 0, '6'), of('early', 50, '3'), of('early', 50, '7'), of('early', 100, '8')]);
    expect(again.rejected.map(({ RecordIndex }) => RecordIndex)).toEqual([0, 2, 3]);
    expect(await rowsOf(second.query, 'SELECT job, measure_value::double FROM db.t ORDER BY job, time')).toEqual([
      ['early', '1.0'],
      ['early', '3.0'],
      ['early', '4.0'],
      ['late', '5.0'],
      ['late', '2.0'],
    ]);
  });

  it('goes on with new columns and new series after it is opened again', async () => {
    const dataDir = makeFolder();
    const first = await startServer({ dataDir });
    await writeTo(first.write, [multiRecord([{ Name: 'a', Value: '1', Type: 'DOUBLE' }], { Time: String(nowMs) })]);
    await first.server.close();
    const second = await startServer({ dataDir });
    const time = { Time: String(nowMs + 1) };
    await writeTo(second.write, [
      multiRecord([{ Name: 'b', Value: '2', Type: 'DOUBLE' }], { ...time, Dimensions: [{ Name: 'host', Value: 'h' }] }),
    ]);
    await writeTo(second.write, [multiRecord([{ Name: 'a', Value: '3', Type: 'DOUBLE' }], time)]);
    expect(await rowsOf(second.query, 'SELECT job, host, a, b FROM db.t ORDER BY time, job')).toEqual([
      ['node', undefined, '1.0', undefined],
      ['node', undefined, '3.0', undefined],
      [undefined, 'h', undefined, '2.0'],
    ]);
  });

  it('deletes what a deleted table held', async () => {
    const dataDir = makeFolder();
    const { DeleteTableCommand } = await import('@aws-sdk/client-timestream-write');
    const first = await startServer({ dataDir });
    await writeTo(first.write, [sampleRecord()]);
    await first.write.send(new DeleteTableCommand({ DatabaseName: 'db', TableName: 't' }));
    await first.server.createTable({ databaseName: 'db', tableName: 't' });
    expect(await rowsOf(first.query, 'DESCRIBE db.t')).not.toContainEqual(expect.arrayContaining(['job']));
    await first.server.close();
    const second = await startServer({ dataDir });
    await writeTo(second.write, [sampleRecord({ MeasureName: 'fresh' })]);
    expect(await rowsOf(second.query, 'SELECT measure_name FROM db.t')).toEqual([['fresh']]);
  });
});

describe('many requests at once', () => {
  it('are each stored once, whatever they share', async () => {
    const { write, query, server } = await startServer();
    // Every request brings new series, new dimensions and new columns, and all fight for one record.
    const requests = Array.from({ length: 60 }, (_, index) =>
      writeTo(write, [
        multiRecord([{ Name: `column_${index % 7}`, Value: String(index), Type: 'DOUBLE' }], {
          MeasureName: `measure_${index % 5}`,
          Dimensions: [{ Name: `dimension_${index % 11}`, Value: String(index) }],
          Time: String(nowMs + index),
        }),
        sampleRecord({ MeasureName: 'contended', Time: String(nowMs), MeasureValue: String(index), Version: index + 1 }),
      ]),
    );
    const answers = await Promise.all(requests);
    expect(answers.filter(({ error }) => error !== undefined && error !== 'RejectedRecordsException')).toEqual([]);
    for (const { rejected } of answers) expect(rejected.every(({ RecordIndex }) => RecordIndex === 1)).toBe(true);
    expect(answers.at(-1)).toMatchObject({ total: 2 });
    expect(await rowsOf(query, "SELECT measure_value::double FROM db.t WHERE measure_name = 'contended'")).toEqual([['59.0']]);
    expect(await rowsOf(query, "SELECT count(*) FROM db.t WHERE measure_name <> 'contended'")).toEqual([['60']]);
    const { recordsIngested, recordsRejected } = server.usage();
    expect(recordsIngested + recordsRejected).toBe(120);
  });
});

describe('the program', () => {
  const program = fileURLToPath(new URL(`../test-results/program-${process.pid}.mjs`, import.meta.url));

  beforeAll(async () => {
    await build({
      entryPoints: [fileURLToPath(new URL('../src/main.ts', import.meta.url))],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
    });
  });

  afterAll(() => rmSync(program, { force: true }));

  async function startProgram(
    dataDir: string,
  ): Promise<{ readonly child: ChildProcess; readonly url: string; readonly output: () => string }> {
    const child = spawn(process.execPath, [
      program,
      '--listen-address=127.0.0.1:0',
      `--data-dir=${dataDir}`,
      `--credentials=${credential.accessKeyId}:${credential.secretAccessKey}`,
      '--create=db.t',
    ]);
    onTestFinished(() => void child.kill('SIGKILL'));
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    while (!output.includes('aws timestream-query')) {
      if (child.exitCode !== null) throw new Error(`the program ended: ${output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return { child, url: /http:\/\/[\d.:]+/.exec(output)?.[0] ?? '', output: () => output };
  }

  it('loses no acknowledged record and keeps no half of a request when it is killed with -9', { timeout: 120_000 }, async () => {
    const dataDir = makeFolder();
    const acknowledged = new Set<number>();
    let request = 0;
    for (let round = 0; round < 3; round += 1) {
      const { child, url } = await startProgram(dataDir);
      const clients = createClients(url);
      let killed = false;
      const sendUntilKilled = async (): Promise<void> => {
        while (!killed) {
          const id = request;
          request += 1;
          // Seven records of a request share one value; every tenth request brings a new column.
          const records = Array.from({ length: 7 }, (_, index) =>
            multiRecord(
              [
                { Name: 'request', Value: String(id), Type: 'BIGINT' },
                { Name: `extra_${Math.floor(id / 10)}`, Value: '1', Type: 'DOUBLE' },
              ],
              { Dimensions: [{ Name: 'worker', Value: String(index) }], Time: String(nowMs - id) },
            ),
          );
          const { total } = await writeTo(clients.write, records);
          if (total === 7) acknowledged.add(id);
        }
      };
      const senders = Array.from({ length: 8 }, sendUntilKilled);
      // Killed while the senders are at it, and not before a slow machine has stored anything.
      const enough = acknowledged.size + 15 + 10 * round;
      while (acknowledged.size < enough) await new Promise((resolve) => setTimeout(resolve, 5));
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      killed = true;
      await Promise.all(senders);
      clients.write.destroy();
      clients.query.destroy();
    }
    expect(acknowledged.size).toBeGreaterThan(20);
    const { query } = await startServer({ dataDir });
    const stored = new Map<number, number>();
    for (let from = 0; from < request; from += 900) {
      const rows = await rowsOf(
        query,
        `SELECT request, count(*) FROM db.t WHERE request >= ${from} AND request < ${from + 900} GROUP BY request`,
      );
      for (const [id, count] of rows) stored.set(Number(id), Number(count));
    }
    expect([...acknowledged].filter((id) => stored.get(id) !== 7)).toEqual([]);
    expect([...stored].filter(([, count]) => count !== 7)).toEqual([]);
  });

  it('ends by itself on SIGTERM, and says so by its exit code', { timeout: 30_000 }, async () => {
    const { child, url } = await startProgram(makeFolder());
    const { write, query } = createClients(url);
    expect(await writeTo(write, [sampleRecord()])).toMatchObject({ total: 1 });
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    write.destroy();
    query.destroy();
  });

  it('refuses a data directory that another process has open, and names the process', { timeout: 30_000 }, async () => {
    const dataDir = makeFolder();
    const { child } = await startProgram(dataDir);
    await expect(startEmbeddedTimestream({ dataDir, credentials: [credential] })).rejects.toThrow(
      `The data directory ${dataDir} is in use by another process (PID ${child.pid ?? ''})`,
    );
  });
});
