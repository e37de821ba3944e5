import { decodeReadResponse, decodeSnappy, type Query, type TimeSeries } from '@timestream-prometheus/prom-codec';
import type { QueryPage } from '@timestream-prometheus/timestream-translator';
import { startEmbeddedTimestream, type EmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ConnectorError, createConnector, METRICS, openAwsStorage, type Connector } from '../../src/index.js';
import { decodeStreamedAnswer, query, series, STREAMED_FIRST } from '@timestream-prometheus/connector-testing';
import { alterStorage, type AlterPage } from '../support/altered-storage.js';
import {
  bodyBytes,
  bodyText,
  createMemoryLogger,
  KEY,
  readRequest,
  testConfig,
  writeRequest,
  type LogLine,
} from '../support/connector-fixture.js';
import { RecordingMetrics } from '../support/recording-metrics.js';

const START_MS = Date.now() - 3_000_000;
const END_MS = START_MS + 2_000_000;

/** Values that need all their digits, and such as are stored in the other columns. */
const points = (count: number): (readonly [number, number | bigint])[] =>
  Array.from({ length: count }, (_, index) => [
    START_MS + index * 1000,
    [Math.PI * 10 ** (index % 30), -0, 0x7ff0000000000002n, 5e-324, index][index % 5] ?? 0,
  ]);

/** A point each 15 seconds. */
const rising = (count: number): (readonly [number, number])[] =>
  Array.from({ length: count }, (_, index) => [START_MS + index * 15_000, index + 0.5]);

interface Subject {
  readonly connector: Connector;
  readonly metrics: RecordingMetrics;
  readonly log: LogLine[];
  readonly asked: string[];
}

