import type { _Record } from '@aws-sdk/client-timestream-write';
import { describe, expect, it } from 'vitest';
import { multiRecord, sampleRecord, writeTo } from './sample-record.js';
import { startServer } from './start-server.js';

const now = Date.now();
const at = (ageMs: number, changes: Partial<_Record>): _Record => sampleRecord({ Time: String(now - ageMs), ...changes });
const sameVersionReason =
  'A record already exists with the same time, dimensions, measure name, and record version. A higher record version must be specified in order to update the measure value. Specifying record version is supported by the latest SDKs.';
const lowerReason = (version: number, existing: number): string =>
  `The record version ${version} is lower than the existing version ${existing}. A higher version is required to update the measure value.`;

// The record that is met may be the newest of its series (decided from memory), an older one, or one before it was reopened (both looked up).
describe.each([
  ['the newest of its series', 0],
  ['not the newest of its series', 60_000],
])('a record that meets a stored one that is %s', (_, ageMs) => {
  it.each<[string, Partial<_Record>, Partial<_Record>, { reason: string; existing: number } | undefined]>([
    ['is accepted with the same version and value', {}, {}, undefined],
    ['is rejected with the same version and another value', {}, { MeasureValue: '2' }, { reason: sameVersionReason, existing: 1 }],
    [
      'is rejected with the same version and a zero of another sign',
      { MeasureValue: '0' },
      { MeasureValue: '-0' },
      { reason: sameVersionReason, existing: 1 },
    ],
    ['is rejected with a lower version', { Version: 200 }, { Version: 2 }, { reason: lowerReason(2, 200), existing: 200 }],
    [
      'is rejected with a lower version and another value',
      { Version: 3 },
      { Version: 2, MeasureValue: '2' },
      { reason: lowerReason(2, 3), existing: 3 },
    ],
    ['is accepted with a higher version and the same value', {}, { Version: 2 }, undefined],
    ['is accepted with a higher version and another value', {}, { Version: 2, MeasureValue: '2' }, undefined],
    ['is rejected with the same version and another type', {}, { MeasureValueType: 'BIGINT' }, { reason: sameVersionReason, existing: 1 }],
  ])('%s', async (__, first, second, rejection) => {
    const { write } = await startServer();
    const newer = ageMs === 0 ? [] : [at(0, {}), at(120_000, {})];
    expect(await writeTo(write, [at(ageMs, first), ...newer])).toMatchObject({ total: 1 + newer.length });
    const answer = await writeTo(write, [at(ageMs, second)]);
    if (rejection === undefined) expect(answer).toMatchObject({ total: 1 });
    else expect(answer.rejected).toEqual([{ RecordIndex: 0, Reason: rejection.reason, ExistingVersion: rejection.existing }]);
  });

  it('leaves its version behind when it was accepted', async () => {
    const { write } = await startServer();
    await writeTo(write, [at(0, {}), at(60_000, {}), at(120_000, {})]);
    expect(await writeTo(write, [at(ageMs, { Version: 7, MeasureValue: '3' })])).toMatchObject({ total: 1 });
    expect((await writeTo(write, [at(ageMs, { Version: 6, MeasureValue: '3' })])).rejected).toMatchObject([{ ExistingVersion: 7 }]);
    expect((await writeTo(write, [at(ageMs, { Version: 7, MeasureValue: '1' })])).rejected).toMatchObject([{ ExistingVersion: 7 }]);
    expect(await writeTo(write, [at(ageMs, { Version: 7, MeasureValue: '3' })])).toMatchObject({ total: 1 });
  });
});

describe('records of one series and time in one request', () => {
  it('meet each other in their order', async () => {
    const { write } = await startServer();
    const answer = await writeTo(write, [
      at(0, {}),
      at(0, {}),
      at(0, { MeasureValue: '2' }),
      at(0, { MeasureValue: '2', Version: 3 }),
      at(0, { MeasureValue: '2', Version: 2 }),
    ]);
    expect(answer.rejected).toEqual([
      { RecordIndex: 2, Reason: sameVersionReason, ExistingVersion: 1 },
      { RecordIndex: 4, Reason: lowerReason(2, 3), ExistingVersion: 3 },
    ]);
  });
});

