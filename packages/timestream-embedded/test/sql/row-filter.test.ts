import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSqlFixture, epochNs, type FixtureRecord, type SqlFixture } from './sql-fixture.js';

/** SQL's three truth values; null is unknown. */
type Truth = boolean | null;
type Cell = string | number | bigint | null;

interface Predicate {
  readonly sql: string;
  readonly holds: (row: Readonly<Record<string, Cell>>) => Truth;
}

const values = ['', 'a', 'B', 'é', 'a%b', 'x\u0000y', '😀'];
const doubles = [-0, 1.5, 2, -1e300];
const records: FixtureRecord[] = Array.from({ length: 120 }, (_, index) => ({
  measureName: index % 3 === 0 ? 'cpu' : 'mem',
  dimensions: {
    id: `row ${index}`,
    ...(index % 4 === 0 ? {} : { host: values[index % values.length] ?? '' }),
    ...(index % 5 === 0 ? {} : { Host: values[(index * 3) % values.length] ?? '' }),
  },
  timeNs: epochNs + BigInt(index % 10) * 1_000_000_000n,
  measures: index % 6 === 0 ? { count: BigInt(index) } : { v: doubles[index % doubles.length] ?? 0 },
}));
const rows = records.map(({ dimensions, measures, measureName, timeNs }): Readonly<Record<string, Cell>> => ({
  id: dimensions['id'] ?? null,
  host: dimensions['host'] ?? null,
  Host: dimensions['Host'] ?? null,
  measure_name: measureName,
  time: timeNs,
  v: typeof measures['v'] === 'number' ? measures['v'] : null,
  count: typeof measures['count'] === 'bigint' ? measures['count'] : null,
}));

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
/** As DuckDB and Java compare: by code point, which is the order of UTF-8 bytes. */
const compareText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const compare = (a: Cell, b: Cell): number | null => {
  if (a === null || b === null) return null;
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
};
const operators: Readonly<Record<string, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};
const texts = fc.constantFrom(...values, 'absent', "it's");
const textColumn = fc.constantFrom('host', 'Host', 'measure_name');
const textPredicates: fc.Arbitrary<Predicate> = fc.oneof(
  fc.tuple(textColumn, fc.constantFrom(...Object.keys(operators)), texts).map(([column, operator, text]): Predicate => ({
    sql: `${column} ${operator} ${quoted(text)}`,
    holds: (row) => {
      const order = compare(row[column] ?? null, text);
      return order === null ? null : (operators[operator]?.(order) ?? null);
    },
  })),
  fc.tuple(textColumn, fc.boolean()).map(([column, negated]): Predicate => ({
    sql: `${column} IS ${negated ? 'NOT ' : ''}NULL`,
    holds: (row) => ((row[column] ?? null) === null) !== negated,
  })),
  fc.tuple(textColumn, fc.array(texts, { minLength: 1, maxLength: 4 })).map(([column, choices]): Predicate => ({
    sql: `"${column}" IN (${choices.map(quoted).join(', ')})`,
    holds: (row) => {
      const value = row[column] ?? null;
      return value === null ? null : choices.includes(String(value));
    },
  })),
  fc.tuple(textColumn, texts).map(([column, text]): Predicate => ({
    sql: `coalesce(${column}, '') = ${quoted(text)}`,
    holds: (row) => (row[column] ?? '') === text,
  })),
  fc.tuple(textColumn, fc.constantFrom('a', '%', 'y', '')).map(([column, part]): Predicate => ({
    sql: `${column} LIKE ${quoted(`%${part.replace('%', '!%')}%`)} ESCAPE '!'`,
    holds: (row) => {
      const value = row[column] ?? null;
      return value === null ? null : String(value).includes(part);
    },
  })),
  fc.tuple(textColumn, fc.constantFrom('^[a-z]', 'é|B', '^$', '\\x00', '^(?s:.)\\z')).map(([column, pattern]): Predicate => ({
    sql: `regexp_like(${column}, '${pattern}')`,
    holds: (row) => {
      const value = row[column] ?? null;
      return value === null ? null : new RegExp(pattern === '^(?s:.)\\z' ? '^.$' : pattern, 'su').test(String(value));
    },
  })),
);
const orderedPredicates: fc.Arbitrary<Predicate> = fc.oneof(
  fc.tuple(fc.integer({ min: -1, max: 11 }), fc.constantFrom(...Object.keys(operators))).map(([seconds, operator]): Predicate => ({
    sql: `time ${operator} from_milliseconds(${1_700_000_000_000 + seconds * 1000})`,
    holds: (row) => operators[operator]?.(compare(row['time'] ?? null, epochNs + BigInt(seconds) * 1_000_000_000n) ?? 0) ?? null,
  })),
  fc
    .tuple(fc.constantFrom('0', '1.5', '-1e300', '2', '-0.0'), fc.constantFrom(...Object.keys(operators)))
    .map(([number, operator]): Predicate => ({
      sql: `v ${operator} ${number}`,
      holds: (row) => {
        const order = compare(row['v'] ?? null, Number(number));
        return order === null ? null : (operators[operator]?.(order) ?? null);
      },
    })),
  fc.tuple(fc.integer({ min: -5, max: 130 }), fc.integer({ min: -5, max: 130 })).map(([low, high]): Predicate => ({
    sql: `count NOT BETWEEN ${low} AND ${high}`,
    holds: (row) => {
      const value = row['count'] ?? null;
      return value === null ? null : !(Number(value) >= low && Number(value) <= high);
    },
  })),
);
const predicates = fc.letrec<{ predicate: Predicate }>((tie) => ({
  predicate: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    textPredicates,
    orderedPredicates,
    tie('predicate').map(({ sql, holds }): Predicate => ({
      sql: `NOT (${sql})`,
      holds: (row) => {
        const truth = holds(row);
        return truth === null ? null : !truth;
      },
    })),
    fc.tuple(tie('predicate'), tie('predicate'), fc.boolean()).map(([a, b, isAnd]): Predicate => ({
      sql: `(${a.sql} ${isAnd ? 'AND' : 'OR'} ${b.sql})`,
      holds: (row) => {
        const truths = [a.holds(row), b.holds(row)];
        if (truths.includes(!isAnd)) return !isAnd;
        return truths.includes(null) ? null : isAnd;
      },
    })),
  ),
})).predicate;

let fixture: SqlFixture;
beforeAll(async () => {
  fixture = await createSqlFixture({ db: { t: { records } } });
});
afterAll(() => fixture.close());

test('a WHERE clause keeps exactly the rows that a plain evaluation of it keeps', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(predicates, async ({ sql, holds }) => {
      const kept = await fixture.rows(`SELECT id FROM db.t WHERE ${sql}`);
      const expected = rows.filter((row) => holds(row) === true).map((row) => row['id']);
      expect(kept.map(([id]) => id).sort(), sql).toEqual(expected.sort());
    }),
    { numRuns: 500 },
  );
});

test('the rows a clause keeps, refuses and leaves unknown are all the rows', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(predicates, async ({ sql }) => {
      const counts = await fixture.rows(`SELECT count_if(${sql}), count_if(NOT (${sql})), count_if((${sql}) IS NULL) FROM db.t`);
      expect(
        counts[0]?.map(Number).reduce((sum, count) => sum + count, 0),
        sql,
      ).toBe(records.length);
    }),
    { numRuns: 150 },
  );
});
