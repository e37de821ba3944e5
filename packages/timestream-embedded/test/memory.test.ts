import { QueryCommand, type TimestreamQueryClient } from '@aws-sdk/client-timestream-query';
import { WriteRecordsCommand } from '@aws-sdk/client-timestream-write';
import { build } from 'esbuild';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { memoryBytes, memoryShares } from '../src/memory-shares.js';
import { createClients, credential } from './start-server.js';

const program = fileURLToPath(new URL(`../test-results/memory-${process.pid}.mjs`, import.meta.url));
const memoryLimit = '128MB';

/** What the guide says a process may have: twice what the option says, and 350 MB. */
const allowedBytes = 2 * (memoryBytes(memoryLimit) ?? 0) + 350_000_000;

/** Rows out of nothing, ten thousand times `times`. */
const rows = (times: number): string => `UNNEST(sequence(1, 10000)) AS a (n) CROSS JOIN UNNEST(sequence(1, ${times})) AS b (m)`;
const series = (times: number): string =>
  `SELECT CREATE_TIME_SERIES(from_milliseconds(n * ${times} + m), CAST(n AS DOUBLE)) AS s FROM ${rows(times)}`;

/** Each wants more memory than there is, at another place of the process. */
const hostile: readonly string[] = [
  `SELECT array_agg(n) FROM ${rows(1000)}`,
  `SELECT array_agg(CAST(n AS VARCHAR) || 'a text that is not short') FROM ${rows(300)}`,
  `SELECT ARRAY[array_agg(n)] FROM ${rows(300)}`,
  `SELECT skewness(CAST(n AS DOUBLE)) FROM ${rows(300)}`,
  `SELECT approx_percentile(CAST(n AS DOUBLE), CAST(m AS DOUBLE), 0.5) FROM ${rows(300)}`,
  `SELECT integral_trapezoidal(s) FROM (${series(100)})`,
  `SELECT interpolate_linear(s, sequence(from_milliseconds(1000), from_milliseconds(9000), 1ms)) FROM (${series(100)})`,
  `UNLOAD (SELECT n, m, 'a text that is not short' AS t FROM ${rows(300)}) TO 's3://bucket/rows' WITH (format = 'CSV')`,
];

/** Rows of a text that grows with each of some subqueries. */
const nested = (larger: string, depth: number): string =>
  depth === 0 ? `SELECT CAST(n AS VARCHAR) || 'a' AS x FROM ${rows(1)}` : `SELECT ${larger} AS x FROM (${nested(larger, depth - 1)})`;

/** Texts and lists that a statement makes out of nothing in each of the rows that the database works on at a time. */
const madeOutOfNothing: readonly string[] = [
  `SELECT sum(length(array_join(repeat('a text that is not short', 10000 - n % 2), ','))) FROM ${rows(1)}`,
  `SELECT sum(length(rpad(CAST(n AS VARCHAR), 1000000, 'x'))) FROM ${rows(1)}`,
  `SELECT sum(length(lpad(CAST(n AS VARCHAR), 100000, 'é') || rpad(CAST(n AS VARCHAR), 100000, 'x'))) FROM ${rows(1)}`,
  `SELECT sum(cardinality(sequence(n, n + 9000))) FROM ${rows(1)}`,
  `SELECT sum(cardinality(transform(sequence(n, n + 9000), x -> CAST(x AS VARCHAR)))) FROM ${rows(1)}`,
  `SELECT sum(cardinality(repeat(sequence(n, n + 90), 9000))) FROM ${rows(1)}`,
  `SELECT array_agg(rpad(CAST(n AS VARCHAR), 100000, 'x')) FROM ${rows(1)}`,
  `SELECT sum(length(replace(rpad(CAST(n AS VARCHAR), 1000, 'x'), 'x', '${'y'.repeat(1000)}'))) FROM ${rows(1)}`,
  ...['x || x', 'upper(x) || lower(x)', "concat(x, ',', x)"].map((twice) => `SELECT sum(length(x)) FROM (${nested(twice, 14)})`),
  `SELECT sum(length(x)) FROM (${nested(Array.from({ length: 100 }, () => 'x').join(' || '), 3)})`,
  `SELECT max(length(array_join(transform(sequence(1, 10000), i -> x), ''))) FROM (SELECT rpad('a', 300000, 'b') AS x)`,
  `SELECT length(regexp_replace(rpad('a', 10000, 'a'), 'a', found -> x)) FROM (SELECT rpad('a', 1000000, 'b') AS x)`,
  `SELECT length(array_join(sequence(1, 10000), rpad('a', 1000000, 'x')))`,
  `SELECT cardinality(zip_with(sequence(1, 10000), sequence(1, 10000), (i, k) -> x)) FROM (SELECT rpad('a', 1000000, 'b') AS x)`,
  `SELECT cardinality(ARRAY[${Array.from({ length: 200 }, () => 'x').join(', ')}]) FROM (SELECT rpad('a', 1000000, 'b') AS x)`,
  `SELECT sum(cardinality(concat(x, x, x, x, x, x, x, x))) FROM (SELECT sequence(n, n + 60) AS x FROM ${rows(1)})`,
  "SELECT length(reduce(sequence(1, 30), 'aaaaaaaaaaaaaaaa', (s, x) -> s || s, s -> s))",
  `SELECT sum(length(reduce(sequence(1, 16), CAST(n AS VARCHAR), (s, x) -> s || s, s -> s))) FROM ${rows(1)}`,
  'SELECT cardinality(reduce(sequence(1, 30), ARRAY[1, 2], (s, x) -> concat(s, s), s -> s))',
  "SELECT reduce(sequence(1, 30), CAST(ROW('aaaaaaaa') AS ROW(t VARCHAR)), (s, x) -> CAST(ROW(s.t || s.t) AS ROW(t VARCHAR)), s -> length(s.t))",
  `SELECT sum(length(regexp_replace(rpad(CAST(n AS VARCHAR), 1000, 'x'), 'x', '${'y'.repeat(1000)}'))) FROM ${rows(1)}`,
];

