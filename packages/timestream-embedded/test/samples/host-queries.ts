/** A table of hosts, as Amazon's sample application writes it: single-measure records, or multi-measure ones. */
export interface HostTable {
  readonly table: string;
  /** The column of the load, and what picks its records. */
  readonly value: string;
  readonly measureName: string;
}

export const hostTables: readonly HostTable[] = [
  { table: 'sampledb.devops', value: 'measure_value::double', measureName: 'cpu_utilization' },
  { table: 'sampledb.devops_multi', value: 'cpu_utilization', measureName: 'metrics' },
];

export interface SampleQuery {
  /** What somebody wants to know. */
  readonly purpose: string;
  readonly sql: string;
}

/**
 * The twelve analyses that Amazon's sample application asks, in the same order: the same constructs in words of our own. Source of the facts:
 * `QueryExample` of the sample applications in amazon-timestream-tools, in its forms for single-measure and multi-measure records.
 */
export function hostQueries({ table, value, measureName }: HostTable): readonly SampleQuery[] {
  const fleet = `measure_name = '${measureName}' AND time > ago(2h)`;
  const host = `hostname = 'host-1' AND ${fleet}`;
  const averages = `SELECT hostname, bin(time, 30s) AS slot, round(avg(${value}), 2) AS load FROM ${table} WHERE ${host} GROUP BY hostname, bin(time, 30s)`;
  const gapFilled = (call: (series: string, times: string) => string): string =>
    `WITH slots AS (${averages}), whole AS (SELECT hostname, ${call('CREATE_TIME_SERIES(slot, load)', 'sequence(min(slot), max(slot), 15s)')} AS curve ` +
    'FROM slots GROUP BY hostname) SELECT time, round(value, 2) AS filled FROM whole CROSS JOIN UNNEST(curve) ORDER BY time';
  const curve =
    `SELECT min(time) AS first_seen, INTERPOLATE_LINEAR(CREATE_TIME_SERIES(time, round(${value}, 2)), sequence(min(time), max(time), 10s)) AS load ` +
    `FROM ${table} WHERE ${host} GROUP BY hostname`;
  return [
    {
      purpose: 'average and high percentiles of the load of one host, every 15 seconds',
      sql:
        `SELECT region, az, hostname, bin(time, 15s) AS slot, round(avg(${value}), 2), round(approx_percentile(${value}, 0.9), 2), ` +
        `round(approx_percentile(${value}, 0.95), 2), round(approx_percentile(${value}, 0.99), 2) ` +
        `FROM ${table} WHERE ${host} GROUP BY region, hostname, az, bin(time, 15s) ORDER BY slot ASC`,
    },
    {
      purpose: 'hosts that are a tenth busier than the whole fleet',
      sql:
        `WITH fleet AS (SELECT count(DISTINCT hostname) AS hosts, avg(${value}) AS usual FROM ${table} WHERE ${fleet}), ` +
        `each_host AS (SELECT region, az, hostname, avg(${value}) AS own FROM ${table} WHERE ${fleet} GROUP BY region, az, hostname) ` +
        'SELECT region, az, hostname, own, usual, hosts FROM fleet, each_host WHERE own > 1.1 * usual ORDER BY own DESC',
    },
    { purpose: 'averages of one host, every 30 seconds', sql: `${averages} ORDER BY slot ASC` },
    { purpose: 'gaps between averages filled along straight lines', sql: gapFilled((s, times) => `INTERPOLATE_LINEAR(${s}, ${times})`) },
    { purpose: 'gaps between averages filled with the last one', sql: gapFilled((s, times) => `INTERPOLATE_LOCF(${s}, ${times})`) },
    { purpose: 'gaps between averages filled with a constant', sql: gapFilled((s, times) => `INTERPOLATE_FILL(${s}, ${times}, 10.0)`) },
    { purpose: 'gaps between averages filled along a spline', sql: gapFilled((s, times) => `INTERPOLATE_SPLINE_CUBIC(${s}, ${times})`) },
    {
      purpose: 'the average of every host over time, the last value counting until the next',
      sql:
        `WITH seen AS (SELECT hostname, min(time) AS since, max(time) AS until FROM ${table} WHERE ${fleet} GROUP BY hostname), ` +
        `curves AS (SELECT m.hostname, INTERPOLATE_LOCF(CREATE_TIME_SERIES(time, ${value}), sequence(min(s.since), max(s.until), 1s)) AS load ` +
        `FROM ${table} m INNER JOIN seen s ON m.hostname = s.hostname WHERE ${fleet} GROUP BY m.hostname) ` +
        'SELECT hostname, avg(cpu) AS over_time FROM curves CROSS JOIN UNNEST(load) AS t (time, cpu) GROUP BY hostname ORDER BY over_time DESC',
    },
    {
      purpose: 'the points above 70 %, how many they are, and their share',
      sql:
        `WITH curves AS (${curve}) SELECT filter(load, p -> p.value > 70.0) AS high, reduce(filter(load, p -> p.value > 70.0), 0, (n, p) -> n + 1, n -> n), ` +
        'round(reduce(load, CAST(ROW(0, 0) AS ROW(high BIGINT, whole BIGINT)), (n, p) -> CAST(ROW(n.high + IF(p.value > 70.0, 1, 0), n.whole + 1) ' +
        'AS ROW(high BIGINT, whole BIGINT)), n -> IF(n.whole = 0, NULL, CAST(n.high AS DOUBLE) / n.whole)), 4) FROM curves',
    },
    {
      purpose: 'the points below 75 % behind the first minute',
      sql: `WITH curves AS (${curve}) SELECT filter(load, p -> p.value < 75 AND p.time > first_seen + 1m) FROM curves`,
    },
    {
      purpose: 'how many points there are',
      sql: `WITH curves AS (${curve}) SELECT reduce(load, DOUBLE '0.0', (n, p) -> n + 1, n -> n) FROM curves`,
    },
    {
      purpose: 'the average of all points, gaps filled along straight lines',
      sql:
        `WITH curves AS (${curve}) SELECT reduce(load, CAST(ROW(0.0, 0) AS ROW(whole DOUBLE, n INTEGER)), ` +
        '(s, p) -> CAST(ROW(p.value + s.whole, s.n + 1) AS ROW(whole DOUBLE, n INTEGER)), s -> IF(s.n = 0, NULL, s.whole / s.n)) FROM curves',
    },
  ];
}