describe('a packed read over the wire of a Timestream', () => {
  let timestream: EmbeddedTimestream;
  const open: Connector[] = [];
  let tables = 0;
  let table = '';

  beforeAll(async () => {
    timestream = await startEmbeddedTimestream({ credentials: [KEY], create: [{ databaseName: 'db', tableName: 'first' }] });
  }, 60_000);
  afterEach(async () => {
    timestream.faults.clear();
    for (const connector of open.splice(0)) await connector.close();
  });
  afterAll(() => timestream.close());

  async function newTable(written: readonly TimeSeries[]): Promise<void> {
    tables += 1;
    table = `table_${tables}`;
    await timestream.createTable({ databaseName: 'db', tableName: table });
    await write(written);
  }

  async function write(written: readonly TimeSeries[]): Promise<void> {
    expect(await bodyText(await start('rows').connector.handle(writeRequest(written)))).toBe('');
  }

  function start(strategy: string, alterPage: AlterPage = (page) => page, flags: Readonly<Record<string, string>> = {}): Subject {
    const config = testConfig({
      'write-base-endpoint': timestream.url,
      'query-base-endpoint': timestream.url,
      'default-table': table,
      'read-strategy': strategy,
      ...flags,
    });
    const metrics = new RecordingMetrics();
    const log: LogLine[] = [];
    const asked: string[] = [];
    const logger = createMemoryLogger(log);
    const connector = createConnector({
      config,
      metrics,
      logger,
      openStorage: alterStorage(openAwsStorage(config, { metrics, logger }), asked, alterPage),
    });
    open.push(connector);
    return { connector, metrics, log, asked };
  }

  async function read({ connector, log }: Subject, ...queries: readonly Query[]): Promise<readonly (readonly TimeSeries[])[]> {
    const response = await connector.handle(readRequest({ queries }));
    if (response.status !== 200) throw new Error(`${await bodyText(response)}: ${String(log.at(-1)?.fields['err'])}`);
    return decodeReadResponse(decodeSnappy(await bodyBytes(response), { maxBytes: 1e8 })).results.map(({ timeseries }) => timeseries);
  }

  async function readStreamed({ connector, log }: Subject, ...queries: readonly Query[]): Promise<readonly (readonly TimeSeries[])[]> {
    const response = await connector.handle(readRequest({ queries, acceptedResponseTypes: STREAMED_FIRST }));
    if (response.status !== 200) throw new Error(`${await bodyText(response)}: ${String(log.at(-1)?.fields['err'])}`);
    return decodeStreamedAnswer(await bodyBytes(response), queries.length);
  }

  const faultsOf = ({ metrics }: Subject): number => metrics.sum(METRICS.packedReadFaults);
  const warnings = ({ log }: Subject): readonly string[] => log.filter(({ level }) => level === 'warn').map(({ message }) => message);
  const isPacked = (sql: string): boolean => sql.includes('array_agg(');
  const everything = query(START_MS, END_MS, ['__name__', '=~', '.+']);
  const some = ['a', 'b', 'c'].flatMap((job) => [
    series({ __name__: 'm', job }, ...points(60)),
    series({ __name__: 'n:rate', job }, ...points(3)),
  ]);

  describe('of a service that does what is documented', () => {
    it('gives what rows give, of a fraction of the rows, and is checked once', async () => {
      await newTable(some);
      const [packed, rows] = [start('packed'), start('rows')];
      const expected = await read(rows, everything);
      for (let repetition = 0; repetition < 3; repetition += 1) {
        expect(await read(packed, everything)).toEqual(expected);
        expect(await readStreamed(packed, everything)).toEqual(expected);
      }
      expect(packed.metrics.sum(METRICS.packedReadChecks, { outcome: 'equal' })).toBe(1);
      expect(faultsOf(packed)).toBe(0);
      expect(packed.asked.filter(isPacked)).toHaveLength(6);
      expect(packed.metrics.sum(METRICS.readRows)).toBeLessThan(rows.metrics.sum(METRICS.readRows));
    });

    it('gives points of equal steps without their times, and every other row with them', async () => {
      const stale = 0x7ff0000000000002n;
      const withGap = rising(60).filter((_point, index) => index !== 30);
      const uneven = rising(60).map(([timeMs, value], index) => [timeMs + (index === 7 ? 1 : 0), value] as const);
      await newTable([
        series({ __name__: 'm', kind: 'even' }, ...rising(120)),
        series({ __name__: 'm', kind: 'one' }, ...rising(1)),
        series({ __name__: 'm', kind: 'two' }, ...rising(2)),
        series({ __name__: 'm', kind: 'gap' }, ...withGap),
        series({ __name__: 'm', kind: 'uneven' }, ...uneven),
        series({ __name__: 'm', kind: 'stale' }, ...rising(9), [START_MS + 9 * 15_000, stale]),
        series({ __name__: 'm', kind: 'only_stale' }, ...rising(9).map(([timeMs]) => [timeMs, stale] as const)),
        series(
          { __name__: 'm', kind: 'each_millisecond' },
          ...Array.from({ length: 99 }, (_none, index) => [START_MS + index, index] as const),
        ),
      ]);
      const expected = await read(start('rows'), everything);
      const isLeftOut = new Map<string, boolean>();
      const packed = start('packed', (page, sql) => {
        if (sql.includes('packed:step')) {
          for (const { Data = [] } of page.Rows) {
            const texts = Data.map(({ ScalarValue }) => ScalarValue ?? '');
            isLeftOut.set(texts[0] ?? '', texts.at(-1)?.startsWith('@') === true);
          }
        }
        return page;
      });
      expect(await read(packed, everything)).toEqual(expected);
      expect(
        [...isLeftOut]
          .filter(([, isOut]) => isOut)
          .map(([kind]) => kind)
          .toSorted(),
      ).toEqual(['even', 'one', 'only_stale', 'two']);
      expect(isLeftOut.size).toBe(8);
      expect(await readStreamed(packed, everything)).toEqual(await readStreamed(start('rows'), everything));
      expect(warnings(packed)).toEqual([]);
    });

    it('does not depend on the order in which points are put together', async () => {
      await newTable(some);
      const expected = await read(start('rows'), everything);
      timestream.faults.misanswer({ reordersAggregates: true });
      const packed = start('packed');
      expect(await read(packed, everything)).toEqual(expected);
      expect(await readStreamed(packed, everything)).toEqual(expected);
      expect(faultsOf(packed)).toBe(0);
    });

    it('finds series with labels that are new to the table, or new to the question, and takes them for no others', async () => {
      await newTable(some);
      const [packed, rows] = [start('packed'), start('rows')];
      expect(await read(packed, everything)).toEqual(await read(rows, everything));
      for (const label of ['zone', 'host']) {
        // `other` first has the label, so that the column is there when `m` gets it.
        for (const name of ['other', 'm']) {
          await write([
            series({ __name__: name, job: 'a', [label]: 'x' }, [START_MS + 5, 1]),
            series({ __name__: name, job: 'a' }, [START_MS + 6, 2]),
          ]);
          const question = query(START_MS, END_MS, ['__name__', '=', 'm']);
          for (const ask of [read, readStreamed]) expect(await ask(packed, question)).toEqual(await read(rows, question));
        }
      }
      expect(faultsOf(packed)).toBe(0);
      const last = packed.asked.filter(isPacked).at(-1) ?? '';
      expect(last).toContain('GROUP BY "job", "zone", "host"');
    });

    it('shows only the columns that the series of the same question had the last time', async () => {
      await newTable([...some, series({ __name__: 'wide', job: 'a', colour: 'red', size: 'xl' }, [START_MS, 1])]);
      const packed = start('packed');
      const question = query(START_MS, END_MS, ['__name__', '=', 'm']);
      const first = await read(packed, question);
      expect(await read(packed, question)).toEqual(first);
      expect(packed.asked.filter(isPacked).map((sql) => /SELECT (.*?), "measure_name"/.exec(sql)?.[1])).toEqual([
        '"job", "colour", "size"',
        '"job"',
      ]);
    });

    it('asks again with shorter rows where a row would be larger than a page', async () => {
      const small = await startEmbeddedTimestream({
        credentials: [KEY],
        create: [{ databaseName: 'db', tableName: table }],
        limits: { maxPageBytes: 30_000 },
      });
      try {
        const endpoints = { 'write-base-endpoint': small.url, 'query-base-endpoint': small.url };
        const packed = start('packed', (page) => page, endpoints);
        const dense = series(
          { __name__: 'dense', job: 'a' },
          ...Array.from({ length: 1500 }, (_, index) => [START_MS + index * 1000, Math.sqrt(index)] as const),
        );
        expect(await bodyText(await packed.connector.handle(writeRequest([dense])))).toBe('');
        const answer = await read(packed, everything);
        expect(answer).toEqual(
          await read(
            start('rows', (page) => page, endpoints),
            everything,
          ),
        );
        expect(answer[0]?.[0]?.samples.timestampsMs).toHaveLength(1500);
        expect(packed.asked.filter(isPacked).length).toBeGreaterThan(1);
        expect(faultsOf(packed)).toBe(0);
      } finally {
        await small.close();
      }
    }, 120_000);

    it('gives the first series of a large answer before it asks for the second page', async () => {
      const many = Array.from({ length: 40 }, (_, index) => series({ __name__: 'm', job: String(index).padStart(3, '0') }, ...points(20)));
      await newTable(many);
      timestream.faults.splitPages({ maxRowsPerPage: 10 });
      const pages: number[] = [];
      const packed = start('packed', (page, sql, pageNumber) => {
        if (isPacked(sql)) pages.push(pageNumber);
        return page;
      });
      const response = await packed.connector.handle(readRequest({ queries: [everything], acceptedResponseTypes: STREAMED_FIRST }));
      if (response.body instanceof Uint8Array) throw new Error('the answer is no stream');
      const parts = response.body[Symbol.asyncIterator]();
      const { value: first } = (await parts.next()) as { value: Uint8Array };
      expect(pages).toEqual([1]);
      const rest: Uint8Array[] = [];
      for (let next = await parts.next(); next.done !== true; next = await parts.next()) rest.push(next.value);
      expect(decodeStreamedAnswer(Buffer.concat([first, ...rest]), 1)[0]).toHaveLength(40);
      expect(pages).toEqual([1, 2, 3, 4]);
    });
  });

  describe('of a service that does otherwise', () => {
    const misanswers = [
      ['writes doubles with six digits', { castDoubleDigits: 6 }, 'inexact'],
      ['writes doubles with sixteen digits', { castDoubleDigits: 16 }, 'inexact'],
      // What leaves the times out is the first that is blamed.
      ['cuts texts off', { maxJoinedCharacters: 300 }, undefined],
    ] as const;
    const attemptsOf = (fault: string | undefined): number => (fault === undefined ? 2 : 1);

    it.each(misanswers)('is answered from rows, exactly, when the service %s from the beginning', async (_title, faults, fault) => {
      await newTable(some);
      const expected = await read(start('rows'), everything);
      timestream.faults.misanswer(faults);
      for (const ask of [read, readStreamed]) {
        const packed = start('packed');
        for (let repetition = 0; repetition < 3; repetition += 1) expect(await ask(packed, everything)).toEqual(expected);
        expect(faultsOf(packed)).toBe(attemptsOf(fault));
        expect(warnings(packed)).toHaveLength(attemptsOf(fault));
        expect(packed.asked.filter(isPacked)).toHaveLength(attemptsOf(fault));
      }
    });

    it.each(misanswers)('is answered from rows, exactly, when the service %s after it was checked', async (_title, faults, fault) => {
      await newTable(some);
      const expected = await read(start('rows'), everything);
      for (const ask of [read, readStreamed]) {
        timestream.faults.misanswer({});
        const packed = start('packed');
        expect(await ask(packed, everything)).toEqual(expected);
        expect(faultsOf(packed)).toBe(0);
        timestream.faults.misanswer(faults);
        expect(await ask(packed, everything)).toEqual(expected);
        // The points are known to be few, so the statement that leaves their times out is not tried any more.
        expect(packed.metrics.sum(METRICS.packedReadFaults, fault === undefined ? {} : { fault })).toBe(1);
        expect(warnings(packed)).toHaveLength(1);
      }
    });

    it('is answered from rows when the statement is refused, and not asked again', async () => {
      await newTable(some);
      const expected = await read(start('rows'), everything);
      for (const ask of [read, readStreamed]) {
        const packed = start('packed', (page, sql) => {
          if (isPacked(sql)) throw new ConnectorError('timestream-refused-query', 'line 1:8: Function array_agg not registered');
          return page;
        });
        for (let repetition = 0; repetition < 2; repetition += 1) expect(await ask(packed, everything)).toEqual(expected);
        expect(packed.metrics.sum(METRICS.packedReadFaults, { fault: 'refused' })).toBe(1);
        expect(packed.asked.filter(isPacked).map((sql) => sql.includes('packed:step'))).toEqual([true, false]);
      }
    });

    it('leaves times out of what may be many points, and asks a selector of few points for every time the next time', async () => {
      const eachSecond = Array.from({ length: 1000 }, (_, index) => [START_MS + index * 1000, index] as const);
      const many = Array.from({ length: 21 }, (_, index) => series({ __name__: 'many', job: String(index) }, ...eachSecond));
      await newTable([series({ __name__: 'm', job: 'few' }, ...rising(60)), ...many]);
      const selectors = [{ name: '__name__', type: '=', value: 'm' } as const, { name: '__name__', type: '=', value: 'many' } as const];
      for (const [index, matcher] of selectors.entries()) {
        for (const ask of [read, readStreamed]) {
          const query = { matchers: [matcher], startTimestampMs: BigInt(START_MS), endTimestampMs: BigInt(END_MS) };
          const expected = await ask(start('rows'), query);
          const packed = start('packed');
          for (let repetition = 0; repetition < 2; repetition += 1) expect(await ask(packed, query)).toEqual(expected);
          const statements = packed.asked.filter(isPacked).filter((sql, at, others) => sql !== others[at - 1]);
          expect(statements.map((sql) => sql.includes('packed:step'))).toEqual(index === 0 ? [true, false] : [true]);
        }
      }
    });

    it('asks for every time when a statement that leaves times out is refused', async () => {
      await newTable(some);
      const expected = await read(start('rows'), everything);
      for (const ask of [read, readStreamed]) {
        const packed = start('packed', (page, sql) => {
          if (sql.includes('packed:step'))
            throw new ConnectorError('timestream-refused-query', 'line 1:8: Function array_sort not registered');
          return page;
        });
        for (let repetition = 0; repetition < 2; repetition += 1) expect(await ask(packed, everything)).toEqual(expected);
        expect(packed.asked.filter(isPacked).map((sql) => sql.includes('packed:step'))).toEqual([true, false, false]);
        expect(packed.metrics.sum(METRICS.packedReadFaults, { fault: 'steps' })).toBe(1);
        expect(packed.metrics.sum(METRICS.packedReadChecks, { outcome: 'equal' })).toBe(1);
        expect(warnings(packed)).toHaveLength(1);
      }
    });

    it('asks for every time when values without times stand in another order, and checks again', async () => {
      await newTable([series({ __name__: 'm', job: 'a' }, ...rising(50))]);
      const expected = await read(start('rows'), everything);
      const packed = start('packed', (page, sql) =>
        isPacked(sql) ? alterPoints(page, (text) => text.replace(/;(0\.5);(1\.5);/, ';$2;$1;')) : page,
      );
      for (let repetition = 0; repetition < 2; repetition += 1) expect(await read(packed, everything)).toEqual(expected);
      expect(packed.metrics.sum(METRICS.packedReadFaults, { fault: 'steps' })).toBe(1);
      expect(faultsOf(packed)).toBe(1);
      expect(packed.metrics.sum(METRICS.packedReadChecks, { outcome: 'equal' })).toBe(1);
    });

    it('is answered from rows when the query fails, and asked packed the next time', async () => {
      await newTable(some);
      const expected = await read(start('rows'), everything);
      let failures = 1;
      const packed = start('packed', (page, sql) => {
        if (isPacked(sql) && failures-- > 0) throw new ConnectorError('query-failed', 'Query exceeded its memory');
        return page;
      });
      expect(await read(packed, everything)).toEqual(expected);
      expect(await read(packed, everything)).toEqual(expected);
      expect(packed.metrics.sum(METRICS.packedReadFaults, { fault: 'failed' })).toBe(1);
      expect(warnings(packed)).toEqual([]);
      expect(packed.asked.filter(isPacked)).toHaveLength(2);
    });

    it('leaves every other failure what it is', async () => {
      await newTable(some);
      const packed = start('packed', () => {
        throw new ConnectorError('throttled', 'slow down');
      });
      await expect(read(packed, everything)).rejects.toThrow('slow down');
      expect(faultsOf(packed)).toBe(0);
    });

    it('is compared with rows, and answered from them when they differ', async () => {
      await newTable(some);
      const expected = await read(start('rows'), everything);
      const packed = start('packed', (page, sql) =>
        isPacked(sql) ? alterPoints(page, (text) => text.replace('3.14159', '3.14158')) : page,
      );
      expect(await read(packed, everything)).toEqual(expected);
      expect(packed.metrics.sum(METRICS.packedReadChecks, { outcome: 'different' })).toBe(1);
      expect(packed.metrics.sum(METRICS.packedReadFaults, { fault: 'different' })).toBe(1);
    });

    it.each<[string, AlterPage]>([
      ['writes doubles that are hard to write as others', (page) => alterPoints(page, (text) => text.replace('4.9E-324', '0.0'))],
      [
        'refuses to write them',
        () => {
          throw new ConnectorError('timestream-refused-query', 'line 1:8: Cannot cast to double');
        },
      ],
    ])('is answered from rows when the service %s, though it has written those of the answer right', async (_what, alterProbe) => {
      await newTable(some);
      const expected = await read(start('rows'), everything);
      const packed = start('packed', (page, sql, pageNumber) => (sql.includes("'4.9E-324'") ? alterProbe(page, sql, pageNumber) : page));
      expect(await read(packed, everything)).toEqual(expected);
      expect(packed.metrics.sum(METRICS.packedReadFaults, { fault: 'inexact' })).toBe(1);
      expect(warnings(packed)).toHaveLength(1);
    });

    it('goes on as rows behind the series that were given, when the answer turns bad on the way', async () => {
      const many = Array.from({ length: 40 }, (_, index) => series({ __name__: 'm', job: String(index).padStart(3, '0') }, ...points(20)));
      await newTable(many);
      const expected = await read(start('rows'), everything);
      timestream.faults.splitPages({ maxRowsPerPage: 10 });
      for (const badPage of [1, 2, 4]) {
        const packed = start('packed', (page, sql, pageNumber) =>
          isPacked(sql) && pageNumber === badPage ? alterPoints(page, (text) => text.slice(0, -3)) : page,
        );
        expect(await readStreamed(packed, everything)).toEqual(expected);
        expect(packed.metrics.sum(METRICS.packedReadFaults, { fault: 'incomplete' })).toBe(1);
      }
    });

    it('is answered from rows when series come in another order, and sorted by the connector from then on', async () => {
      await newTable(some);
      const expected = await read(start('rows'), everything);
      const packed = start('packed', (page, sql) => (sql.includes('ORDER BY') ? { ...page, Rows: [...page.Rows].reverse() } : page));
      for (let repetition = 0; repetition < 2; repetition += 1) expect(await readStreamed(packed, everything)).toEqual(expected);
      expect(await read(packed, everything)).toEqual(expected);
      expect(packed.asked.filter((sql) => sql.includes('ORDER BY'))).toHaveLength(1);
      expect(warnings(packed)).toHaveLength(1);
    });

    it('breaks the stream rather than leave a series out, when the order turns out wrong on the way', async () => {
      await newTable(
        Array.from({ length: 40 }, (_, index) => series({ __name__: 'm', job: String(index).padStart(3, '0') }, ...points(20))),
      );
      timestream.faults.splitPages({ maxRowsPerPage: 10 });
      const packed = start('packed', (page, sql, pageNumber) =>
        sql.includes('ORDER BY') && pageNumber === 3 ? { ...page, Rows: [...page.Rows].reverse() } : page,
      );
      await expect(readStreamed(packed, everything)).rejects.toThrow(/another order/);
      expect(await readStreamed(packed, everything)).toEqual(await read(start('rows'), everything));
    });
  });

  function alterPoints(page: QueryPage, alter: (text: string) => string): QueryPage {
    return {
      ...page,
      Rows: page.Rows.map(({ Data = [] }) => ({
        Data: Data.map((datum, index) =>
          index === Data.length - 1 && datum.ScalarValue !== undefined ? { ScalarValue: alter(datum.ScalarValue) } : datum,
        ),
      })),
    };
  }
});