/** Functions that copy a text, whole or in parts, on one of a megabyte that is joined to each of ten thousand rows. */
const copied: readonly string[] = [
  'upper(x || CAST(n AS VARCHAR))',
  'lower(x)',
  'trim(x)',
  'ltrim(x)',
  'rtrim(x)',
  'substr(x, n)',
  'substr(x, 1, 1000000 - n)',
  "replace(x, 'a')",
  "replace(x, 'a', '')",
  'element_at(split(x, CAST(n AS VARCHAR)), 1)',
  'element_at(split(x, CAST(n AS VARCHAR), 2), 1)',
  'split_part(x, CAST(n AS VARCHAR), 1)',
  'reverse(x)',
  "regexp_replace(x, 'a')",
  "regexp_extract(x, '[ab]+')",
  "array_join(regexp_extract_all(x, '[ab]'), '')",
  "array_join(regexp_split(x, 'b'), '')",
].map((copy) => `SELECT sum(length(${copy})) FROM (SELECT rpad('a', 1000000, 'b') AS x) CROSS JOIN ${rows(1)}`);

/** The same functions, in what one may ask for. */
const modest: readonly string[] = [
  `SELECT sum(cardinality(sequence(n, n + 50)) + length(rpad(CAST(n AS VARCHAR), 300, 'x')) + cardinality(repeat(n, 50))) FROM ${rows(1)}`,
  `SELECT max(length('cpu ' || CAST(length(x) AS VARCHAR) || ' of ' || x || '!')) FROM (${nested('x || x', 3)})`,
  `SELECT sum(cardinality(concat(ARRAY[n], sequence(1, 9)))), max(array_join(transform(sequence(1, 9), i -> 'i' || CAST(n + i AS VARCHAR)), ', ')) FROM ${rows(1)}`,
  `SELECT sum(length(reduce(sequence(1, 20), '', (s, x) -> s || CAST(x AS VARCHAR), s -> s))) FROM ${rows(1)}`,
  "SELECT length(reduce(sequence(1, 12), 'aaaaaaaaaaaaaaaa', (s, x) -> s || s, s -> s))",
  `SELECT sum(length(upper(lower(trim(reverse(x))))) + length(substr(x, 2)) + cardinality(split(x, 'b')) + length(regexp_replace(x, 'a'))) FROM (SELECT rpad(CAST(n AS VARCHAR), 2048, 'ab') AS x FROM UNNEST(sequence(1, 800)) AS a (n))`,
  "SELECT length(upper(rpad('a', 1000000, 'b'))), length(substr(rpad('a', 1000000, 'b'), 2))",
  `SELECT length(rpad('a', 1000000, 'x')), cardinality(repeat('a', 10000)), length(array_join(sequence(1, 10000), ','))`,
];

/** Lists of millions of values, which the database counts while it collects them, and no longer in what is made of them. */
const longLists: readonly string[] = [
  `SELECT ARRAY[array_agg(n)] FROM ${rows(300)}`,
  `SELECT ROW(1, ARRAY[array_agg(n)]) FROM ${rows(300)}`,
  `SELECT ARRAY[array_agg('a text that is not short')] FROM ${rows(100)}`,
  `SELECT array_agg(rpad(CAST(n AS VARCHAR), 1000, 'x')) FROM ${rows(5)}`,
  `SELECT cardinality(reverse(reverse(reverse(reverse(array_agg(n)))))) FROM ${rows(300)}`,
  `SELECT cardinality(filter(transform(filter(array_agg(n), x -> x > 1), x -> x + 1), x -> x > 3)) FROM ${rows(300)}`,
];

/** Pages of three rows each, 150 rows in all. */
const wide = `SELECT n, array_agg(m) FROM UNNEST(sequence(1, 150)) AS a (n) CROSS JOIN UNNEST(sequence(1, 10000)) AS b (m) GROUP BY n`;