describe('the identity of a record', () => {
  const dimensions = [
    { Name: 'a', Value: '1' },
    { Name: 'b', Value: '2' },
  ];

  it('does not depend on the order of the dimensions', async () => {
    const { write } = await startServer();
    await writeTo(write, [at(0, { Dimensions: dimensions })]);
    const answer = await writeTo(write, [at(0, { Dimensions: dimensions.toReversed(), MeasureValue: '2' })]);
    expect(answer.rejected).toHaveLength(1);
  });

  it('is told apart by every dimension, the measure name and the time to the nanosecond', async () => {
    const { write } = await startServer();
    const timeNs = BigInt(now) * 1_000_000n;
    const base: Partial<_Record> = { Dimensions: dimensions, Time: String(timeNs), TimeUnit: 'NANOSECONDS' };
    const records = [
      sampleRecord(base),
      sampleRecord({ ...base, Time: String(timeNs + 1n), MeasureValue: '2' }),
      sampleRecord({ ...base, MeasureName: 'Up', MeasureValue: '3' }),
      sampleRecord({ ...base, Dimensions: [...dimensions, { Name: 'c', Value: '3' }], MeasureValue: '4' }),
      sampleRecord({ ...base, Dimensions: dimensions.slice(1), MeasureValue: '5' }),
      sampleRecord({
        ...base,
        Dimensions: [
          { Name: 'a', Value: '1b' },
          { Name: 'b', Value: '2' },
        ],
        MeasureValue: '6',
      }),
      sampleRecord({
        ...base,
        Dimensions: [
          { Name: 'A', Value: '1' },
          { Name: 'b', Value: '2' },
        ],
        MeasureValue: '7',
      }),
    ];
    expect(await writeTo(write, records)).toMatchObject({ total: records.length });
  });

  it('is the same whatever unit the time is given in', async () => {
    const { write } = await startServer();
    const seconds = Math.floor(now / 1000);
    await writeTo(write, [sampleRecord({ Time: String(seconds), TimeUnit: 'SECONDS' })]);
    const answer = await writeTo(write, [
      sampleRecord({ Time: `${seconds}000`, MeasureValue: '2' }),
      sampleRecord({ Time: `${seconds}000000`, TimeUnit: 'MICROSECONDS', MeasureValue: '2' }),
      sampleRecord({ Time: `${seconds}000000000`, TimeUnit: 'NANOSECONDS', MeasureValue: '2' }),
    ]);
    expect(answer.rejected).toHaveLength(3);
  });

  it('does not depend on the order of a multi-measure record either', async () => {
    const { write } = await startServer();
    const measures = [
      { Name: 'x', Value: '1', Type: 'DOUBLE' as const },
      { Name: 'y', Value: 'text', Type: 'VARCHAR' as const },
      { Name: 'z', Value: '5', Type: 'TIMESTAMP' as const },
    ];
    const common = { Time: String(now) };
    expect(await writeTo(write, [multiRecord(measures, common)])).toMatchObject({ total: 1 });
    expect(await writeTo(write, [multiRecord(measures.toReversed(), common)])).toMatchObject({ total: 1 });
    expect((await writeTo(write, [multiRecord(measures.slice(1), common)])).rejected).toHaveLength(1);
  });

  it('compares versions beyond 2^53 exactly', async () => {
    const { write } = await startServer();
    // The clients' types say number; a bigint travels with all its digits.
    const version = (value: bigint): Partial<_Record> => ({ Version: value as unknown as number });
    await writeTo(write, [at(0, version(9_007_199_254_740_993n))]);
    expect((await writeTo(write, [at(0, version(9_007_199_254_740_992n))])).rejected[0]?.Reason).toBe(
      'The record version 9007199254740992 is lower than the existing version 9007199254740993. A higher version is required to update the measure value.',
    );
    expect(await writeTo(write, [at(0, version(9_223_372_036_854_775_807n))])).toMatchObject({ total: 1 });
    expect(await writeTo(write, [at(0, version(9_223_372_036_854_775_808n))])).toMatchObject({ error: 'ValidationException' });
  });
});
