import { decodeReadResponse, decodeSnappy, type Query, type TimeSeries } from '@timestream-prometheus/prom-codec';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createConnector, METRICS, openAwsStorage, type Connector } from '../../src/index.js';
import { decodeStreamedAnswer, query, series, STREAMED_CONTENT_TYPE, STREAMED_FIRST } from '@timestream-prometheus/connector-testing';
import { bodyBytes, bodyText, createMemoryLogger, readRequest, testConfig, writeRequest } from '../support/connector-fixture.js';
import { startEmbeddedSubject, type EmbeddedSubject } from '../support/embedded-subject.js';
import { RecordingMetrics } from '../support/recording-metrics.js';

const START_MS = Date.now() - 600_000;
const END_MS = START_MS + 100_000;

// Characters whose order differs between UTF-8 and UTF-16, and such as SQL, JSON and LIKE treat specially.
const values = ['a', 'b', '', "it's", 'x%_\\', '\uffff', '\u{10000}', '\u{1f600}', '"', '{}', 'é'];
const labelNames = ['job', 'zone', 'a:b', 'sample_value', 'v', '\uffff', '\u{10000}', 'time'];

const randomSeries: fc.Arbitrary<readonly TimeSeries[]> = fc.uniqueArray(
  fc
    .record({
      name: fc.constantFrom('m', 'n', 'm:rate'),
      labels: fc.dictionary(fc.constantFrom(...labelNames), fc.constantFrom(...values), { maxKeys: 4 }),
      samples: fc.uniqueArray(fc.tuple(fc.nat(400), fc.oneof(fc.double(), fc.constantFrom(0x7ff0000000000002n, 1))), {
        selector: ([offset]) => offset,
        minLength: 1,
        maxLength: 12,
      }),
    })
    .map(({ name, labels, samples }) =>
      series({ __name__: name, ...labels }, ...samples.map(([offset, value]) => [START_MS + offset, value] as const)),
    ),
  {
    selector: ({ labels }) =>
      JSON.stringify(
        labels
          .filter(({ value }) => value !== '')
          .map(({ name, value }) => [name, value])
          .sort(),
      ),
    minLength: 1,
    maxLength: 15,
  },
);

const randomQuery: fc.Arbitrary<Query> = fc
  .record({
    matchers: fc.array(
      fc.tuple(
        fc.constantFrom('__name__', ...labelNames),
        fc.constantFrom('=', '!=', '=~', '!~'),
        fc.constantFrom(...values, 'm', 'm.*', '.*', '.+'),
      ),
      { minLength: 1, maxLength: 2 },
    ),
    range: fc.constantFrom([0, 100_000], [100, 300], [7, 7]),
  })
  .map(({ matchers, range: [from = 0, to = 0] }) =>
    query(START_MS + from, START_MS + to, ...matchers.map(([name, type, value]) => [name, type, value.replaceAll('\\', '\\\\')] as const)),
  );

/** The connectors differ in how much they hold at a time. */
const BUFFERS = [1, 7, 40];

