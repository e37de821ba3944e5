import { describe, expect, it } from 'vitest';
import type { TimestreamRecord } from '../../src/model/record.js';
import { meteredWriteBytes, recordBytes, writeBytes } from '../../src/write/record-size.js';

function event(overrides: Partial<TimestreamRecord> = {}): TimestreamRecord {
  return { Time: '1700000000000', MeasureName: 'cpu', MeasureValue: '1.5', MeasureValueType: 'DOUBLE', ...overrides };
}

describe('recordBytes', () => {
  it('counts 8 for the time, the names and values of dimensions, the measure name and 8 for the number', () => {
    expect(recordBytes(event({ Dimensions: [{ Name: 'job', Value: 'é😀' }] }))).toBe(8 + 3 + 6 + 3 + 8);
  });

  it('counts name and value of every column of a multi-measure record', () => {
    const record: TimestreamRecord = {
      Time: '1',
      TimeUnit: 'MILLISECONDS',
      MeasureName: 'up',
      MeasureValueType: 'MULTI',
      MeasureValues: [
        { Name: 'sample_value', Value: '1.7976931348623157E308', Type: 'DOUBLE' },
        { Name: 'sample_bits', Value: '1', Type: 'BIGINT' },
        { Name: 'text', Value: 'été', Type: 'VARCHAR' },
      ],
    };
    expect(recordBytes(record)).toBe(8 + 2 + (12 + 8) + (11 + 8) + (4 + 5));
  });
});

describe('meteredWriteBytes', () => {
  // The two examples of the developer guide, metering-and-pricing.writes.
  it('makes one paid KiB of 12 events of 83 bytes', () => {
    const Records = Array.from({ length: 12 }, () => event({ Dimensions: [{ Name: 'd'.repeat(30), Value: 'v'.repeat(34) }] }));
    expect(Records.map(recordBytes)).toEqual(Array.from({ length: 12 }, () => 83));
    expect(meteredWriteBytes({ Records })).toBe(1024);
  });

  it('counts common attributes once: 52 bytes and 36 events of 27 bytes are one paid KiB, one more event makes it two', () => {
    const CommonAttributes: TimestreamRecord = { Dimensions: [{ Name: 'd'.repeat(22), Value: 'v'.repeat(30) }], TimeUnit: 'MILLISECONDS' };
    const Records = Array.from({ length: 36 }, () => event({ MeasureName: 'm'.repeat(11) }));
    expect(recordBytes(CommonAttributes)).toBe(52);
    expect(Records.map(recordBytes)).toEqual(Array.from({ length: 36 }, () => 27));
    expect(writeBytes({ CommonAttributes, Records })).toBe(1024);
    expect(meteredWriteBytes({ CommonAttributes, Records })).toBe(1024);
    expect(meteredWriteBytes({ CommonAttributes, Records: [...Records, event()] })).toBe(2048);
  });

  it('makes one paid KiB of a single small record', () => {
    expect(meteredWriteBytes({ Records: [event()] })).toBe(1024);
  });
});
