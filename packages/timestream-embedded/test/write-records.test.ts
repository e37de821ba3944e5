import type { _Record } from '@aws-sdk/client-timestream-write';
import { describe, expect, it } from 'vitest';
import { multiRecord, sampleRecord, writeTo } from './sample-record.js';
import { startServer } from './start-server.js';

describe('WriteRecords', () => {
  it('counts what it stored', async () => {
    const { write, server } = await startServer();
    const answer = await writeTo(write, [sampleRecord(), sampleRecord({ MeasureName: 'down' })]);
    expect(answer).toMatchObject({ total: 2, memory: 2, magnetic: 0 });
    expect(server.usage()).toMatchObject({ writeRequests: 1, recordsIngested: 2, recordsRejected: 0 });
  });

  it('merges the common attributes into every record; what the record says itself counts', async () => {
    const { write } = await startServer();
    const common: _Record = {
      Dimensions: [{ Name: 'job', Value: 'node' }],
      MeasureName: 'up',
      MeasureValue: '1',
      MeasureValueType: 'BIGINT',
      Time: String(Math.floor(Date.now() / 1000)),
      TimeUnit: 'SECONDS',
      Version: 5,
    };
    expect(
      await writeTo(write, [{}, { Dimensions: [{ Name: 'host', Value: 'a' }] }, { MeasureName: 'x', MeasureValue: '2' }], common),
    ).toMatchObject({ total: 3 });
    // The first record again, spelled out and with an older version: it was stored under the merged identity and version.
    const older = await writeTo(write, [{ ...common, Version: 4 }]);
    expect(older.rejected).toEqual([
      {
        RecordIndex: 0,
        Reason: 'The record version 4 is lower than the existing version 5. A higher version is required to update the measure value.',
        ExistingVersion: 5,
      },
    ]);
  });

  it('answers a missing database and a missing table with ResourceNotFoundException', async () => {
    const { write } = await startServer();
    expect(await writeTo(write, [sampleRecord()], undefined, 'nope')).toMatchObject({
      error: 'ResourceNotFoundException',
      status: 404,
      message: 'The table nope does not exist.',
    });
  });

  it('stores the good records of a request whose others are rejected', async () => {
    const { write, server } = await startServer();
    const time = String(Date.now());
    const answer = await writeTo(write, [
      sampleRecord({ Time: time }),
      sampleRecord({ Time: '1000' }),
      sampleRecord({ Time: time, MeasureName: 'b' }),
    ]);
    expect(answer).toMatchObject({
      error: 'RejectedRecordsException',
      status: 419,
      message: 'One or more records have been rejected. See RejectedRecords for details.',
    });
    expect(answer.rejected.map(({ RecordIndex }) => RecordIndex)).toEqual([1]);
    expect(server.usage()).toMatchObject({ recordsIngested: 2, recordsRejected: 1 });
  });
});

