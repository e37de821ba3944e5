import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dateText, nsPerDay, timeOfDayText, timestampText } from '../../src/sql/values/time-text.js';
import { askJava, base64, isJavaPresent } from './java/java-oracle.js';
import { createSqlFixture, type SqlFixture } from './sql-fixture.js';

const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env['CASES'] ?? 40);

const second = 1_000_000_000n;
const day = (text: string): bigint => BigInt(Date.parse(`${text}T00:00:00Z`)) * 1_000_000n;
/** Days that calendars go wrong on: ends of months, 29 February, the first and the last week of a year. */
const edges = [
  '1970-01-01',
  '1972-02-29',
  '1999-12-31',
  '2000-02-29',
  '2000-03-01',
  '2004-12-31',
  '2005-01-01',
  '2019-01-31',
  '2020-02-29',
  '2021-02-28',
  '2024-12-30',
  '2100-02-28',
  '2100-03-01',
];
const timeNs = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(...edges.map(day)),
      fc.bigInt({ min: 0n, max: day('2200-01-01') / nsPerDay }).map((days) => days * nsPerDay),
    ),
    fc.oneof(fc.constantFrom(0n, nsPerDay - 1n, 43_200n * second), fc.bigInt({ min: 0n, max: nsPerDay - 1n })),
  )
  .map(([days, rest]) => days + rest);
const timestamp = (ns: bigint): string => `TIMESTAMP '${timestampText(ns)}'`;
const date = (ns: bigint): string => `DATE '${dateText(ns / nsPerDay)}'`;

/** An expression in SQL, what Java is asked, and what its answer is as a value of an answer. */
interface Question {
  readonly sql: string;
  readonly java: string;
  readonly answer: (text: string) => string | null;
}

/** Null for what 64 bits of nanoseconds do not hold. */
const asTime = (text: string): string | null => (BigInt(text) === BigInt.asIntN(64, BigInt(text)) ? timestampText(BigInt(text)) : null);
const itself = (text: string): string => text;
const orNull =
  (answer: (text: string) => string | null) =>
  (text: string): string | null =>
    text === 'error' ? null : answer(text);

const units = ['nanosecond', 'microsecond', 'millisecond', 'second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'];
const truncated = ['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'];
const clockUnits = ['nanosecond', 'microsecond', 'millisecond', 'second', 'minute', 'hour'];
const parts = ['year', 'quarter', 'month', 'week', 'day', 'day_of_week', 'day_of_year', 'year_of_week', 'hour', 'minute', 'second'];
const literalUnits = ['SECOND', 'MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH', 'YEAR'];
const durationUnits: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: second,
  m: 60n * second,
  h: 3600n * second,
  d: nsPerDay,
};

const dayTimeText = (ns: bigint): string => `${ns / nsPerDay} ${timeOfDayText(ns % nsPerDay)}`;

