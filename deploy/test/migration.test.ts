import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { bodyInHand, createConnector, openAwsStorage, parseConfig, type Connector } from '@timestream-prometheus/connector';
import {
  decodeReadResponse,
  decodeSnappy,
  encodeReadRequest,
  encodeSnappy,
  encodeWriteRequest,
  type TimeSeries,
} from '@timestream-prometheus/prom-codec';
import { startEmbeddedTimestream, type EmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployFolder } from '../stack/template-document.js';
import { isMissing, runProgram } from './aws-tools.js';

const lacksAws = isMissing(
  'the aws command line',
  runProgram('aws', ['--version']).status === 0,
  'REQUIRE_AWS_CLI',
  'To run the commands of docs/migration.md: `pip install awscli`.',
);

const page = readFileSync(`${deployFolder}/../docs/migration.md`, 'utf8');
const sql = (heading: string): string =>
  new RegExp(`### ${heading}[\\s\\S]*?\`\`\`sql\\n([\\s\\S]*?)\n\`\`\``).exec(page)?.[1] ?? `no SQL under ${heading}`;

const key = { accessKeyId: 'AKIAEXAMPLEACCESSKEY', secretAccessKey: 'example/secret+access/key' };
const silent = { debug: () => undefined, ['info']: () => undefined, warn: () => undefined, error: () => undefined };
const uncounted = { add: () => undefined, observe: () => undefined, move: () => undefined };

/** A record as the Go connector writes it: one measure, the labels as dimensions, the value with six decimals, no version. */
function goRecord(metric: string, labels: Readonly<Record<string, string>>, timeMs: number, value: number): object {
  const Dimensions = Object.entries(labels).map(([Name, Value]) => ({ Name, Value }));
  return {
    Dimensions,
    MeasureName: metric,
    MeasureValue: value.toFixed(6),
    MeasureValueType: 'DOUBLE',
    Time: String(timeMs),
    TimeUnit: 'MILLISECONDS',
  };
}

