import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSigned } from '@timestream-prometheus/connector-testing';
import { createConnector, METRIC_CATALOGUE, openAwsStorage, parseConfig } from '@timestream-prometheus/connector';
import type { Finding } from '@timestream-prometheus/connector/operations';
import {
  startEmbeddedTimestream,
  type EmbeddedTimestream,
  type EmbeddedTimestreamOptions,
} from '@timestream-prometheus/timestream-embedded';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildServer } from '../../src/build-server.js';
import { createLogger } from '../../src/logger.js';
import { createPrometheusMetrics } from '../../src/prometheus-metrics.js';
import { runCommand, type CommandRun } from './run-command.js';

const KEY = { accessKeyId: 'AKIDDOCTOR', secretAccessKey: 'secret' };
const TABLE = { databaseName: 'db', tableName: 'tbl', magneticStoreWrites: true };

const closing: (() => Promise<unknown>)[] = [];
const outside = { ...process.env };

// The AWS SDK finds credentials in the environment of the process, and nowhere else here.
beforeEach(() => {
  setKey(KEY);
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = '/nonexistent/credentials';
  process.env['AWS_CONFIG_FILE'] = '/nonexistent/config';
});

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

afterAll(() => {
  process.env = outside;
});

function setKey(key: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined): void {
  delete process.env['AWS_ACCESS_KEY_ID'];
  delete process.env['AWS_SECRET_ACCESS_KEY'];
  if (key === undefined) return;
  process.env['AWS_ACCESS_KEY_ID'] = key.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = key.secretAccessKey;
}

async function startTimestream(options: Partial<EmbeddedTimestreamOptions> = {}): Promise<EmbeddedTimestream> {
  const timestream = await startEmbeddedTimestream({ credentials: [KEY], create: [TABLE], ...options });
  closing.push(() => timestream.close());
  return timestream;
}

/** The doctor at a Timestream of AWS, as far as it can tell. */
function examine(url: string, ...more: readonly string[]): Promise<CommandRun> {
  return runCommand([
    'doctor',
    '--storage=aws',
    `--write-base-endpoint=${url}`,
    `--query-base-endpoint=${url}`,
    '--default-database=db',
    '--default-table=tbl',
    ...more,
  ]);
}

async function findingsOf(
  url: string,
  ...more: readonly string[]
): Promise<{ readonly exitCode: number; readonly findings: readonly Finding[] }> {
  const { exitCode, out } = await examine(url, '--output=json', ...more);
  return { exitCode, ...(JSON.parse(out) as { readonly findings: readonly Finding[] }) };
}

function worst(findings: readonly Finding[], outcome: Finding['outcome'] = 'failed'): readonly Finding[] {
  return findings.filter((finding) => finding.outcome === outcome);
}

