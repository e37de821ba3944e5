import { decodeReadResponse, decodeSnappy, type Query, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { afterEach, describe, expect, it } from 'vitest';
import { METRICS } from '../src/index.js';
import { basicAuthorization, query, readBody, series, writeBody, type AccessKey } from '@timestream-prometheus/connector-testing';
import { bodyText, KEY, request } from './support/connector-fixture.js';
import { startEmbeddedSubject, type EmbeddedSubject } from './support/embedded-subject.js';

const START_MS = Date.now() - 600_000;
const END_MS = START_MS + 500_000;

const started: EmbeddedSubject[] = [];

afterEach(async () => {
  for (const subject of started.splice(0)) await subject.close();
});

async function start(...parameters: Parameters<typeof startEmbeddedSubject>): Promise<EmbeddedSubject> {
  const subject = await startEmbeddedSubject(...parameters);
  started.push(subject);
  return subject;
}

function headersOf(key: AccessKey): Readonly<Record<string, string>> {
  return { ...request({}).headers, authorization: basicAuthorization(key) };
}

async function write({ connector }: EmbeddedSubject, timeseries: readonly TimeSeries[], key = KEY): Promise<string> {
  const response = await connector.handle(request({ body: writeBody(timeseries), headers: headersOf(key) }));
  return `${response.status} ${await bodyText(response)}`.trim();
}

async function read({ connector }: EmbeddedSubject, queries: readonly Query[], key = KEY): Promise<readonly (readonly TimeSeries[])[]> {
  const response = await connector.handle(request({ path: '/read', body: readBody(queries), headers: headersOf(key) }));
  if (response.status !== 200) throw new Error(`${response.status} ${await bodyText(response)}`);
  return decodeReadResponse(decodeSnappy(response.body as Uint8Array, { maxBytes: 1e8 })).results.map(({ timeseries }) => timeseries);
}

function labelsOf(timeseries: readonly TimeSeries[] | undefined): Record<string, string>[] {
  return (timeseries ?? []).map(({ labels }) => Object.fromEntries(labels.map(({ name, value }) => [name, value])));
}

function select(name: string, ...more: Parameters<typeof query>[2][]): Query {
  return query(START_MS, END_MS, ['__name__', '=', name], ...more);
}

describe('a table that was never written to', () => {
  it('answers every query with no series', async () => {
    const subject = await start({});
    const queries = [
      select('up'),
      select('up', ['job', '=', 'a']),
      select('up', ['job', '!=', 'a']),
      query(START_MS, END_MS, ['job', '=~', '.+']),
    ];
    expect(await read(subject, queries)).toEqual([[], [], [], []]);
  });
});

describe('a table that does not exist', () => {
  it.each([
    ['table', { 'default-table': 'nowhere' }],
    ['database', { 'default-database': 'nowhere' }],
  ])('is a 404 that names the %s', async (_case, flags) => {
    const subject = await start(flags);
    expect(await write(subject, [series({ __name__: 'm', a: 'b' }, [START_MS, 1])])).toMatch(/^404 destination-not-found: .*nowhere/);
    await expect(read(subject, [select('m')])).rejects.toThrow(/^404 destination-not-found: .*nowhere/);
  });
});

describe('a schema that grows while it is read', () => {
  it('loses and merges no series', async () => {
    const subject = await start({});
    await write(subject, [series({ __name__: 'm', job: 'a' }, [START_MS, 1])]);
    expect(labelsOf((await read(subject, [select('m')]))[0])).toEqual([{ __name__: 'm', job: 'a' }]);
    // Each write brings a label that the connector does not know of yet.
    for (let round = 0; round < 5; round += 1) {
      const label = `label${round}`;
      expect(await write(subject, [series({ __name__: 'm', job: 'a', [label]: 'x' }, [START_MS, round])])).toBe('204');
      const [byLabel, byAbsence, all] = await read(subject, [
        select('m', [label, '=~', 'x|y']),
        select('m', [label, '=', '']),
        select('m'),
      ]);
      expect(labelsOf(byLabel)).toEqual([{ __name__: 'm', job: 'a', [label]: 'x' }]);
      expect(byAbsence).toHaveLength(round + 1);
      expect(all).toHaveLength(round + 2);
    }
  });

  it('finds every series that was stored before the read, while others write', async () => {
    const subject = await start({});
    const writers = Array.from({ length: 30 }, async (_none, index) => {
      const name = `label${index}`;
      expect(await write(subject, [series({ __name__: 'm', [name]: 'x' }, [START_MS, index])])).toBe('204');
      const [found] = await read(subject, [select('m', [name, '=', 'x'])]);
      expect(labelsOf(found)).toEqual([{ __name__: 'm', [name]: 'x' }]);
    });
    await Promise.all(writers);
    expect((await read(subject, [select('m')]))[0]).toHaveLength(30);
  });
});

describe('pages', () => {
  // A row for each sample: packed, these answers have one page.
  const rows = { 'read-strategy': 'rows' };

  it('make no difference to the answer', async () => {
    const subject = await start(rows);
    const written = Array.from({ length: 5 }, (_none, index) =>
      series(
        { __name__: 'm', id: String(index) },
        ...Array.from({ length: 40 }, (_one, sample) => [START_MS + sample, index * 1000 + sample] as const),
      ),
    );
    expect(await write(subject, written)).toBe('204');
    const [whole] = await read(subject, [select('m')]);
    subject.faults.clear();
    subject.timestream.faults.splitPages({ maxRowsPerPage: 7, emptyPages: 1 });
    const [split] = await read(subject, [select('m')]);
    expect(split).toEqual(whole);
    expect(split).toHaveLength(5);
    expect(subject.metrics.sum(METRICS.readPages)).toBeGreaterThan(50);
  });

  it('left unread because of a limit are cancelled at Timestream', async () => {
    const subject = await start({ ...rows, 'max-samples-per-read': '10' });
    await write(subject, [
      series({ __name__: 'm', a: 'b' }, ...Array.from({ length: 40 }, (_none, sample) => [START_MS + sample, sample] as const)),
    ]);
    subject.timestream.faults.splitPages({ maxRowsPerPage: 7 });
    await expect(read(subject, [select('m')])).rejects.toThrow(/^400 read-limit-exceeded: .*max-samples-per-read/);
    expect(subject.metrics.sum(METRICS.timestreamCalls, { operation: 'CancelQuery', outcome: 'ok' })).toBe(1);
  });
});

describe('a table with all its dimensions used', () => {
  const fullTable = { limits: { maxDimensionsPerTable: 4 } };

  /** Dimensions `a`, `b`, `c` and `prometheus_labels`, written by somebody else as far as the connector knows. */
  async function fill(subject: EmbeddedSubject): Promise<void> {
    expect(await write(subject, [series({ __name__: 'full', a: '1', b: '1', c: '1', time: 'not a dimension' }, [START_MS, 1])])).toBe(
      '204',
    );
  }

  it('stores further labels in prometheus_labels, and gives them back', async () => {
    const subject = await start({}, fullTable);
    await fill(subject);
    const wide = series({ __name__: 'wide', a: '2', d: 'x', e: 'y' }, [START_MS, 1], [START_MS + 1, 2]);
    expect(await write(subject, [wide, series({ __name__: 'narrow', b: '2' }, [START_MS, 3])])).toBe('204');
    expect(subject.metrics.sum(METRICS.relearnedDimensions)).toBe(1);
    const [found, byLabel, narrow] = await read(subject, [
      select('wide'),
      select('wide', ['d', '=', 'x'], ['e', '!=', 'z']),
      select('narrow'),
    ]);
    expect(found).toEqual([{ ...wide, labels: expect.anything() as TimeSeries['labels'] }]);
    expect(labelsOf(found)).toEqual([{ __name__: 'wide', a: '2', d: 'x', e: 'y' }]);
    expect(byLabel).toEqual(found);
    expect(labelsOf(narrow)).toEqual([{ __name__: 'narrow', b: '2' }]);
  });

  it('is learned from DESCRIBE where that is allowed, and from what was stored where it is not', async () => {
    const writer = { accessKeyId: 'WRITER', secretAccessKey: 'w', allowedOperations: ['DescribeEndpoints', 'WriteRecords'] };
    const subject = await start({}, { ...fullTable, credentials: [KEY, writer] });
    await fill(subject);
    const wide = (name: string) => [
      series({ __name__: name, a: '2', d: 'x' }, [START_MS, 1]),
      series({ __name__: name, b: '2', c: '2' }, [START_MS, 1]),
    ];
    expect(await write(subject, wide('w1'), writer)).toBe('204');
    expect(await write(subject, wide('w2'), writer)).toBe('204');
    const results = await read(subject, [select('w1'), select('w2')]);
    for (const [index, found] of results.entries()) {
      expect(labelsOf(found)).toEqual([
        { __name__: `w${index + 1}`, a: '2', d: 'x' },
        { __name__: `w${index + 1}`, b: '2', c: '2' },
      ]);
    }
  });
});

describe('credentials', () => {
  it('are judged by Timestream per request, while many keys are at work', async () => {
    const reader = { accessKeyId: 'READER', secretAccessKey: 'r', allowedOperations: ['DescribeEndpoints', 'Query'] };
    const keys = Array.from({ length: 4 }, (_none, index) => ({ accessKeyId: `KEY${index}`, secretAccessKey: `s${index}` }));
    const wrong = { accessKeyId: 'KEY0', secretAccessKey: 's1' };
    const subject = await start({ 'max-storages': '2' }, { credentials: [KEY, reader, ...keys] });
    const attempts = Array.from({ length: 60 }, async (_none, index) => {
      const key = [...keys, reader, wrong][index % 6] ?? KEY;
      const outcome = await write(
        subject,
        [series({ __name__: 'm', key: key === wrong ? 'wrong' : key.accessKeyId, id: String(index) }, [START_MS, index])],
        key,
      );
      return { key, outcome };
    });
    for (const { key, outcome } of await Promise.all(attempts)) {
      if (key === wrong) expect(outcome).toMatch(/^403 invalid-credentials: /);
      else if (key === reader) expect(outcome).toMatch(/^403 access-denied: /);
      else expect(outcome).toBe('204');
    }
    const [found] = await read(subject, [select('m')], reader);
    expect(new Set(labelsOf(found).map(({ key }) => key))).toEqual(new Set(keys.map(({ accessKeyId }) => accessKeyId)));
    expect(found).toHaveLength(40);
  });
});

describe('a client that goes away', () => {
  it('ends its query at Timestream and is not answered', async () => {
    const subject = await start({ 'read-strategy': 'rows' });
    await write(subject, [
      series({ __name__: 'm', a: 'b' }, ...Array.from({ length: 40 }, (_none, sample) => [START_MS + sample, sample] as const)),
    ]);
    subject.timestream.faults.splitPages({ maxRowsPerPage: 5 });
    subject.timestream.faults.delayMs(20, 'Query');
    const client = new AbortController();
    const reading = subject.connector.handle(request({ path: '/read', body: readBody([select('m')]), signal: client.signal }));
    await expect.poll(() => subject.metrics.sum(METRICS.readPages)).toBeGreaterThanOrEqual(2);
    client.abort();
    expect((await reading).status).toBe(499);
    expect(subject.metrics.sum(METRICS.timestreamCalls, { operation: 'CancelQuery' })).toBe(1);
    expect(subject.metrics.sum(METRICS.timestreamCallsInFlight)).toBe(0);
  });
});

describe('both layouts in one table', () => {
  it('are read as one, whichever is written', async () => {
    const subject = await start({});
    const single = await start({
      'table-layout': 'single-measure',
      'write-base-endpoint': subject.timestream.url,
      'query-base-endpoint': subject.timestream.url,
    });
    expect(await write(subject, [series({ __name__: 'm', a: 'b' }, [START_MS, 0.1])])).toBe('204');
    expect(await write(single, [series({ __name__: 'm', a: 'b' }, [START_MS + 1, 0.2], [START_MS + 2, NaN])])).toBe('204');
    for (const reader of [subject, single]) {
      const [[only, ...others] = []] = await read(reader, [select('m')]);
      expect(others).toEqual([]);
      expect(Array.from(new Float64Array(only?.samples.valueBits.slice().buffer ?? new ArrayBuffer(0)))).toEqual([0.1, 0.2]);
    }
  });
});
