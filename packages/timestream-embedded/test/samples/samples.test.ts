import { paginateQuery, type Datum, type Row, type TimestreamQueryClient } from '@aws-sdk/client-timestream-query';
import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { AdjustableClock } from '../../src/index.js';
import { askPython, isPythonPresent } from '../sql/python/python-oracle.js';
import { credential, startServer } from '../start-server.js';
import { dashboardQueries } from './dashboard-queries.js';
import { hostQueries, hostTables } from './host-queries.js';
import { hostPoints, nowMs, seedLines, servicePoints } from './sample-tables.js';

const range = { fromMs: nowMs - 80 * 60_000, toMs: nowMs - 5 * 60_000, intervalMs: 90_000 };
const panels = dashboardQueries(range);
const statements = [...hostTables.flatMap(hostQueries), ...panels].map(({ sql }) => sql);

interface ExpectedAnswers {
  readonly hosts: readonly unknown[][][];
  readonly dashboard: readonly unknown[][][];
}

function startSamples(): Promise<{ readonly query: TimestreamQueryClient; readonly server: { readonly url: string } }> {
  const clock = new AdjustableClock();
  clock.freeze();
  clock.set(nowMs);
  return startServer({ clock, load: [seedLines()] });
}

async function ask(client: TimestreamQueryClient, sql: string): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const page of paginateQuery({ client }, { QueryString: sql })) rows.push(...(page.Rows ?? []));
  return rows;
}

function plain({ ScalarValue, NullValue, ArrayValue, RowValue, TimeSeriesValue }: Datum): unknown {
  if (NullValue === true) return null;
  if (TimeSeriesValue !== undefined) return TimeSeriesValue.map(({ Time, Value }) => [Time, Value && plain(Value)]);
  return ScalarValue ?? ArrayValue?.map(plain) ?? RowValue?.Data?.map(plain);
}
const table = (rows: readonly Row[]): unknown[][] => rows.map(({ Data = [] }) => Data.map(plain));

/** Texts and NULL by themselves, numbers within the last digits of what sums of doubles differ by; `roundedFrom` is what was rounded to two digits. */
function isSame(ours: unknown, theirs: unknown): boolean {
  const roundedFrom = (theirs as { readonly roundedFrom?: number } | null)?.roundedFrom;
  if (roundedFrom !== undefined) return Math.abs(Number(ours) - roundedFrom) <= 0.005 + 1e-9;
  if (Array.isArray(theirs))
    return Array.isArray(ours) && ours.length === theirs.length && theirs.every((each, index) => isSame(ours[index], each));
  if (typeof theirs !== 'number') return ours === theirs;
  return typeof ours === 'string' && Math.abs(Number(ours) - theirs) <= 1e-9 * Math.max(1, Math.abs(theirs));
}

function expectAnswer(ours: readonly unknown[][], theirs: readonly unknown[][] | undefined, name: string): void {
  expect(theirs?.length, name).toBeGreaterThan(0);
  expect(ours.length, `rows of ${name}`).toBe(theirs?.length);
  const different = ours.findIndex((row, index) => !isSame(row, theirs?.[index]));
  expect(
    different < 0 ? [] : [ours[different], theirs?.[different]].map((row) => JSON.stringify(row).slice(0, 600)),
    `row ${different} of ${name}, ours and Python's`,
  ).toEqual([]);
}

/** Whether a program that a test needs is there; REQUIRE_AWS=1 makes its absence a failure. */
function isMissing(program: string, ...probe: readonly string[]): boolean {
  if (spawnSync(program, probe).status === 0) return false;
  if (process.env['REQUIRE_AWS'] === '1') throw new Error(`REQUIRE_AWS=1, but '${program} ${probe.join(' ')}' does not run`);
  process.stderr.write(`\n*** '${program} ${probe.join(' ')}' does not run: its tests are SKIPPED. ***\n\n`);
  return true;
}

describe('the sample queries', { timeout: 120_000 }, () => {
  const expected = isPythonPresent()
    ? askPython<ExpectedAnswers>(new URL('expected_answers.py', import.meta.url), [
        { hosts: hostPoints, services: servicePoints, nowMs, ...range },
      ])[0]
    : undefined;

  for (const shape of hostTables) {
    it.skipIf(expected === undefined)(`of Amazon's application answer what the points say, all twelve of ${shape.table}`, async () => {
      const { query } = await startSamples();
      const queries = hostQueries(shape);
      expect(queries.length).toBe(12);
      for (const [index, { purpose, sql }] of queries.entries())
        expectAnswer(table(await ask(query, sql)), expected?.hosts[index], purpose);
    });
  }

  it.skipIf(expected === undefined)("of Grafana's dashboard answer what the points say, their macros expanded", async () => {
    const { query } = await startSamples();
    expect(panels.length).toBe(expected?.dashboard.length);
    for (const [index, { purpose, sql }] of panels.entries())
      expectAnswer(table(await ask(query, sql)), expected?.dashboard[index], purpose);
  });

  const env = (url: string): NodeJS.ProcessEnv => ({
    ...process.env,
    AWS_ACCESS_KEY_ID: credential.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credential.secretAccessKey,
    AWS_DEFAULT_REGION: 'us-east-1',
    TIMESTREAM_ENDPOINT: url,
  });

  it.skipIf(isMissing('python3', '-c', 'import boto3'))('answer boto3 as they answer the JavaScript SDK', async () => {
    const { query, server } = await startSamples();
    const run = promisify(execFile)('python3', [fileURLToPath(new URL('ask_boto3.py', import.meta.url))], {
      env: env(server.url),
      maxBuffer: 1 << 26,
    });
    run.child.stdin?.end(JSON.stringify(statements));
    const answers = JSON.parse((await run).stdout) as Row[][];
    for (const [index, sql] of statements.entries()) expect(table(answers[index] ?? []), sql).toEqual(table(await ask(query, sql)));
  });

  it.skipIf(isMissing('aws', '--version'))('answer the aws command as they answer the JavaScript SDK', async () => {
    const { query, server } = await startSamples();
    // A start of the command takes a second: the twelve once, and of the dashboard the panel with NULLs.
    const chosen = [...hostQueries(hostTables[1] ?? { table: '', value: '', measureName: '' }), ...panels.slice(8, 9)];
    const askCommand = async (sql: string): Promise<unknown[][]> => {
      const arguments_ = ['timestream-query', 'query', '--endpoint-url', server.url, '--output', 'json', '--query-string', sql];
      const { stdout } = await promisify(execFile)('aws', arguments_, { env: env(server.url), maxBuffer: 1 << 26 });
      return table((JSON.parse(stdout) as { Rows: Row[] }).Rows);
    };
    for (let at = 0; at < chosen.length; at += 4) {
      const few = chosen.slice(at, at + 4);
      const answers = await Promise.all(few.map(({ sql }) => askCommand(sql)));
      for (const [index, { purpose, sql }] of few.entries()) expect(answers[index], purpose).toEqual(table(await ask(query, sql)));
    }
  });
});
