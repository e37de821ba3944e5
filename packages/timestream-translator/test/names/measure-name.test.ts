import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { MAX_MEASURE_NAME_BYTES } from '../../src/model/limits.js';
import { decodeMeasureName, encodeMeasureName, isHashedMeasureName, measureNamesOf } from '../../src/names/measure-name.js';
import { anyText } from '../support/arbitraries.js';

describe('encodeMeasureName', () => {
  it.each([
    ['up', 'up'],
    ['node_cpu_seconds_total', 'node_cpu_seconds_total'],
    ['job:up:sum', 'job%3Aup%3Asum'],
    ['100%', '100%25'],
    ['a%3Ab', 'a%253Ab'],
    ['say "x"', 'say %22x%22'],
    ['a\nb\u007f', 'a%0Ab%7F'],
    ['a\u2028b\u2029', 'a%E2%80%A8b%E2%80%A9'],
    ['time', '%74ime'],
    ['timestamp', 'timestamp'],
    ['Time', 'Time'],
    ['ts_total', '%74s_total'],
    ['its_total', 'its_total'],
    ['measure_name', '%6Deasure_name'],
    ['measure_value::double', '%6Deasure_value%3A%3Adouble'],
    ['measures', 'measures'],
    ['температура', 'температура'],
    ['', ''],
  ])('stores %j as %j', (metricName, measureName) => {
    expect(encodeMeasureName(metricName)).toBe(measureName);
    expect(decodeMeasureName(measureName)).toBe(metricName);
  });

  it('writes nothing that Timestream forbids, and never more than 256 bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(anyText, fc.string({ unit: fc.constantFrom(':', '😀', 'a', 'é'), minLength: 60, maxLength: 300 })),
        (metricName) => {
          const measureName = encodeMeasureName(metricName);
          // oxlint-disable-next-line no-control-regex -- the rule is about control characters
          expect(measureName).not.toMatch(/[:"\u0000-\u001f\u007f\u2028\u2029]/);
          expect(measureName).not.toMatch(/^(?:ts_|measure_name|measure_value|time$)/);
          expect(Buffer.byteLength(measureName)).toBeLessThanOrEqual(MAX_MEASURE_NAME_BYTES);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('keeps a name of exactly 256 bytes and hashes one of 257', () => {
    expect(encodeMeasureName('é'.repeat(128))).toBe('é'.repeat(128));
    expect(encodeMeasureName('a' + 'é'.repeat(128))).toMatch(/^aé{118}%~[0-9a-f]{16}$/);
    expect(encodeMeasureName('a'.repeat(257))).toMatch(/^a{238}%~[0-9a-f]{16}$/);
  });

  it('cuts a long name neither inside a character nor inside an escape', () => {
    expect(encodeMeasureName('😀'.repeat(65))).toMatch(/^(?:😀){59}%~[0-9a-f]{16}$/u);
    expect(encodeMeasureName('a' + ':'.repeat(100))).toMatch(/^a(?:%3A){79}%~[0-9a-f]{16}$/);
  });

  it('hashes with FNV-1a', () => {
    const fnv1a = (text: string): string => {
      let hash = 0xcbf29ce484222325n;
      for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
      return hash.toString(16).padStart(16, '0');
    };
    // Published test vector of FNV-1a 64: "a" is af63dc4c8601ec8c.
    expect(fnv1a('a')).toBe('af63dc4c8601ec8c');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 257, maxLength: 300 }), (metricName) => {
        expect(encodeMeasureName(metricName).slice(-18)).toBe(`%~${fnv1a(metricName)}`);
      }),
    );
  });
});

describe('decodeMeasureName', () => {
  it('gives back every metric name that fits', () => {
    fc.assert(
      fc.property(anyText, (metricName) => {
        const measureName = encodeMeasureName(metricName);
        fc.pre(!isHashedMeasureName(measureName));
        expect(decodeMeasureName(measureName)).toBe(metricName);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['100%', 'a%3ab', 'a%41', '%75p', 'a%', 'a%3', '%zz', 'a%3Ab%', 'x%~0123456789abcdef', '%E2%80', '%ts_'])(
    'leaves %j, which we would not write, as it is',
    (measureName) => {
      expect(decodeMeasureName(measureName)).toBe(measureName);
    },
  );
});

describe('measureNamesOf', () => {
  it.each([
    ['up', ['up']],
    ['a:b', ['a%3Ab', 'a:b']],
    ['100%', ['100%25', '100%']],
    ['a%3Ab', ['a%253Ab']],
    ['time', ['%74ime', 'time']],
  ])('finds %j under %j', (metricName, measureNames) => {
    expect(measureNamesOf(metricName)).toEqual(measureNames);
  });

  it('lists exactly the measure names that mean the metric name', () => {
    const confusing = fc.string({ unit: fc.constantFrom('%', ':', '3', 'A', '2', '5', '7', '4', 't', 's', '_'), maxLength: 8 });
    fc.assert(
      fc.property(confusing, confusing, (metricName, measureName) => {
        expect(measureNamesOf(metricName).includes(measureName)).toBe(decodeMeasureName(measureName) === metricName);
        expect(measureNamesOf(decodeMeasureName(measureName))).toContain(measureName);
      }),
      { numRuns: 5000 },
    );
  });
});
