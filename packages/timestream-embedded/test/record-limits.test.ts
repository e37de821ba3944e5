import type { _Record } from '@aws-sdk/client-timestream-write';
import { describe, expect, it } from 'vitest';
import { multiRecord, sampleRecord, writeTo } from './sample-record.js';
import { startServer } from './start-server.js';

const measure = (name: string, value = '1'): NonNullable<_Record['MeasureValues']>[number] => ({
  Name: name,
  Value: value,
  Type: 'DOUBLE',
});
const names = (count: number, prefix: string): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const dimensions = (list: readonly string[]): NonNullable<_Record['Dimensions']> => list.map((Name) => ({ Name, Value: 'v' }));

/** 60 bytes of UTF-8 in 20 characters. */
const longestName = '日'.repeat(20);

describe('a record that exceeds a limit is rejected, the others are stored', () => {
  it.each<[string, _Record, _Record, RegExp]>([
    [
      'a dimension name of 60 bytes',
      sampleRecord({ Dimensions: [{ Name: longestName, Value: 'x' }] }),
      sampleRecord({ Dimensions: [{ Name: `${longestName}x`, Value: 'x' }] }),
      /longer than 60 bytes/,
    ],
    [
      'a measure name of 256 bytes',
      sampleRecord({ MeasureName: 'é'.repeat(128) }),
      sampleRecord({ MeasureName: `${'é'.repeat(128)}x` }),
      /longer than 256 bytes/,
    ],
    [
      '256 measures',
      // 256 doubles are 2048 bytes: names, time and dimensions do not count towards them.
      multiRecord(names(256, 'a_measure_with_a_long_name_').map((name) => measure(name))),
      multiRecord(names(257, 'm').map((Name) => ({ Name, Value: 'true', Type: 'BOOLEAN' }))),
      /has 257 measures; 256 are allowed/,
    ],
    [
      '2048 bytes of record',
      // Dimension name 1, value 2029, measure name 2, double 8, time 8.
      sampleRecord({ Dimensions: [{ Name: 'a', Value: 'x'.repeat(2029) }] }),
      sampleRecord({ Dimensions: [{ Name: 'a', Value: 'x'.repeat(2030) }] }),
      /takes 2049 bytes; 2048 are allowed/,
    ],
    [
      '2048 bytes of measure values in a multi-measure record',
      multiRecord([{ Name: 'text', Value: 'x'.repeat(2040), Type: 'VARCHAR' }, measure('number')]),
      multiRecord([{ Name: 'text', Value: 'x'.repeat(2041), Type: 'VARCHAR' }, measure('number')]),
      /measure values of the record take 2049 bytes; 2048 are allowed/,
    ],
    [
      '2048 bytes of dimensions',
      sampleRecord({ Dimensions: [{ Name: 'a', Value: 'x'.repeat(2029) }] }),
      sampleRecord({ Dimensions: [{ Name: 'a', Value: 'x'.repeat(2048) }] }),
      /names and values of the record take 2049 bytes/,
    ],
  ])('%s is the most', async (_, most, tooMuch, reason) => {
    const { write } = await startServer();
    expect(await writeTo(write, [most])).toMatchObject({ total: 1 });
    const answer = await writeTo(write, [sampleRecord(), tooMuch]);
    expect(answer.rejected).toHaveLength(1);
    expect(answer.rejected[0]).toMatchObject({ RecordIndex: 1 });
    expect(answer.rejected[0]?.Reason).toMatch(reason);
  });

  it('takes 128 dimensions per table, however they are spread over records', async () => {
    const { write } = await startServer();
    expect(await writeTo(write, [sampleRecord({ Dimensions: dimensions(names(100, 'a')) })])).toMatchObject({ total: 1 });
    expect(await writeTo(write, [sampleRecord({ Dimensions: dimensions([...names(28, 'b'), 'a1']) })])).toMatchObject({ total: 1 });
    const answer = await writeTo(write, [
      sampleRecord({ Dimensions: dimensions(['one_more']) }),
      sampleRecord({ Dimensions: dimensions(['a5', 'b7']) }),
    ]);
    expect(answer.rejected).toEqual([{ RecordIndex: 0, Reason: 'The table would have more than 128 dimensions.' }]);
  });

  it('takes 128 dimensions per table within one request', async () => {
    const { write } = await startServer();
    const answer = await writeTo(
      write,
      names(129, 'd')
        .map((name) => sampleRecord({ Dimensions: dimensions([name]) }))
        .slice(30),
      undefined,
    );
    expect(answer).toMatchObject({ total: 99 });
    const rest = await writeTo(
      write,
      names(30, 'd').map((name) => sampleRecord({ Dimensions: dimensions([name]) })),
    );
    expect(rest.rejected.map(({ RecordIndex }) => RecordIndex)).toEqual([29]);
  });

  it('takes as many measure names per table as the limit says', async () => {
    const { write } = await startServer({ limits: { maxMeasureNamesPerTable: 3 } });
    const answer = await writeTo(
      write,
      names(4, 'm').map((MeasureName) => sampleRecord({ MeasureName })),
    );
    expect(answer.rejected).toEqual([{ RecordIndex: 3, Reason: 'The table would have more than 3 measure names.' }]);
    expect(await writeTo(write, [sampleRecord({ MeasureName: 'm1', Dimensions: dimensions(['another']) })])).toMatchObject({ total: 1 });
  });

  it('takes as many multi-measure columns per table as the limit says', async () => {
    const { write } = await startServer({ limits: { maxMultiMeasureColumnsPerTable: 3 } });
    const answer = await writeTo(write, [
      multiRecord([measure('a'), measure('b')]),
      multiRecord([measure('c'), measure('d')], { MeasureName: 'second' }),
      multiRecord([measure('b'), measure('c')], { MeasureName: 'third' }),
    ]);
    expect(answer.rejected).toEqual([{ RecordIndex: 1, Reason: 'The table would have more than 3 multi-measure columns.' }]);
  });

  it('refuses a column as dimension and measure at once, in one record and over several', async () => {
    const { write } = await startServer();
    const answer = await writeTo(write, [
      multiRecord([measure('job')]),
      multiRecord([measure('cpu')]),
      sampleRecord({ Dimensions: dimensions(['cpu']) }),
      multiRecord([measure('host')], { Dimensions: dimensions(['other']) }),
      sampleRecord({ Dimensions: dimensions(['host']), MeasureName: 'x' }),
    ]);
    expect(answer.rejected).toEqual([
      { RecordIndex: 0, Reason: "'job' is both a dimension and a measure of the record." },
      { RecordIndex: 2, Reason: "The dimension 'cpu' has the name of a measure of the table." },
      { RecordIndex: 4, Reason: "The dimension 'host' has the name of a measure of the table." },
    ]);
    const later = await writeTo(write, [multiRecord([measure('job')], { Dimensions: dimensions(['other']) })]);
    expect(later.rejected).toEqual([{ RecordIndex: 0, Reason: "The measure 'job' has the name of a dimension of the table." }]);
  });

  it('keeps an attribute to the type it was first written with', async () => {
    const { write } = await startServer();
    const answer = await writeTo(write, [
      multiRecord([measure('cpu')]),
      multiRecord([{ Name: 'cpu', Value: '1', Type: 'BIGINT' }], { MeasureName: 'other' }),
    ]);
    expect(answer.rejected).toEqual([{ RecordIndex: 1, Reason: "The measure 'cpu' is of type DOUBLE, not BIGINT." }]);
  });

  it('takes names that differ in case only as different columns', async () => {
    const { write } = await startServer();
    const record = multiRecord([measure('Cpu'), measure('cpu'), measure('CPU', '3')], { Dimensions: dimensions(['Job', 'job', 'JOB']) });
    expect(await writeTo(write, [record])).toMatchObject({ total: 1 });
  });

  it('demands the dimension that a table requires as its partition key', async () => {
    const { write, server } = await startServer();
    await server.createTable({ databaseName: 'db', tableName: 'unused' });
    const { CreateTableCommand } = await import('@aws-sdk/client-timestream-write');
    await write.send(
      new CreateTableCommand({
        DatabaseName: 'db',
        TableName: 'keyed',
        Schema: { CompositePartitionKey: [{ Type: 'DIMENSION', Name: 'host', EnforcementInRecord: 'REQUIRED' }] },
      }),
    );
    const answer = await writeTo(write, [sampleRecord(), sampleRecord({ Dimensions: dimensions(['host']) })], undefined, 'keyed');
    expect(answer.rejected.map(({ RecordIndex }) => RecordIndex)).toEqual([0]);
    expect(answer.rejected[0]?.Reason).toContain("partition key dimension 'host'");
  });
});
