/**
 * What typical statements cost over a million points of ten thousand series in memory: compile and run, median of 9.
 *
 *   npm run bench:sql -w @timestream-prometheus/timestream-embedded
 */
import { DuckDBInstance } from '@duckdb/node-api';
import { compileStatement, type Catalog } from '../src/sql/engine.js';

const startMs = 1_700_000_000_000;
const connection = await (await DuckDBInstance.create(':memory:')).connect();
await connection.run(
  "CREATE TABLE series_1 AS SELECT i::INTEGER AS sid, 'metric_' || (i // 100) AS measure_name, MAP {'host': 'h' || (i % 100), 'job': 'j' || (i % 10)} AS dims FROM range(10000) AS t(i)",
);
await connection.run(
  `CREATE TABLE points_1 AS SELECT (i % 10000)::INTEGER AS sid, (${startMs}000000 + (i // 10000) * 15000000000)::BIGINT AS time_ns, i * 1.5::DOUBLE AS m_1 FROM range(1000000) AS t(i)`,
);
const catalog: Catalog = {
  databases: () => ['db'],
  tables: () => ['t'],
  table: () => ({
    dimensions: ['host', 'job'],
    measures: [{ name: 'measure_value::double', type: 'DOUBLE', multi: false, column: 'm_1' }],
    measureNames: [],
    seriesRelation: 'series_1',
    pointsRelation: 'points_1',
    oldestTimeNs: 0n,
  }),
};

const window = `time BETWEEN from_milliseconds(${startMs + 300_000}) AND from_milliseconds(${startMs + 900_000})`;
const statements = [
  `SELECT * FROM "db"."t" WHERE measure_name = 'metric_17' AND ${window}`,
  `SELECT * FROM "db"."t" WHERE measure_name = 'metric_17' AND ${window} AND regexp_like(job, '^(?:j3|j4)$') ORDER BY time`,
  `SELECT host, job, CREATE_TIME_SERIES(time, measure_value::double) FROM "db"."t" WHERE measure_name = 'metric_17' AND ${window} GROUP BY host, job`,
  `SELECT measure_name, bin(time, 1m), avg(measure_value::double) FROM "db"."t" WHERE ${window} GROUP BY measure_name, bin(time, 1m)`,
  `SELECT count() FROM "db"."t"`,
];
for (const statement of statements) {
  const times: number[] = [];
  let rows = 0;
  for (let run = 0; run < 9; run += 1) {
    const start = performance.now();
    const compiled = compileStatement(statement, catalog, { nowNs: () => BigInt(startMs) * 1_000_000n });
    if (compiled.kind !== 'query') throw new Error('a query');
    const { duckdbSql, parameters, formatRow } = compiled.query;
    const reader = await connection.runAndReadAll(duckdbSql, [...parameters]);
    rows = reader.getRows().map(formatRow).length;
    times.push(performance.now() - start);
  }
  const median = times.sort((a, b) => a - b)[4] ?? 0;
  process.stdout.write(`${median.toFixed(1).padStart(8)} ms  ${String(rows).padStart(6)} rows  ${statement}\n`);
}
