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

const timeText = (timestampMs: number): string => new Date(timestampMs).toISOString().replace('T', ' ').replace('Z', '000000');

type TimedValue = readonly [time: string, value: number];

/** The mean of each bin that has points, worked out here from the same load. */
function binned(host: number, widthMs: number): TimedValue[] {
  const bins = new Map<number, number[]>();
  for (const [index, timestampMs] of times.entries()) {
    const start = timestampMs - (timestampMs % widthMs);
    bins.set(start, [...(bins.get(start) ?? []), load(host, index)]);
  }
  return [...bins].map(([start, values]) => [timeText(start), two(mean(values))]);
}

/** Values between those of the bins, every 15 seconds. @param between  the value halfway from one bin to the next. */
function filled(bins: readonly TimedValue[], between: (pair: readonly [number, number, number]) => number): TimedValue[] {
  const msOf = (time: string): number => Date.parse(`${time.slice(0, 23).replace(' ', 'T')}Z`);
  return bins.flatMap(([time, value], index): TimedValue[] => {
    const next = bins[index + 1];
    if (next === undefined) return [[time, value]];
    const points: TimedValue[] = [];
    const [start, end] = [msOf(time), msOf(next[0])];
    for (let at = start; at < end; at += 15_000) {
      points.push([timeText(at), at === start ? value : between([(at - start) / (end - start), value, next[1]])]);
    }
    return points;
  });
}

const linear = ([share, before, after]: readonly [number, number, number]): number => before + share * (after - before);

/** Equal texts and, where a number is expected, one that is as close as rounding to two digits lets it be. */
function expectRows(rows: readonly unknown[][], expected: readonly (readonly (string | number)[])[]): void {
  expect(rows.length).toBe(expected.length);
  for (const [index, row] of rows.entries()) {
    for (const [column, wanted] of (expected[index] ?? []).entries()) {
      if (typeof wanted === 'string') expect(row[column]).toBe(wanted);
      else expect(Math.abs(Number(row[column]) - wanted), `row ${index}`).toBeLessThanOrEqual(0.0101);
    }
  }
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  const products = (x: readonly number[], meanX: number, y: readonly number[], meanY: number): number =>
    x.reduce((sum, value, index) => sum + (value - meanX) * ((y[index] ?? 0) - meanY), 0);
  return products(a, meanA, b, meanB) / Math.sqrt(products(a, meanA, a, meanA) * products(b, meanB, b, meanB));
}

/** Places in order, from 1; equal values share the mean of theirs. */
function ranks(values: readonly number[]): number[] {
  return values.map((value) => values.filter((each) => each < value).length + (values.filter((each) => each === value).length + 1) / 2);
}

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

    const rowsOf = (name: string): unknown[][] => answers.get(name) ?? [];
    const thirties = binned(1, 30_000);
    expectRows(
      rowsOf('percentiles of a host, binned'),
      // A bin of 15 seconds has one point at most: its percentiles are the point.
      binned(1, 15_000).map(([time, value]) => ['us-east-1', 'host-1', time, value, value, value, value]),
    );
    expectRows(
      rowsOf('averages of a host in bins of 30 seconds'),
      thirties.map(([time, value]) => [time, 'host-1', value]),
    );
    expectRows(rowsOf('gaps filled by linear interpolation'), filled(thirties, linear));
    expectRows(
      rowsOf('gaps filled with the last value'),
      filled(thirties, ([, before]) => before),
    );
    const above = (one('points above a bound') as [string, string][]).map(([time, value]) => [time, Number(value)]);
    expect(above).toEqual(times.flatMap((time, index) => ((rounded[index] ?? 0) > 70 ? [[timeText(time), rounded[index]]] : [])));
    const [pearson, spearman] = rowsOf('the correlation of two hosts')[0] ?? [];
    expect(Number(pearson)).toBeCloseTo(correlation(loads(1), loads(2)), 8);
    expect(Number(spearman)).toBeCloseTo(correlation(ranks(loads(1)), ranks(loads(2))), 8);
    for (const [index, [hostname, points]] of rowsOf("a dashboard's graph").entries()) {
      const host = hosts[index] ?? 0;
      expect(hostname).toBe(`host-${host}`);
      expect((points as [string, string][]).map(([time, value]) => [time, Number(value)])).toEqual(
        times.map((time, at) => [timeText(time), load(host, at)]),
      );
    }
    const dimensions = [
      ['region', 'varchar'],
      ['hostname', 'varchar'],
    ];
    expect(rowsOf("a dashboard's table of measures")).toEqual(
      ['cpu_utilization', 'memory_utilization'].map((name) => [name, 'double', dimensions]),
    );
    expect(rowsOf("a dashboard's columns")).toEqual([
      ['region', 'varchar', 'DIMENSION'],
      ['hostname', 'varchar', 'DIMENSION'],
      ['measure_name', 'varchar', 'MEASURE_NAME'],
      ['time', 'timestamp', 'TIMESTAMP'],
      ['measure_value::double', 'double', 'MEASURE_VALUE'],
    ]);

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