const questions: fc.Arbitrary<Question> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(...units),
      fc.integer({ min: -30, max: 30 }),
      timeNs.filter((ns) => ns > day('2001-01-01')),
    )
    .map(([unit, count, ns]): Question => ({
      sql: `date_add('${unit}', ${count}, ${timestamp(ns)})`,
      java: `plus ${unit} ${count} ${ns}`,
      answer: asTime,
    })),
  fc.tuple(fc.constantFrom(...units), timeNs, timeNs).map(([unit, a, b]): Question => ({
    sql: `date_diff('${unit}', ${timestamp(a)}, ${timestamp(b)})`,
    java: `between ${unit} ${a} ${b}`,
    answer: itself,
  })),
  // A few days, months and years from each other: where counts of months and years are hard.
  fc
    .tuple(fc.constantFrom('day', 'week', 'month', 'quarter', 'year'), timeNs, fc.integer({ min: -800, max: 800 }))
    .map(([unit, a, days]): Question => {
      const b = a + BigInt(days) * nsPerDay;
      return { sql: `date_diff('${unit}', ${timestamp(a)}, ${timestamp(b)})`, java: `between ${unit} ${a} ${b}`, answer: itself };
    }),
  fc.tuple(fc.constantFrom(...truncated), timeNs).map(([unit, ns]): Question => ({
    sql: `date_trunc('${unit}', ${timestamp(ns)})`,
    java: `trunc ${unit} ${ns}`,
    answer: asTime,
  })),
  fc.tuple(fc.integer({ min: 1, max: 30 }), fc.boolean(), timeNs).map(([count, isYears, ns]): Question => {
    const months = isYears ? count * 12 : count;
    return { sql: `bin(${timestamp(ns)}, ${count}${isYears ? 'year' : 'month'})`, java: `bin ${months} ${ns}`, answer: asTime };
  }),
  timeNs.map((ns): Question => ({ sql: `last_day_of_month(${timestamp(ns)})`, java: `last ${ns}`, answer: itself })),
  timeNs.map((ns): Question => ({ sql: `last_day_of_month(${date(ns)})`, java: `last ${ns}`, answer: itself })),
  fc.tuple(fc.constantFrom(...parts), timeNs, fc.boolean()).map(([part, ns, isExtracted]): Question => {
    const sql = isExtracted ? `extract(${part} FROM ${timestamp(ns)})` : `${part}(${timestamp(ns)})`;
    return { sql, java: `parts ${ns}`, answer: (text) => text.split(' ')[parts.indexOf(part)] ?? '' };
  }),
  // Literals of intervals, weeks among them, before and behind the sign.
  fc
    .tuple(
      fc.constantFrom(...literalUnits),
      fc.integer({ min: 0, max: 40 }),
      fc.boolean(),
      timeNs.filter((ns) => ns > day('2012-01-01')),
    )
    .map(([unit, count, isMinus, ns]): Question => ({
      sql: `${timestamp(ns)} ${isMinus ? '-' : '+'} INTERVAL '${count}' ${unit}`,
      java: `plus ${unit.toLowerCase()} ${isMinus ? -count : count} ${ns}`,
      answer: asTime,
    })),
  fc
    .tuple(
      fc.constantFrom('DAY', 'WEEK', 'MONTH', 'YEAR'),
      fc.integer({ min: 0, max: 40 }),
      fc.boolean(),
      timeNs.filter((ns) => ns > day('2012-01-01')),
    )
    .map(([unit, count, isMinus, ns]): Question => {
      const start = ns - (ns % nsPerDay);
      return {
        sql: `${date(ns)} ${isMinus ? '-' : '+'} INTERVAL '${count}' ${unit}`,
        java: `plus ${unit.toLowerCase()} ${isMinus ? -count : count} ${start}`,
        answer: (text) => dateText(BigInt(text) / nsPerDay),
      };
    }),
  fc
    .tuple(
      fc.constantFrom(...Object.keys(durationUnits)),
      fc.integer({ min: 0, max: 9999 }),
      fc.option(fc.integer({ min: 0, max: 9999 })),
      fc.boolean(),
    )
    .map(([unit, whole, fraction, isSpaced]): Question => {
      const decimal = fraction === null ? String(whole) : `${whole}.${fraction}`;
      return {
        sql: `parse_duration('${decimal}${isSpaced ? ' ' : ''}${unit}')`,
        java: `duration ${decimal} ${durationUnits[unit] ?? 0n}`,
        answer: (text) => dayTimeText(BigInt(text)),
      };
    }),
  fc
    .tuple(fc.constantFrom(...clockUnits), fc.integer({ min: -100_000, max: 100_000 }), fc.bigInt({ min: 0n, max: nsPerDay - 1n }))
    .map(([unit, count, ns]): Question => ({
      sql: `date_add('${unit}', ${count}, TIME '${timeOfDayText(ns)}')`,
      java: `clock ${unit} ${count} ${ns}`,
      answer: (text) => timeOfDayText(BigInt(text)),
    })),
  fc
    .tuple(timeNs, fc.constantFrom('', 'Z', '+05:30', '-08:00', '+18:00'), fc.integer({ min: 0, max: 9 }))
    .map(([ns, offset, digits]): Question => {
      const [days = '', clock = ''] = timestampText(ns).split(' ');
      const text = `${days}T${clock.slice(0, digits === 0 ? 8 : 9 + digits)}${offset}`;
      return { sql: `from_iso8601_timestamp('${text}')`, java: `iso ${base64(text)}`, answer: asTime };
    }),
  fc
    .tuple(
      fc.integer({ min: 1971, max: 2200 }),
      fc.integer({ min: 1, max: 54 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 367 }),
    )
    .chain(([year, week, weekday, ordinal]) =>
      fc.constantFrom(`${year}-W${String(week).padStart(2, '0')}-${weekday}`, `${year}-${String(ordinal).padStart(3, '0')}`),
    )
    .map((text): Question => ({ sql: `try(from_iso8601_date('${text}'))`, java: `isodate ${base64(text)}`, answer: orNull(itself) })),
);

/** Formats that read and write the same to java.time, to Joda and, where there is one, to MySQL; a wrong text is wrong to all of them. */
const formats = [
  ['uuuu-MM-dd HH:mm:ss', 'yyyy-MM-dd HH:mm:ss', '%Y-%m-%d %H:%i:%s'],
  ['d MMMM uuuu, hh:mm a', 'd MMMM yyyy, hh:mm a', '%e %M %Y, %h:%i %p'],
  ['MMM/d/uuuu H', 'MMM/d/yyyy H', '%b/%e/%Y %k'],
  ['uuuu D HH:mm', 'yyyy D HH:mm', undefined],
  ['uuuu-LL-dd HH:mm z', 'uuuu-LL-dd HH:mm z', undefined],
  ['uuuu-MM-dd HH:mm:ss.SSS', 'yyyy-MM-dd HH:mm:ss.SSS', undefined],
  ["uuuu-MM-dd'T'HH:mmXX", "yyyy-MM-dd'T'HH:mmZ", undefined],
] as const;
/** A character of a text changed now and then, so that most wrong texts are nearly right. */
const damaged = (text: string): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(text) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.integer({ min: 0, max: text.length - 1 }), fc.constantFrom('0', '3', '6', '9', ' ', 'x'))
        .map(([at, character]) => text.slice(0, at) + character + text.slice(at + 1)),
    },
  );