describe('a WriteRecords request that fails as a whole', () => {
  it.each<[string, _Record[], _Record | undefined, string | RegExp]>([
    ['has no dimension', [sampleRecord({ Dimensions: [] })], undefined, 'At least one dimension is required for a record.'],
    ['has no measure name', [{ ...sampleRecord(), MeasureName: undefined }], undefined, /a measure name is required/],
    ['has no time', [{ ...sampleRecord(), Time: undefined }], undefined, /a time is required/],
    ['has no value', [{ ...sampleRecord(), MeasureValue: undefined }], undefined, /a measure value is required/],
    ['has a negative time', [sampleRecord({ Time: '-1' })], undefined, /the time '-1'/],
    ['has a time with a fraction', [sampleRecord({ Time: '1.5' })], undefined, /the time '1.5'/],
    ['has version 0', [sampleRecord({ Version: 0 })], undefined, /the version must be/],
    [
      'has a TIMESTAMP measure outside MULTI',
      [sampleRecord({ MeasureValueType: 'TIMESTAMP' })],
      undefined,
      'TIMESTAMP is an invalid measure value type',
    ],
    [
      'has MeasureValues in a single record',
      [sampleRecord({ MeasureValues: [{ Name: 'a', Value: '1', Type: 'DOUBLE' }] })],
      undefined,
      /belong to a record of type MULTI/,
    ],
    ['has MULTI without values', [{ ...multiRecord([]) }], undefined, /needs MeasureValues/],
    [
      'has MULTI with a MeasureValue',
      [multiRecord([{ Name: 'a', Value: '1', Type: 'DOUBLE' }], { MeasureValue: '1' })],
      undefined,
      /not a MeasureValue/,
    ],
    ['has MULTI within MULTI', [multiRecord([{ Name: 'a', Value: '1', Type: 'MULTI' }])], undefined, /MULTI is an invalid type/],
    [
      'has an attribute twice',
      [
        multiRecord([
          { Name: 'a', Value: '1', Type: 'DOUBLE' },
          { Name: 'a', Value: '2', Type: 'DOUBLE' },
        ]),
      ],
      undefined,
      /given twice/,
    ],
    [
      'has a dimension twice',
      [
        sampleRecord({
          Dimensions: [
            { Name: 'a', Value: '1' },
            { Name: 'a', Value: '2' },
          ],
        }),
      ],
      undefined,
      /given twice/,
    ],
    ['has an empty dimension value', [sampleRecord({ Dimensions: [{ Name: 'a', Value: '' }] })], undefined, /empty value/],
    ['overlaps its common dimensions', [sampleRecord()], { Dimensions: [{ Name: 'job', Value: 'x' }] }, /dimensions may not overlap/],
    ['has a colon in the measure name', [sampleRecord({ MeasureName: 'a:b' })], undefined, /must not contain a colon/],
    ['has a reserved measure name', [sampleRecord({ MeasureName: 'measure_value_x' })], undefined, /must not start with 'measure_value'/],
    ['has a dimension named time', [sampleRecord({ Dimensions: [{ Name: 'time', Value: 'x' }] })], undefined, /is a reserved name/],
    [
      'has a dimension that starts with ts_',
      [sampleRecord({ Dimensions: [{ Name: 'ts_x', Value: 'x' }] })],
      undefined,
      /must not start with 'ts_'/,
    ],
    ['has a quote in a dimension name', [sampleRecord({ Dimensions: [{ Name: 'a"b', Value: 'x' }] })], undefined, /double quote/],
    [
      'has a line separator in a dimension name',
      [sampleRecord({ Dimensions: [{ Name: 'a\u2028b', Value: 'x' }] })],
      undefined,
      /line separator/,
    ],
  ])('%s', async (_, records, common, message) => {
    const { write, server } = await startServer();
    const answer = await writeTo(
      write,
      [sampleRecord({ MeasureName: 'good', Dimensions: [{ Name: 'other', Value: 'x' }] }), ...records],
      common,
    );
    expect(answer).toMatchObject({ error: 'ValidationException', status: 400 });
    if (typeof message === 'string') expect(answer.message).toBe(message);
    else expect(answer.message).toMatch(message);
    expect(server.usage().recordsIngested).toBe(0);
  });

  it.each<[string, _Record[], string]>([
    ['no record', [], "Value '[0 members]' at 'records' failed to satisfy constraint: Member must have length greater than or equal to 1"],
    [
      '101 records',
      Array.from({ length: 101 }, () => sampleRecord()),
      "Value '[101 members]' at 'records' failed to satisfy constraint: Member must have length less than or equal to 100",
    ],
    [
      'an unknown type of dimension',
      [sampleRecord({ Dimensions: [{ Name: 'a', Value: 'b', DimensionValueType: 'X' as 'VARCHAR' }] })],
      "Value 'X' at 'records.1.member.dimensions.1.member.dimensionValueType' failed to satisfy constraint: Member must satisfy enum value set: [VARCHAR]",
    ],
    [
      'an empty measure value',
      [sampleRecord({ MeasureValue: '' })],
      "Value '' at 'records.1.member.measureValue' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ],
  ])('is refused by the model: %s', async (_, records, violation) => {
    const { write } = await startServer();
    expect(await writeTo(write, records)).toMatchObject({
      error: 'ValidationException',
      status: 400,
      message: `1 validation error detected: ${violation}`,
    });
  });
});

describe('the text of a measure', () => {
  const accepted: [string, string[]][] = [
    ['DOUBLE', ['1', '-0', '+5', '1.', '.5', '1e300', '5E-324', '-1.7976931348623157e308', '0'.repeat(2048)]],
    ['BIGINT', ['0', '-9223372036854775808', '9223372036854775807', '+7', '007']],
    ['BOOLEAN', ['true', 'false', 'TRUE']],
    ['VARCHAR', ['x', ' ', 'a\u0000b', '\u{1F600}']],
  ];
  const refused: [string, string[]][] = [
    ['DOUBLE', ['NaN', 'Infinity', '-Infinity', 'inf', '0x10', '1e', 'e5', '.', '1_000', ' 1', '1 ', '1e309', '--1', '1,5']],
    ['BIGINT', ['9223372036854775808', '-9223372036854775809', '1.0', '1e3', '', ' 1', '0x1'].filter((text) => text !== '')],
    ['BOOLEAN', ['1', '0', 'yes', 't', ' true']],
  ];

  it.each(accepted.flatMap(([type, texts]) => texts.map((text): [string, string] => [type, text])))('%s takes %j', async (type, text) => {
    const { write } = await startServer({ limits: { maxRecordBytes: 4096 } });
    expect(await writeTo(write, [sampleRecord({ MeasureValueType: type as 'DOUBLE', MeasureValue: text })])).toMatchObject({ total: 1 });
  });

  it.each(refused.flatMap(([type, texts]) => texts.map((text): [string, string] => [type, text])))('%s refuses %j', async (type, text) => {
    const { write } = await startServer();
    const answer = await writeTo(write, [sampleRecord({ MeasureValueType: type as 'DOUBLE', MeasureValue: text })]);
    expect(answer).toMatchObject({
      error: 'ValidationException',
      message: `Records[0]: the measure value '${text}' is not a valid ${type}.`,
    });
  });
});