/** In front of a Timestream, with another clock. */
async function startProxy(target: string, dateOf: () => Date): Promise<string> {
  const server: Server = createServer((incoming, outgoing) => {
    const forwarded = httpRequest(target, { method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, { ...answer.headers, date: dateOf().toUTCString() });
      answer.pipe(outgoing);
    });
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('doctor, at Timestream', { timeout: 60_000 }, () => {
  it('finds nothing wrong with a good table, and says in words what it looked at', async () => {
    const timestream = await startTimestream();
    const { exitCode, out } = await examine(timestream.url);
    expect(out).toContain('Looking at db.tbl in Amazon Timestream, us-east-1');
    for (const action of ['DescribeTable', 'Select', 'CancelQuery', 'WriteRecords'])
      expect(out).toContain(`timestream:${action} is allowed`);
    expect(out).toContain('0 of 128 dimensions are used');
    expect(out).toMatch(/ok {4}sample {9}timestream_prometheus_doctor was written and read back, bit for bit/);
    expect(out).toMatch(/\nNothing is wrong\.\n$/);
    expect(exitCode).toBe(0);
  });

  it('names a wrong secret, and nothing that follows from it', async () => {
    const timestream = await startTimestream();
    setKey({ ...KEY, secretAccessKey: 'another' });
    const { exitCode, findings } = await findingsOf(timestream.url);
    expect(exitCode).toBe(1);
    expect(worst(findings)).toHaveLength(1);
    expect(worst(findings)[0]?.found).toMatch(/^invalid-credentials: /);
    expect(worst(findings)[0]?.remedy.join('\n')).toContain('AWS_SECRET_ACCESS_KEY');
  });

  it('says that there are no credentials at all', async () => {
    const timestream = await startTimestream();
    setKey(undefined);
    const { findings } = await findingsOf(timestream.url);
    expect(worst(findings).map(({ check }) => check)).toEqual(['credentials']);
    expect(worst(findings)[0]?.found).toMatch(/^server-credentials-unavailable: /);
  });

  it.each([
    ['DescribeTable', 'warning', []],
    ['CancelQuery', 'warning', []],
    ['Query', 'failed', ['timestream:Select is denied']],
    ['WriteRecords', 'failed', ['timestream:WriteRecords is denied']],
  ] as const)('finds out by doing it that %s is denied', async (denied, outcome, words) => {
    const operations = ['DescribeEndpoints', 'DescribeTable', 'DescribeDatabase', 'Query', 'CancelQuery', 'WriteRecords'];
    const timestream = await startTimestream({
      credentials: [{ ...KEY, allowedOperations: operations.filter((operation) => operation !== denied) }],
    });
    const { exitCode, findings } = await findingsOf(timestream.url);
    const found = worst(findings, outcome).map((finding) => finding.found);
    expect(found.join('\n')).toMatch(/is denied/);
    for (const word of words) expect(found.join('\n')).toContain(word);
    expect(
      worst(findings, outcome)
        .flatMap(({ remedy }) => remedy)
        .join('\n'),
    ).toContain('deploy/iam/execution.json');
    expect(exitCode).toBe(outcome === 'failed' ? 1 : 0);
  });

  it('tells a missing table from a missing database, with the command that makes them', async () => {
    const timestream = await startTimestream();
    const table = await findingsOf(timestream.url, '--default-table=other');
    expect(worst(table.findings).map(({ check, found }) => [check, found])).toEqual([
      ['table', 'there is no table other in db, us-east-1'],
    ]);
    const database = await findingsOf(timestream.url, '--default-database=other');
    expect(worst(database.findings).map(({ check }) => check)).toEqual(['database']);
    expect(database.findings.at(-1)?.remedy).toEqual([
      'Make it: timestream-prometheus table create --default-database=other --default-table=tbl --region=us-east-1',
    ]);
  });

  it('sees that nothing listens', async () => {
    const timestream = await startTimestream();
    const { url } = timestream;
    for (const close of closing.splice(0)) await close();
    const { findings } = await findingsOf(url);
    expect(
      worst(findings)
        .map(({ found }) => found)
        .join(),
    ).toMatch(/^connection-failed: .*ECONNREFUSED/);
    expect(worst(findings)[0]?.remedy.join()).toContain(`curl -v ${url}`);
  });

  it('measures the clock of the service, and says how far this one is off', async () => {
    const timestream = await startTimestream();
    const late = await startProxy(timestream.url, () => new Date(Date.now() + 60_000));
    expect(worst((await findingsOf(late)).findings, 'warning')[0]?.found).toMatch(
      /^the clock of this machine is (59|60|61) s behind that of the service/,
    );
    const wrong = await startProxy(timestream.url, () => new Date(Date.now() - 3_600_000));
    const { exitCode, findings } = await findingsOf(wrong);
    expect(worst(findings)[0]?.found).toMatch(/^the clock of this machine is (3599|3600|3601) s ahead of that of the service/);
    expect(exitCode).toBe(1);
  });

  it('warns of a table without magnetic-store writes, with the command that turns them on', async () => {
    const timestream = await startTimestream({ create: [{ ...TABLE, magneticStoreWrites: false }] });
    const [finding] = worst((await findingsOf(timestream.url)).findings, 'warning');
    expect(finding?.check).toBe('retention');
    expect(finding?.remedy[0]).toMatch(/^aws timestream-write update-table .*EnableMagneticStoreWrites=true$/);
  });

  it('counts dimensions and metric names, and names what else is in the table', async () => {
    const timestream = await startTimestream();
    const time = String(Date.now());
    const dimensions = Array.from({ length: 110 }, (_, index) => ({ Name: `label_${index}`, Value: 'x' }));
    await timestream.load(
      JSON.stringify({
        DatabaseName: 'db',
        TableName: 'tbl',
        Records: [
          { Dimensions: dimensions, MeasureName: 'a', MeasureValue: '1', MeasureValueType: 'DOUBLE', Time: time },
          {
            Dimensions: [{ Name: 'label_0', Value: 'x' }],
            MeasureName: 'b',
            MeasureValueType: 'MULTI',
            MeasureValues: [
              { Name: 'sample_bits', Value: 'text', Type: 'VARCHAR' },
              { Name: 'humidity', Value: '1.5', Type: 'DOUBLE' },
            ],
            Time: time,
          },
        ],
      }),
    );
    const { exitCode, findings } = await findingsOf(timestream.url, '--write-sample=false');
    const found = findings.map(({ found: text }) => text).join('\n');
    expect(found).toContain('110 of 128 dimensions are used: further label names');
    expect(found).toContain('2 of 8192 metric names are used');
    expect(found).toContain('the column sample_bits is a measure of type varchar; the connector needs a measure of type bigint');
    expect(found).toContain("a column that is not the connector's: humidity");
    expect(found).toContain('as the layout compact and the earlier Go connector write them');
    expect(findings.at(-1)).toMatchObject({ check: 'sample', outcome: 'skipped' });
    expect(exitCode).toBe(1);
  });

  it('looks at the embedded Timestream, running or not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'timestream-prometheus-doctor-'));
    const { exitCode, out } = await runCommand([
      'doctor',
      '--storage=embedded',
      `--embedded.data-dir=${folder}`,
      '--embedded.listen-address=127.0.0.1:0',
    ]);
    expect(out).toContain('of the embedded Timestream');
    expect(out).toContain('Nothing is wrong');
    expect(exitCode).toBe(0);
  });
});

describe('doctor, at an address', { timeout: 60_000 }, () => {
  let timestream: EmbeddedTimestream;

  beforeAll(async () => {
    timestream = await startEmbeddedTimestream({ credentials: [KEY], create: [TABLE] });
  });

  afterAll(() => timestream.close());

  async function serve(tls?: { readonly cert: string; readonly key: string }): Promise<string> {
    const config = parseConfig({
      flags: {
        'default-database': 'db',
        'default-table': 'tbl',
        'write-base-endpoint': timestream.url,
        'query-base-endpoint': timestream.url,
      },
      env: {},
      defaultsFor: 'server',
    });
    const logger = createLogger({ enabled: false, level: 'error', format: 'logfmt' }, process.stderr);
    const metrics = createPrometheusMetrics(METRIC_CATALOGUE);
    const connector = createConnector({
      config,
      logger,
      metrics: metrics.sink,
      openStorage: openAwsStorage(config, { logger, metrics: metrics.sink }),
    });
    const app = buildServer({ connector, config, metrics, logger, ...(tls === undefined ? {} : { tls }) });
    closing.push(() => app.close());
    return app.listen({ host: '127.0.0.1', port: 0 });
  }

  it('writes and reads a sample as a Prometheus would', async () => {
    const url = await serve();
    const { exitCode, out } = await runCommand(['doctor', `${url}/write`], {
      env: { AWS_ACCESS_KEY_ID: KEY.accessKeyId, AWS_SECRET_ACCESS_KEY: KEY.secretAccessKey },
    });
    expect(out).toContain(`Looking at ${url}\n`);
    expect(out).toContain('bit for bit');
    expect(exitCode).toBe(0);
  });

  it('says who it was when it is not let in', async () => {
    const url = await serve();
    const passwordFile = join(mkdtempSync(join(tmpdir(), 'timestream-prometheus-doctor-')), 'password');
    writeFileSync(passwordFile, 'wrong\n');
    const { exitCode, out } = await runCommand(['doctor', url, `--username=${KEY.accessKeyId}`, `--password-file=${passwordFile}`]);
    expect(out).toContain('invalid-credentials');
    expect(out).toContain(`Requests were sent as the user ${KEY.accessKeyId}`);
    expect(out).not.toContain('wrong\n');
    expect(exitCode).toBe(1);
    const anonymous = await runCommand(['doctor', url]);
    expect(anonymous.out).toContain('missing-credentials');
  });

  it('looks at the certificate before anything else', async () => {
    const certificateFile = join(mkdtempSync(join(tmpdir(), 'timestream-prometheus-doctor-')), 'authority.pem');
    writeFileSync(certificateFile, selfSigned.cert);
    const url = (await serve(selfSigned)).replace('127.0.0.1', 'localhost');
    const untrusted = await runCommand(['doctor', url]);
    expect(untrusted.out).toMatch(/FAIL {2}certificate {4}it is not trusted/);
    expect(untrusted.exitCode).toBe(1);
    const env = { AWS_ACCESS_KEY_ID: KEY.accessKeyId, AWS_SECRET_ACCESS_KEY: KEY.secretAccessKey };
    const trusted = await runCommand(['doctor', url, `--ca-file=${certificateFile}`], { env });
    expect(trusted.out).toMatch(/ok {4}certificate {4}certificate of localhost, \d+ days left|warn {2}certificate/);
    expect(trusted.out).toContain('bit for bit');
  });

  it('says that nobody answers', async () => {
    const url = await serve();
    for (const close of closing.splice(0)) await close();
    const { exitCode, out } = await runCommand(['doctor', url]);
    expect(out).toMatch(/FAIL {2}connection {5}.*ECONNREFUSED/);
    expect(exitCode).toBe(1);
  });

  it('refuses what is no address, and half a login', async () => {
    expect(await runCommand(['doctor', 'ftp://x'])).toMatchObject({ exitCode: 2 });
    const half = await runCommand(['doctor', 'http://127.0.0.1:1', '--username=a']);
    expect(half).toMatchObject({ exitCode: 2 });
    expect(half.err).toMatch(
      /^timestream-prometheus: --password-file must be given together with --username \(see timestream-prometheus doctor --help\)\n$/,
    );
  });
});
