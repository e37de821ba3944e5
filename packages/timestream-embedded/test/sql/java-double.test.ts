import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { javaDoubleText } from '../../src/sql/values/java-double.js';
import { askJava, isJavaPresent } from './java/java-oracle.js';
import { createSqlFixture } from './sql-fixture.js';

const ofBits = (bits: bigint): number => new Float64Array(new BigUint64Array([bits]).buffer)[0] ?? Number.NaN;
const bitsOf = (value: number): bigint => new BigUint64Array(new Float64Array([value]).buffer)[0] ?? 0n;

describe('the text of a double', { timeout: 30_000 }, () => {
  test.each([
    [1, '1.0'],
    [35, '35.0'],
    [34.840635191284385, '34.840635191284385'],
    [9999999, '9999999.0'],
    [1e7, '1.0E7'],
    [123456789.125, '1.23456789125E8'],
    [0.001, '0.001'],
    [9.99e-4, '9.99E-4'],
    [1e300, '1.0E300'],
    [5e-324, '4.9E-324'],
    [1e-323, '9.9E-324'],
    [1.7976931348623157e308, '1.7976931348623157E308'],
    [-0, '-0.0'],
    [0, '0.0'],
    [-1.5, '-1.5'],
    [1655487883.7710001, '1.6554878837710001E9'],
    [Number.NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [-Infinity, '-Infinity'],
  ])('%d is written %s', (value, text) => {
    expect(javaDoubleText(value)).toBe(text);
  });

  test('every text reads back as the same double', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(ofBits), (value) => {
        expect(Number(javaDoubleText(value))).toBe(value);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('CAST of a double to varchar in the database', { timeout: 60_000 }, () => {
  const castOf = async (values: readonly number[]): Promise<readonly (readonly unknown[])[]> => {
    const records = values.map((value, index) => ({
      measureName: 'm',
      dimensions: { d: 'x' },
      timeNs: BigInt(index),
      measures: { v: value },
    }));
    const fixture = await createSqlFixture({ db: { t: { records } } });
    const rows = await fixture.rows('SELECT CAST(v AS VARCHAR) FROM db.t ORDER BY time');
    fixture.close();
    return rows;
  };

  test('is that text for every power of two and for the doubles beside it, of which DuckDB itself gets some wrong', async () => {
    const powers = Array.from({ length: 2098 }, (_, index) => 2 ** (index - 1074));
    const beside = powers
      .filter((power) => power >= 2 ** -10 && power <= 2 ** 24)
      .flatMap((power) => [bitsOf(power) + 1n, bitsOf(power) - 1n]);
    const values = [...powers, ...beside.map(ofBits)];
    expect(await castOf(values)).toEqual(values.map((value) => [javaDoubleText(value)]));
  });

  test('is that text for doubles that DuckDB writes itself, from 1e-3 to 1e7', async () => {
    const inRange = fc
      .tuple(fc.double({ min: -3, max: 7, noNaN: true }), fc.boolean())
      .map(([exponent, isNegative]) => (isNegative ? -1 : 1) * 10 ** exponent);
    const values = fc.sample(inRange, 3_000);
    expect(await castOf(values)).toEqual(values.map((value) => [javaDoubleText(value)]));
  });
});

describe.skipIf(!isJavaPresent())('the text of a double beside real Java', { timeout: 60_000 }, () => {
  const powersOfTwo = Array.from({ length: 2098 }, (_, index) => 2 ** (index - 1074));
  const smallest = Array.from({ length: 400 }, (_, index) => ofBits(BigInt(index)));
  const powersOfTen = Array.from({ length: 632 }, (_, index) => Number(`1e${index - 323}`));
  const random = fc.sample(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(ofBits), 4_000);
  const decimals = fc.sample(
    fc
      .tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.integer({ min: -12, max: 12 }))
      .map(([digits, exponent]) => Number(`${digits}e${exponent}`)),
    2_000,
  );
  const fixedCount = powersOfTwo.length + smallest.length + powersOfTen.length;
  const values = [...powersOfTwo, ...smallest, ...powersOfTen, ...random, ...decimals];

  test('is the shortest decimal in Java’s layout, and Java’s own text is never shorter', () => {
    const answers = askJava(values.map((value) => `double ${bitsOf(value).toString(16).padStart(16, '0')}`));
    const wrong: string[] = [];
    let same = 0;
    for (const [index, value] of values.entries()) {
      const [javaText = '', shortest = ''] = (answers[index] ?? '').split(' ');
      const ours = javaDoubleText(value);
      if (ours === javaText && index >= fixedCount) same += 1;
      // Java before 19 writes some doubles with more digits than needed, and 1.0E-323 for the nearer 9.9E-324 (JDK-4511638).
      const isJavaLonger = Number(javaText) === value && javaText.length >= ours.length;
      if (ours !== shortest || (ours !== javaText && !isJavaLonger)) wrong.push(`${ours} java ${javaText} shortest ${shortest}`);
    }
    expect(wrong).toEqual([]);
    expect(same / (values.length - fixedCount)).toBeGreaterThan(0.9);
  });

  test('is what CAST to varchar computes in the database', async () => {
    const usable = [...powersOfTen, ...random, ...decimals].filter(
      (value) => Number.isNaN(value) || value === 0 || Math.abs(value) >= 1e-300,
    );
    const records = usable
      .slice(0, 1_500)
      .map((value, index) => ({ measureName: 'm', dimensions: { d: 'x' }, timeNs: BigInt(index), measures: { v: value } }));
    const fixture = await createSqlFixture({ db: { t: { records } } });
    const rows = await fixture.rows('SELECT v, CAST(v AS VARCHAR) FROM db.t');
    fixture.close();
    expect(rows.length).toBe(records.length);
    expect(rows.filter(([text, cast]) => text !== cast)).toEqual([]);
  });
});