function peakBytes(child: ChildProcess): number {
  const status = readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** The first pages of a statement, or the name of its refusal. */
async function ask(query: TimestreamQueryClient, sql: string): Promise<string> {
  try {
    let token: string | undefined;
    for (let page = 0; page < 4; page += 1) {
      const answer = await query.send(new QueryCommand({ QueryString: sql, ...(token === undefined ? {} : { NextToken: token }) }));
      token = answer.NextToken;
      if (token === undefined) return 'answered';
    }
    return 'not finished';
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

describe('the shares of the memory', () => {
  it('grow with the limit, and stay within as much again as soon as it is more than the least', () => {
    const small = memoryShares('64MB');
    const large = memoryShares('2GB');
    expect(small.maxOpenCursors).toBe(4);
    expect(large.maxOpenCursors).toBeGreaterThan(50);
    expect(large.maxListEntries).toBeGreaterThan(10 * small.maxListEntries);
    const bytes = large.maxBodiesBytes * 6 + large.maxCollectedBytes * 10 + large.maxListEntries * 250 + large.maxMadeBytes * 4;
    expect(bytes).toBeLessThan(2e9);
  });
});

// The peak is read from /proc.
describe.skipIf(process.platform !== 'linux')('a process with a limit', { timeout: 300_000 }, () => {
  beforeAll(async () => {
    const entryPoints = [fileURLToPath(new URL('../src/main.ts', import.meta.url))];
    await build({ entryPoints, outfile: program, bundle: true, platform: 'node', format: 'esm', packages: 'external' });
  }, 60_000);
  afterAll(() => rmSync(program, { force: true }));

  async function startProgram(): Promise<{ readonly child: ChildProcess; readonly url: string }> {
    const folder = mkdtempSync(join(tmpdir(), 'timestream-memory-'));
    const child = spawn(process.execPath, [
      program,
      '--listen-address=127.0.0.1:0',
      `--memory-limit=${memoryLimit}`,
      `--buckets-dir=${folder}`,
      `--credentials=${credential.accessKeyId}:${credential.secretAccessKey}`,
      '--create=db.t',
    ]);
    onTestFinished(() => {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    while (!output.includes('aws timestream-query')) {
      if (child.exitCode !== null) throw new Error(`the program ended: ${output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return { child, url: /http:\/\/[\d.:]+/.exec(output)?.[0] ?? '' };
  }

  it.each(longLists)('does not hold the copies of a long list: %s', async (sql) => {
    const { child, url } = await startProgram();
    const { query } = createClients(url);
    onTestFinished(() => query.destroy());
    expect(await ask(query, sql)).toBe('QueryExecutionException');
    // It has 110 MB when it starts, and the database may have 128 MB: less than these copies take.
    expect(peakBytes(child)).toBeLessThan(300_000_000);
  });

  it('stays within it, whatever is asked of it at once, and answers afterwards', async () => {
    const { child, url } = await startProgram();
    const { query, write } = createClients(url);
    onTestFinished(() => {
      query.destroy();
      write.destroy();
    });
    const outcomes = new Map<string, string>();
    // Four at a time: three run and one waits.
    const waiting = [...hostile, ...madeOutOfNothing, ...copied, ...modest];
    const asking = Array.from({ length: 4 }, async () => {
      for (let sql = waiting.shift(); sql !== undefined; sql = waiting.shift()) {
        outcomes.set(sql, await ask(query, sql));
        if (process.env['SHOW_MEMORY'] === '1')
          process.stderr.write(`${Math.round(peakBytes(child) / 1e6)} MB, ${outcomes.get(sql) ?? ''}: ${sql.slice(0, 90)}\n`);
      }
    });
    const text = 'x'.repeat(3_500_000);
    const sending = Array.from({ length: 40 }, () =>
      write
        .send(new WriteRecordsCommand({ DatabaseName: 'db', TableName: 't', Records: [{ MeasureName: text }] }))
        .then(() => 'stored')
        .catch((error: unknown) => (error instanceof Error ? error.name : String(error))),
    );
    await Promise.all(asking);
    const sent = await Promise.all(sending);
    expect(sent.filter((outcome) => outcome !== 'ThrottlingException' && outcome !== 'ValidationException')).toEqual([]);
    expect(
      [...outcomes.values()].every((outcome) => ['QueryExecutionException', 'not finished', 'answered'].includes(outcome)),
      JSON.stringify([...outcomes]),
    ).toBe(true);
    expect(outcomes.get(hostile[0] ?? '')).toBe('QueryExecutionException');
    expect([...madeOutOfNothing, ...copied].filter((sql) => outcomes.get(sql) !== 'QueryExecutionException')).toEqual([]);
    expect(modest.filter((sql) => outcomes.get(sql) !== 'answered')).toEqual([]);
    expect(await ask(query, wide)).toBe('not finished');
    // A result that waits for its next page keeps what the database holds of it: in the end there is no room for one more.
    for (let result = 0; result < 5; result += 1) expect(['not finished', 'QueryExecutionException']).toContain(await ask(query, wide));
    expect(await ask(query, 'SELECT count(*) FROM db.t')).toBe('answered');
    expect(peakBytes(child)).toBeLessThan(allowedBytes);
  });
});
