import { paginateQuery, type Datum, type Row, type TimestreamQueryClient } from '@aws-sdk/client-timestream-query';
import { execFile, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { AdjustableClock } from '../../src/index.js';
import { credential, startServer } from '../start-server.js';

/** What people ask Timestream: after Amazon's sample application and Grafana's dashboards, over hosts whose load is made here. */
const queries = JSON.parse(await readFile(new URL('queries.json', import.meta.url), 'utf8')) as [string, string][];

const nowMs = Date.parse('2024-01-01T01:00:00Z');
const stepMs = 20_000;
const hosts = [1, 2, 3, 4, 5];
const times = Array.from({ length: 250 }, (_, index) => nowMs - (250 - index) * stepMs);

/** Between 0 and 100, another curve for each host; host 3 is busy. */
function load(host: number, index: number): number {
  const base = 50 + 30 * Math.sin((index * host) / 17) + 7 * Math.cos(index / (3 + host));
  return Math.round((host === 3 ? Math.min(100, base + 35) : base) * 1000) / 1000;
}

function seed(): string {
  return hosts
    .map((host) =>
      JSON.stringify({
        DatabaseName: 'sampledb',
        TableName: 'devops',
        CommonAttributes: {
          Dimensions: [
            { Name: 'region', Value: host < 4 ? 'us-east-1' : 'eu-west-1' },
            { Name: 'hostname', Value: `host-${host}` },
          ],
          MeasureValueType: 'DOUBLE',
        },
        Records: times.flatMap((timestampMs, index) => [
          { MeasureName: 'cpu_utilization', MeasureValue: String(load(host, index)), Time: String(timestampMs) },
          { MeasureName: 'memory_utilization', MeasureValue: String(load(host + 5, index)), Time: String(timestampMs) },
        ]),
      }),
    )
    .join('\n');
}

function startSamples(): Promise<{ readonly query: TimestreamQueryClient; readonly server: { readonly url: string } }> {
  const clock = new AdjustableClock();
  clock.freeze();
  clock.set(nowMs);
  return startServer({ clock, load: [seed()] });
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

const two = (value: number): number => Math.round(value * 100) / 100;
const loads = (host: number): number[] => times.map((_, index) => load(host, index));
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Whether a program that a test needs is there; REQUIRE_AWS=1 makes its absence a failure. */
function isMissing(program: string, ...probe: readonly string[]): boolean {
  if (spawnSync(program, probe).status === 0) return false;
  if (process.env['REQUIRE_AWS'] === '1') throw new Error(`REQUIRE_AWS=1, but '${program} ${probe.join(' ')}' does not run`);
  process.stderr.write(`\n*** '${program} ${probe.join(' ')}' does not run: its tests are SKIPPED. ***\n\n`);
  return true;
}

describe('the sample queries', { timeout: 120_000 }, () => {
  it('all run through the JavaScript SDK, and the answers are what the data say', async () => {
    const { query } = await startSamples();
    const answers = new Map<string, unknown[][]>();
    for (const [name, sql] of queries) answers.set(name, table(await ask(query, sql)));
    for (const [name, rows] of answers) expect(rows.length, name).toBeGreaterThan(0);
    const one = (name: string): unknown => answers.get(name)?.[0]?.[0];

    const fleet = mean(hosts.flatMap(loads));
    const busy = hosts.filter((host) => mean(loads(host)) > 1.1 * fleet).map((host) => `host-${host}`);
    expect(answers.get('hosts above the average of the fleet')?.map(([host]) => host)).toEqual(busy);
    expect(busy).toEqual(['host-3']);

    const rounded = loads(1).map(two);
    expect(Number(one('the sum of the squares'))).toBeCloseTo(
      rounded.reduce((sum, value) => sum + value * value, 0),
      3,
    );
    expect(Number(one('the share of points above a bound'))).toBeCloseTo(rounded.filter((value) => value > 70).length / rounded.length, 4);
    expect((one('points above a bound') as unknown[]).length).toBe(rounded.filter((value) => value > 70).length);

    const areas = loads(2)
      .slice(1)
      .map((value, index) => ((value + (loads(2)[index] ?? 0)) / 2) * (stepMs / 300_000));
    expect(Number(one('the area below the curve'))).toBeCloseTo(
      areas.reduce((sum, area) => sum + area, 0),
      4,
    );

    const rates = one('the rate of change') as [string, string][];
    expect(rates.length).toBe(times.length - 1);
    expect(Number(rates[0]?.[1])).toBeCloseTo((((rounded[1] ?? 0) - (rounded[0] ?? 0)) / stepMs) * 300_000, 6);

    expect(answers.get('the last value of each host')?.map(([, latest]) => Number(latest))).toEqual(
      hosts.map((host) => load(host + 5, times.length - 1)),
    );
    expect(answers.get("a dashboard's list of hosts")).toEqual(hosts.map((host) => [`host-${host}`]));
    expect(answers.get("a dashboard's graph")?.[0]?.[1]).toHaveLength(times.length);
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
    run.child.stdin?.end(JSON.stringify(queries.map(([, sql]) => sql)));
    const answers = JSON.parse((await run).stdout) as Row[][];
    for (const [index, [name, sql]] of queries.entries()) expect(table(answers[index] ?? []), name).toEqual(table(await ask(query, sql)));
  });

  it.skipIf(isMissing('aws', '--version'))('answer the aws command as they answer the JavaScript SDK', async () => {
    const { query, server } = await startSamples();
    // A start of the command takes seconds: one query with pages, one with a time series, one with rows, one of the catalog.
    const chosen = [
      'gaps filled by linear interpolation',
      'points above a bound',
      'the last value of each host',
      "a dashboard's table of measures",
    ];
    for (const [name, sql] of queries.filter(([each]) => chosen.includes(each))) {
      const arguments_ = ['timestream-query', 'query', '--endpoint-url', server.url, '--output', 'json', '--query-string', sql];
      const { stdout } = await promisify(execFile)('aws', arguments_, { env: env(server.url), maxBuffer: 1 << 26 });
      expect(table((JSON.parse(stdout) as { Rows: Row[] }).Rows), name).toEqual(table(await ask(query, sql)));
    }
  });
});