describe('a streamed answer over the wire of a Timestream', () => {
  let subject: EmbeddedSubject;
  const connectors: Connector[] = [];
  /** Reads a row for each sample: packed, what these tests store has one page. */
  let rowsConnector: Connector;

  function createSecondConnector(flags: Readonly<Record<string, string>>, metrics: RecordingMetrics): Connector {
    const config = testConfig({ 'write-base-endpoint': subject.timestream.url, 'query-base-endpoint': subject.timestream.url, ...flags });
    const parts = { logger: createMemoryLogger([]), metrics };
    return createConnector({ config, ...parts, openStorage: openAwsStorage(config, parts) });
  }

  beforeAll(async () => {
    subject = await startEmbeddedSubject({});
    for (const buffer of BUFFERS)
      connectors.push(createSecondConnector({ 'stream-buffer-samples': String(buffer) }, new RecordingMetrics()));
    rowsConnector = createSecondConnector({ 'read-strategy': 'rows', 'stream-buffer-samples': '1' }, new RecordingMetrics());
  }, 60_000);
  afterEach(() => subject.faults.clear());
  afterAll(async () => {
    for (const connector of [...connectors, rowsConnector]) await connector.close();
    await subject.close();
  });

  async function readSamples(queries: readonly Query[]): Promise<readonly (readonly TimeSeries[])[]> {
    const response = await subject.connector.handle(readRequest({ queries }));
    if (response.status !== 200) throw new Error(await bodyText(response));
    return decodeReadResponse(decodeSnappy(await bodyBytes(response), { maxBytes: 1e8 })).results.map(({ timeseries }) => timeseries);
  }

  async function readStreamed(connector: Connector, queries: readonly Query[]): Promise<readonly (readonly TimeSeries[])[]> {
    const response = await connector.handle(readRequest({ queries, acceptedResponseTypes: STREAMED_FIRST }));
    if (response.status !== 200) throw new Error(await bodyText(response));
    expect(response.headers['content-type']).toBe(STREAMED_CONTENT_TYPE);
    return decodeStreamedAnswer(await bodyBytes(response), queries.length);
  }

  let round = 0;

  it('is the answer of type SAMPLES to the last bit, whatever is stored, asked, and held at a time', async () => {
    let cases = 0;
    let inGroups = 0;
    await fc.assert(
      fc.asyncProperty(
        randomSeries,
        fc.array(randomQuery, { minLength: 1, maxLength: 4 }),
        fc.constantFrom({}, { maxRowsPerPage: 1 }, { maxRowsPerPage: 7, emptyPages: 1 }),
        fc.nat(BUFFERS.length - 1),
        async (written, queries, pages, connectorIndex) => {
          // Each run has series of its own, in one table whose columns grow from run to run.
          round += 1;
          const own = written.map((one) => ({ ...one, labels: [...one.labels, { name: 'round', value: String(round) }] }));
          const ownQueries = [...queries, query(START_MS, END_MS, ['__name__', '=~', '.+'])].map((one) => ({
            ...one,
            matchers: [...one.matchers, { type: '=' as const, name: 'round', value: String(round) }],
          }));
          expect(await bodyText(await subject.connector.handle(writeRequest(own)))).toBe('');
          subject.timestream.faults.splitPages(pages);
          const expected = await readSamples(ownQueries);
          expect(expected.at(-1)).toHaveLength(written.length);
          const connector = connectors[connectorIndex];
          if (connector === undefined) throw new Error('no such connector');
          expect(await readStreamed(connector, ownQueries)).toEqual(expected);
          cases += 1;
          inGroups += written.length > 1 ? 1 : 0;
        },
      ),
      { numRuns: 60 },
    );
    expect(inGroups).toBeGreaterThan(cases / 6);
  }, 240_000);

  it('finds series whose labels are new to it, and keeps them apart, in every way of reading', async () => {
    for (let count = 0; count < 5; count += 1) {
      const label = `late${count}`;
      const name = `late_metric_${count}`;
      const written = ['1', '2', '3'].flatMap((value) => [
        series({ __name__: name, job: 'a', [label]: value }, [START_MS, 1], [START_MS + 1, 2]),
        series({ __name__: name, job: value }, [START_MS, 3]),
      ]);
      expect((await subject.connector.handle(writeRequest(written))).status).toBe(204);
      const selectName = query(START_MS, END_MS, ['__name__', '=', name]);
      const labelsOnly = {
        ...selectName,
        hints: { stepMs: 0n, func: 'series', startMs: 0n, endMs: 0n, grouping: [], by: false, rangeMs: 0n },
      };
      for (const connector of connectors) {
        // Each of them meets the new label in another kind of read first.
        const queries = count % 2 === 0 ? [selectName, labelsOnly] : [labelsOnly, selectName];
        const answers = await readStreamed(connector, queries);
        const [full = [], bare = []] = count % 2 === 0 ? answers : [...answers].reverse();
        expect(full.map(({ samples }) => samples.timestampsMs.length)).toEqual([1, 1, 1, 2, 2, 2]);
        expect(bare.map(({ labels }) => labels)).toEqual(full.map(({ labels }) => labels));
        expect(bare.every(({ samples }) => samples.timestampsMs.length === 0)).toBe(true);
      }
      expect((await readSamples([labelsOnly]))[0]?.map(({ labels }) => labels)).toHaveLength(6);
    }
  });

  it('lists no series without a sample in its range', async () => {
    const written = [series({ __name__: 'ranged', a: '1' }, [START_MS, 1]), series({ __name__: 'ranged', a: '2' }, [START_MS + 50, 1])];
    expect((await subject.connector.handle(writeRequest(written))).status).toBe(204);
    const ranged = {
      ...query(START_MS + 1, START_MS + 60, ['__name__', '=', 'ranged']),
      hints: { stepMs: 0n, func: 'series', startMs: 0n, endMs: 0n, grouping: [], by: false, rangeMs: 0n },
    };
    expect((await readSamples([ranged]))[0]?.map(({ labels }) => labels.at(-1)?.value)).toEqual(['2']);
  });

  it('fails as a whole when Timestream fails in the middle of it, and cancels what runs', async () => {
    const written = Array.from({ length: 20 }, (_none, index) =>
      series({ __name__: 'broken', id: String(index) }, [START_MS, 1], [START_MS + 1, 2]),
    );
    expect((await subject.connector.handle(writeRequest(written))).status).toBe(204);
    const request = readRequest({ queries: [query(START_MS, END_MS, ['__name__', '=', 'broken'])], acceptedResponseTypes: STREAMED_FIRST });
    const response = await rowsConnector.handle(request);
    expect(response.status).toBe(200);
    subject.timestream.faults.failNext(100, 500, 'Query');
    await expect(bodyBytes(response)).rejects.toMatchObject({ code: 'timestream-unavailable' });
  });

  it('costs one Timestream query when it is small', async () => {
    const metrics = new RecordingMetrics();
    const connector = createSecondConnector({ 'read-strategy': 'rows' }, metrics);
    const small = [query(START_MS, END_MS, ['__name__', '=', 'broken'])];
    // The first read of a connector learns the columns of the table.
    await readStreamed(connector, small);
    const before = metrics.sum(METRICS.readRequests);
    await readStreamed(connector, small);
    expect(metrics.sum(METRICS.readRequests) - before).toBe(1);
    await connector.close();
  });
});
