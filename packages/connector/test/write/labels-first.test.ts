import { CreateTableCommand, DeleteTableCommand, TimestreamWriteClient } from '@aws-sdk/client-timestream-write';
import { query, readBody, series, writeBody } from '@timestream-prometheus/connector-testing';
import { decodeReadResponse, decodeSnappy, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { afterEach, describe, expect, it } from 'vitest';
import { METRICS, openAwsStorage, type Connector } from '../../src/index.js';
import { bodyBytes, createMemoryLogger, KEY, request, testConfig } from '../support/connector-fixture.js';
import { connectBeside, type WayToWrite } from '../support/connect-beside.js';
import { startEmbeddedSubject, type EmbeddedSubject } from '../support/embedded-subject.js';
import { RecordingMetrics } from '../support/recording-metrics.js';

const timeMs = Math.floor(Date.now() / 60_000) * 60_000 - 300_000;
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function startTable(flags: Readonly<Record<string, string>> = {}): Promise<EmbeddedSubject> {
  const subject = await startEmbeddedSubject(flags);
  closing.push(() => subject.close());
  return subject;
}

function connect(subject: EmbeddedSubject, way: WayToWrite) {
  const beside = connectBeside(subject, {}, way);
  closing.push(() => beside.connector.close());
  return beside;
}

async function write(connector: Connector, timeseries: readonly TimeSeries[]): Promise<string> {
  const response = await connector.handle(request({ body: writeBody(timeseries) }));
  return `${response.status} ${Buffer.from(await bodyBytes(response)).toString()}`.trim();
}

async function read(connector: Connector, metric: string): Promise<readonly string[]> {
  const body = readBody([query(timeMs - 60_000, timeMs + 60_000, ['__name__', '=', metric])]);
  const response = await connector.handle(request({ path: '/read', body }));
  const { results } = decodeReadResponse(decodeSnappy(await bodyBytes(response), { maxBytes: 1e8 }));
  return (results[0]?.timeseries ?? []).map(({ labels }) => labels.map(({ name, value }) => `${name}=${value}`).join(' '));
}

async function rows({ timestream }: EmbeddedSubject, sql: string): Promise<readonly (readonly (string | null)[])[]> {
  const config = testConfig({ 'write-base-endpoint': timestream.url, 'query-base-endpoint': timestream.url });
  const open = openAwsStorage(config, { metrics: new RecordingMetrics(), logger: createMemoryLogger([]) });
  const storage = open({ kind: 'static', ...KEY }, { database: 'db', table: 'tbl' });
  const found: (string | null)[][] = [];
  for await (const { Rows } of storage.query(sql, new AbortController().signal)) {
    for (const { Data } of Rows) found.push((Data ?? []).map(({ ScalarValue }) => ScalarValue ?? null));
  }
  storage.close();
  return found;
}

const dimensionsOf = async (subject: EmbeddedSubject): Promise<readonly (string | null | undefined)[]> =>
  (await rows(subject, 'DESCRIBE "db"."tbl"')).filter((row) => row.includes('DIMENSION')).map(([name]) => name);

/** A sample for each of so many labels that no other writer has. */
const ownLabels = (writer: string, count: number): readonly TimeSeries[] =>
  Array.from({ length: count }, (_none, index) => series({ __name__: 'm', [`${writer}_${index}`]: 'x' }, [timeMs, index]));

describe.each([
  { way: 'that see the columns', seesColumns: true, hasWorkers: false, writers: 18, labels: 10 },
  { way: 'that may only write', seesColumns: false, hasWorkers: false, writers: 5, labels: 60 },
  { way: 'that may only write, with workers', seesColumns: false, hasWorkers: true, writers: 3, labels: 60 },
])('$writers connectors $way and fill a new table at the same time', ({ seesColumns, hasWorkers, writers, labels }) => {
  it('leave a place for prometheus_labels, so that every label of all of them finds one, and of those that come later', async () => {
    const subject = await startTable();
    const connectors = Array.from({ length: writers }, () => connect(subject, { seesColumns, hasWorkers }));
    // More dimensions than a table has, and none of them in common.
    const answers = await Promise.all(
      connectors.flatMap(({ connector }, index) => [
        write(connector, ownLabels(`w${index}`, labels - 2)),
        write(connector, ownLabels(`more${index}`, 2)),
      ]),
    );
    expect(answers).toEqual(answers.map(() => '204'));
    const dimensions = await dimensionsOf(subject);
    expect(dimensions).toHaveLength(128);
    expect(dimensions).toContain('prometheus_labels');
    for (const { connector, metrics } of connectors) {
      expect(await write(connector, [series({ __name__: 'late', never_seen: 'x' }, [timeMs, 1])])).toBe('204');
      expect(metrics.sum(METRICS.rejectedRecords)).toBe(0);
    }
    expect(await read(connectors[0]?.connector ?? subject.connector, 'm')).toHaveLength(writers * labels);
  }, 30_000);
});

describe('a new table', () => {
  it('gets a record of no metric before its eighth label, which no reader sees, and every label in a dimension', async () => {
    const subject = await startTable();
    const sent = ownLabels('w', 20);
    expect(await write(subject.connector, sent)).toBe('204');
    expect(await dimensionsOf(subject)).toHaveLength(21);
    expect(await rows(subject, `SELECT measure_name, prometheus_labels FROM "db"."tbl" WHERE prometheus_labels IS NOT NULL`)).toEqual([
      ['%metadata', '{}'],
    ]);
    const answerTo = async (path: string): Promise<string> =>
      Buffer.from(await bodyBytes(await subject.connector.handle(request({ method: 'GET', path })))).toString();
    expect(await answerTo('/api/v1/metadata')).toContain('"data":{}');
    expect(await answerTo('/api/v1/label/__name__/values')).toContain('"data":["m"]');
    expect(await read(subject.connector, 'm')).toHaveLength(20);
    // Nothing of it is written twice, and a sample that comes again is the same record.
    expect(await write(subject.connector, sent)).toBe('204');
    expect(await rows(subject, `SELECT count(*) FROM "db"."tbl"`)).toEqual([['21']]);
  });

  it.each([false, true])('gives every label a dimension when requests come at the same time, with workers: %s', async (hasWorkers) => {
    const subject = await startTable();
    const { connector } = connect(subject, { seesColumns: true, hasWorkers });
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_none, index) => write(connector, ownLabels(`w${index % 3}`, 6 + index))),
    );
    expect(answers).toEqual(answers.map(() => '204'));
    expect(await rows(subject, `SELECT measure_name FROM "db"."tbl" WHERE prometheus_labels IS NOT NULL`)).toEqual([['%metadata']]);
    expect(await dimensionsOf(subject)).toHaveLength(1 + 15 + 16 + 17);
  });

  it('gets it again when it is deleted and made anew, by the same connector', async () => {
    const subject = await startTable();
    expect(await write(subject.connector, ownLabels('w', 20))).toBe('204');
    const client = new TimestreamWriteClient({ region: 'us-east-1', endpoint: subject.timestream.url, credentials: { ...KEY } });
    await client.send(new DeleteTableCommand({ DatabaseName: 'db', TableName: 'tbl' }));
    expect(await write(subject.connector, ownLabels('w', 20))).toContain('404');
    await client.send(new CreateTableCommand({ DatabaseName: 'db', TableName: 'tbl' }));
    client.destroy();
    expect(await write(subject.connector, ownLabels('again', 20))).toBe('204');
    const dimensions = await dimensionsOf(subject);
    expect(dimensions).toHaveLength(21);
    expect(dimensions).toContain('prometheus_labels');
  });

  it.each<[string, Readonly<Record<string, string>>, number]>([
    ['of few labels', {}, 7],
    ['that is written as the earlier Go connector does', { 'table-layout': 'single-measure' }, 40],
  ])('%s gets no such record', async (_kind, flags, labels) => {
    const subject = await startTable(flags);
    expect(await write(subject.connector, ownLabels('w', labels))).toBe('204');
    expect(await dimensionsOf(subject)).toHaveLength(labels);
    expect(await rows(subject, `SELECT count(*) FROM "db"."tbl"`)).toEqual([[String(labels)]]);
  });
});