describe.skipIf(lacksAws)('coming from the Go connector, as docs/migration.md says', () => {
  let timestream: EmbeddedTimestream;
  let connector: Connector;
  let home: string;
  const nowMs = Date.now() - 60_000;

  beforeAll(async () => {
    timestream = await startEmbeddedTimestream({
      credentials: [key],
      create: [
        {
          databaseName: 'PrometheusDatabase',
          tableName: 'PrometheusMetricsTable',
          memoryStoreRetentionHours: 24,
          magneticStoreWrites: true,
        },
      ],
    });
    home = mkdtempSync(path.join(tmpdir(), 'migration-'));
    const config = parseConfig({
      defaultsFor: 'server',
      env: {
        // Names and spellings of the Go connector, as its users have them.
        default_database: 'PrometheusDatabase',
        default_table: 'PrometheusMetricsTable',
        region: 'us-east-1',
        max_read_retries: '3',
        max_write_retries: '10',
        enable_logging: 'T',
        log_level: 'info',
        log_format: 'logfmt',
        fail_on_long_label: 'f',
        fail_on_invalid_sample_value: '0',
        enable_sigv4_auth: 'false',
        write_base_endpoint: timestream.url,
        query_base_endpoint: timestream.url,
      },
      flags: {},
    });
    connector = createConnector({
      config,
      openStorage: openAwsStorage(config, { logger: silent, metrics: uncounted }),
      logger: silent,
      metrics: uncounted,
    });
    // What the Go connector has left: series by the minute, an hour of them, and a label that only some have.
    const records = Array.from({ length: 60 }, (_none, minute) => [
      goRecord('up', { job: 'node', instance: 'a:9100' }, nowMs - (60 - minute) * 60_000, 1),
      goRecord('load', { job: 'node', instance: 'a:9100', zone: 'b' }, nowMs - (60 - minute) * 60_000, 0.123456 + minute),
    ]).flat();
    for (let start = 0; start < records.length; start += 100) {
      await aws('timestream-write', 'write-records', ...destination, '--records', JSON.stringify(records.slice(start, start + 100)));
    }
  });
  const destination = ['--database-name', 'PrometheusDatabase', '--table-name', 'PrometheusMetricsTable'];
  async function aws(...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('aws', ['--endpoint-url', timestream.url, '--output', 'json', ...args], {
      env: {
        ...process.env,
        HOME: home,
        PYENV_ROOT: process.env['PYENV_ROOT'],
        AWS_ACCESS_KEY_ID: key.accessKeyId,
        AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_PAGER: '',
      },
    });
    return stdout;
  }

  /** The cells of a query's rows, as text. */
  async function query(text: string): Promise<readonly (readonly (string | undefined)[])[]> {
    const answer = JSON.parse(await aws('timestream-query', 'query', '--query-string', text)) as {
      Rows: readonly { Data: readonly { ScalarValue?: string }[] }[];
    };
    return answer.Rows.map(({ Data }) => Data.map(({ ScalarValue }) => ScalarValue));
  }

  async function send(route: string, body: Uint8Array): Promise<{ readonly status: number; readonly body: Uint8Array }> {
    const authorization = `Basic ${Buffer.from(`${key.accessKeyId}:${key.secretAccessKey}`).toString('base64')}`;
    const response = await connector.handle({
      method: 'POST',
      path: route,
      query: '',
      headers: { authorization, 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
      ...bodyInHand(body),
      signal: new AbortController().signal,
    });
    if (!(response.body instanceof Uint8Array)) throw new Error('a streamed answer that nobody asked for');
    return { status: response.status, body: response.body };
  }

  async function read(metric: string): Promise<readonly TimeSeries[]> {
    const matchers = [{ type: '=', name: '__name__', value: metric }] as const;
    const queries = [{ startTimestampMs: BigInt(nowMs - 2 * 3_600_000), endTimestampMs: BigInt(nowMs + 60_000), matchers }];
    const { status, body } = await send('/read', encodeSnappy(encodeReadRequest({ queries, acceptedResponseTypes: [] })));
    if (status !== 200) throw new Error(new TextDecoder().decode(body));
    return decodeReadResponse(decodeSnappy(body, { maxBytes: 1 << 20 })).results[0]?.timeseries ?? [];
  }

  afterAll(async () => {
    await connector.close();
    await timestream.close();
    rmSync(home, { recursive: true, force: true });
  });

  it('step 1: the new connector starts with the names and spellings of the old one, and reads what that has written', async () => {
    const [series, ...others] = await read('load');
    expect(others).toEqual([]);
    expect(series?.labels.map(({ name, value }) => `${name}=${value}`)).toEqual(['__name__=load', 'instance=a:9100', 'job=node', 'zone=b']);
    expect(series?.samples.timestampsMs).toHaveLength(60);
  });

  it('step 2: it writes beside the old one, and an answer has both as one series, each sample once', async () => {
    const labels = { __name__: 'load', instance: 'a:9100', job: 'node', zone: 'b' };
    const bits = new BigUint64Array(new Float64Array([1e-9]).buffer);
    const series = {
      labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
      samples: { timestampsMs: new BigInt64Array([BigInt(nowMs)]), valueBits: bits },
      exemplars: [],
      histograms: [],
    };
    const { status } = await send('/write', encodeSnappy(encodeWriteRequest({ timeseries: [series], metadata: [] })));
    expect(status).toBe(204);
    const [both, ...others] = await read('load');
    expect(others).toEqual([]);
    const times = [...(both?.samples.timestampsMs ?? [])];
    expect(times).toHaveLength(61);
    expect(times.at(-1)).toBe(BigInt(nowMs));
    // Which the old one would have stored as 0.000000.
    expect(both?.samples.valueBits.at(-1)).toBe(bits[0]);
  });

  it('step 3: the count of the page tells old rows from new ones', async () => {
    expect(await query(sql('Old rows and new rows'))).toEqual([
      ['load', '60', '1'],
      ['up', '60', '0'],
    ]);
  });

  it('step 4: the view of the page has both under one name, for dashboards that ask Timestream itself', async () => {
    const rows = await query(sql('One column for both').replace("'up'", "'load'"));
    expect(rows).toHaveLength(61);
    expect(rows.at(0)?.at(-1)).toBe('1.0E-9');
    expect(rows.at(-1)?.at(-1)).toBe('0.123456');
  });
});