const zoned = fc.constantFrom('PST', 'PDT', 'EST', 'CDT', 'MST', 'UTC', 'GMT');

let fixture: SqlFixture;
beforeAll(async () => {
  fixture = await createSqlFixture({ db: { t: { records: [] } } });
});
afterAll(() => fixture.close());

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** The values of many expressions, forty in a statement. */
async function values(expressions: readonly string[]): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let at = 0; at < expressions.length; at += 40) {
    const [row = []] = await fixture.rows(`SELECT ${expressions.slice(at, at + 40).join(', ')}`);
    all.push(...row);
  }
  return all;
}

describe.skipIf(!isJavaPresent())('dates and times beside java.time', { timeout: 120_000 + numRuns * 500 }, () => {
  test(`arithmetic, bins, parts and durations come out the same (FC_SEED=${seed} CASES=${numRuns})`, async () => {
    const asked = fc.sample(questions, { numRuns: numRuns * 6, seed });
    const answers = askJava(asked.map(({ java }) => java));
    const ours = await values(asked.map(({ sql }) => sql));
    const wrong = asked.flatMap(({ sql, answer }, index) => {
      const theirs = answer(answers[index] ?? '');
      return ours[index] === theirs ? [] : [`${sql}: ${String(ours[index])}, Java ${String(theirs)}`];
    });
    expect(wrong.slice(0, 20)).toEqual([]);
  });

  test(`texts are written and read the same, and refused the same (FC_SEED=${seed} CASES=${numRuns})`, async () => {
    const minutes = timeNs.map((ns) => ns - (ns % 1_000_000n));
    const written = fc.sample(fc.tuple(fc.constantFrom(...formats.filter(([java]) => !/[zX]/.test(java))), minutes), { numRuns, seed });
    const texts = askJava(written.map(([[java], ns]) => `format ${base64(java)} ${ns}`)).map((answer) =>
      Buffer.from(answer.slice(1), 'base64').toString(),
    );
    const wrong: string[] = [];
    const writing = written.flatMap(([[, joda, mysql], ns], index) => [
      { sql: `format_datetime(${timestamp(ns)}, ${quoted(joda)})`, text: texts[index] },
      ...(mysql === undefined ? [] : [{ sql: `date_format(${timestamp(ns)}, ${quoted(mysql)})`, text: texts[index] }]),
    ]);
    for (const [index, our] of (await values(writing.map(({ sql }) => sql))).entries()) {
      const { sql = '', text } = writing[index] ?? {};
      if (our !== text) wrong.push(`${sql}: ${String(our)}, Java ${String(text)}`);
    }

    const reading = fc.sample(
      fc
        .tuple(fc.nat({ max: written.length - 1 }), zoned, fc.constantFrom('+0000', '+0530', '-0800'), fc.constantFrom(...formats))
        .chain(([at, zone, offset, [java, joda]]) => {
          const [format = formats[0], ns = 0n] = written[at] ?? [];
          const [date = '', clock = ''] = timestampText(ns).split(' ');
          if (java.includes('z')) return fc.constant({ java, joda, mysql: undefined, text: `${date} ${clock.slice(0, 5)} ${zone}` });
          if (java.includes('X')) return fc.constant({ java, joda, mysql: undefined, text: `${date}T${clock.slice(0, 5)}${offset}` });
          const [ownJava, ownJoda, mysql] = format;
          return damaged(texts[at] ?? '').map((text) => ({ java: ownJava, joda: ownJoda, mysql, text }));
        }),
      { numRuns: numRuns * 2, seed },
    );
    const answers = askJava(reading.map(({ java, text }) => `parse ${base64(java)} ${base64(text)}`));
    const parsing = reading.flatMap(({ joda, mysql, text }, index) => [
      { sql: `try(parse_datetime(${quoted(text)}, ${quoted(joda)}))`, answer: answers[index] ?? '' },
      ...(mysql === undefined ? [] : [{ sql: `try(date_parse(${quoted(text)}, ${quoted(mysql)}))`, answer: answers[index] ?? '' }]),
    ]);
    for (const [index, our] of (await values(parsing.map(({ sql }) => sql))).entries()) {
      const { sql = '', answer = '' } = parsing[index] ?? {};
      const theirs = orNull(asTime)(answer);
      if (our !== theirs) wrong.push(`${sql}: ${String(our)}, Java ${String(theirs)}`);
    }
    expect(wrong.slice(0, 20)).toEqual([]);
  });
});
