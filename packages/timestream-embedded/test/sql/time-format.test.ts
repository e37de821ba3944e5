import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { timeCallbacks } from '../../src/sql/callbacks/time-callbacks.js';
import { askJava, base64, isJavaPresent } from './java/java-oracle.js';

const call = (name: string, ...values: readonly (string | bigint)[]): unknown =>
  timeCallbacks.find((each) => each.name === name)?.call(values);
const second = 1_000_000_000n;
const time = fc.bigInt({ min: 0n, max: 9_223_372_036n }).map((seconds) => seconds * second + (seconds % 1000n) * 1_000_000n);

describe.skipIf(!isJavaPresent())('formats beside real Java', { timeout: 60_000 }, () => {
  const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);
  // Patterns that say the same for java.time, for Joda and (third) for MySQL.
  const patterns = [
    ['yyyy-MM-dd HH:mm:ss', 'yyyy-MM-dd HH:mm:ss', '%Y-%m-%d %H:%i:%s'],
    ['EEEE, d MMMM yyyy', 'EEEE, d MMMM yyyy', '%W, %e %M %Y'],
    ['EEE MMM dd hh:mm:ss a yy', 'EEE MMM dd hh:mm:ss a yy', '%a %b %d %h:%i:%s %p %y'],
    ['DDD H', 'DDD H', '%j %k'],
    ['M/d h', 'M/d h', '%c/%e %l'],
    ['ss.SSS', 'ss.SSS', undefined],
    ["K 'o''clock' k", "K 'o''clock' k", undefined],
    ['YYYY-ww', 'xxxx-ww', '%x-%v'],
  ] as const;

  test(`date_format and format_datetime write what java.time writes (seed ${seed})`, () => {
    const times = fc.sample(time, { numRuns: 300, seed });
    const questions = patterns.slice(0, -1).flatMap(([java, joda, mysql]) => times.map((timeNs) => ({ java, joda, mysql, timeNs })));
    const answers = askJava(questions.map(({ java, timeNs }) => `format ${base64(java)} ${timeNs}`));
    const wrong: string[] = [];
    for (const [index, { joda, mysql, timeNs }] of questions.entries()) {
      const answer = Buffer.from((answers[index] ?? '').slice(1), 'base64').toString();
      for (const [name, format] of [
        ['ts_format_datetime', joda],
        ['ts_date_format', mysql],
      ] as const)
        if (format !== undefined && call(name, timeNs, format) !== answer)
          wrong.push(`${name} ${format} ${timeNs}: ${String(call(name, timeNs, format))}, Java ${answer}`);
    }
    expect(wrong.slice(0, 10)).toEqual([]);
  });
});

describe('a time', () => {
  test('that was written is read again, by MySQL’s format as by Joda’s', () => {
    fc.assert(
      fc.property(time, (timeNs) => {
        for (const [write, read, format] of [
          ['ts_date_format', 'ts_date_parse', '%Y-%m-%d %H:%i:%s.%f'],
          ['ts_date_format', 'ts_date_parse', '%e %M %Y %r %f'],
          ['ts_format_datetime', 'ts_parse_datetime', "yyyy-MM-dd'T'HH:mm:ss.SSSZ"],
          ['ts_format_datetime', 'ts_parse_datetime', 'yyyy D HH:mm:ss.SSS'],
        ] as const)
          expect(call(read, String(call(write, timeNs, format)), format)).toBe(timeNs);
      }),
    );
  });

  test.each([
    ['ts_date_parse', '2020-02-30', '%Y-%m-%d'],
    ['ts_date_parse', '2020-13-01', '%Y-%m-%d'],
    ['ts_date_parse', '2020-01-01 x', '%Y-%m-%d'],
    ['ts_date_parse', '24:00:00', '%T'],
    ['ts_date_format', '0', '%U'],
    ['ts_parse_datetime', '2020', 'yyyy b'],
    ['ts_parse_datetime', 'Monday', 'EEEE'],
  ])('%s fails for %s with %s', (name, text, format) => {
    expect(() => call(name, name === 'ts_date_format' ? BigInt(text) : text, format)).toThrow(/nvalid|not|Illegal/);
  });

  test.each([
    ['2020-01-31', '2020-02-29', 1n],
    ['2020-02-29', '2020-01-31', -1n],
    ['2020-01-15', '2020-03-14', 1n],
    ['2020-01-15', '2020-03-15', 2n],
  ])('from %s to %s is %s whole months', (from, to, months) => {
    const ns = (day: string): bigint => BigInt(Date.parse(day)) * 1_000_000n;
    expect(call('ts_months_between', ns(from), ns(to))).toBe(months);
  });

  test.each([
    ['2020-02-29', '2021-02-28', 1n],
    ['2020-02-29', '2021-03-01', 1n],
    ['2019-03-01', '2020-02-29', 0n],
    ['2020-06-01', '2023-06-01', 3n],
    ['2023-06-01', '2020-06-02', -2n],
  ])('from %s to %s is %s whole years', (from, to, years) => {
    const ns = (day: string): bigint => BigInt(Date.parse(day)) * 1_000_000n;
    expect(call('ts_years_between', ns(from), ns(to))).toBe(years);
  });
});
