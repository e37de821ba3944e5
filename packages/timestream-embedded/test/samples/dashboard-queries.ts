import type { SampleQuery } from './host-queries.js';

/** What Grafana's data source puts in the place of its macros. */
export interface DashboardRange {
  readonly fromMs: number;
  readonly toMs: number;
  readonly intervalMs: number;
}

/** As the data source's back end does it: the table as it is, the time in milliseconds, the interval as a duration. */
function expandMacros(sql: string, { fromMs, toMs, intervalMs }: DashboardRange, measure: string): string {
  return sql
    .replaceAll('$__database', '"grafanaDB"')
    .replaceAll('$__table', '"grafanaTable"')
    .replaceAll('$__measure', measure)
    .replaceAll('$__timeFilter', `time BETWEEN from_milliseconds(${fromMs}) AND from_milliseconds(${toMs})`)
    .replaceAll('$__interval_ms', `${intervalMs}ms`);
}

const place = 'region, cell, silo, availability_zone, microservice_name';
const from = 'FROM $__database.$__table WHERE $__timeFilter';
const usages = ['cpu_user', 'cpu_system', 'cpu_idle'];

/**
 * What the panels of the sample dashboard of Grafana's Timestream data source ask, and its menus of databases, tables and measures: the same
 * constructs in words of our own. Source of the facts: `src/dashboards/sample.json` and `pkg/timestream/macros.go` of grafana/timestream-datasource.
 */
export function dashboardQueries(range: DashboardRange): readonly SampleQuery[] {
  const queries: readonly (readonly [purpose: string, measure: string, sql: string])[] = [
    [
      'hosts of each service, a column for each',
      'cpu_user',
      "SELECT CASE WHEN s = 'apollo' THEN n ELSE NULL END AS apollo, CASE WHEN s = 'zeus' THEN n ELSE NULL END AS zeus FROM (SELECT s, sum(n) AS n FROM " +
        `(SELECT microservice_name AS s, count(DISTINCT instance_name) AS n ${from} AND measure_name = '$__measure' AND region = 'us-east-1' GROUP BY ${place}) GROUP BY s) ORDER BY s`,
    ],
    [
      'the share of a service’s hosts that are busy',
      'cpu_user',
      `SELECT round(count(IF(p90 > 80, 1, NULL)) * 100 / CAST(count(*) AS DOUBLE)) FROM (SELECT instance_name, approx_percentile(measure_value::double, 0.9) AS p90 ${from} ` +
        `AND measure_name = '$__measure' AND microservice_name = 'zeus' GROUP BY ${place}, instance_name)`,
    ],
    [
      'pauses of the host with the highest memory of the service that uses most, in each silo',
      '',
      `WITH used AS (SELECT ${place}, instance_name, bin(time, 5m) AS slot, max(measure_value::double) AS most ${from} AND measure_name = 'memory_used' AND region = 'us-east-1' ` +
        `GROUP BY ${place}, instance_name, bin(time, 5m)), ` +
        'of_service AS (SELECT region, cell, silo, microservice_name, approx_percentile(most, 0.95) AS p95 FROM used GROUP BY region, cell, silo, microservice_name), ' +
        'ranked AS (SELECT region, cell, silo, microservice_name, dense_rank() OVER (PARTITION BY region, cell, silo ORDER BY p95 DESC) AS rank FROM of_service), ' +
        'hosts AS (SELECT r.region, r.cell, r.silo, r.microservice_name, u.instance_name, approx_percentile(most, 0.95) AS p95 FROM ranked r INNER JOIN used u ' +
        'ON r.region = u.region AND r.cell = u.cell AND r.silo = u.silo AND r.microservice_name = u.microservice_name WHERE r.rank = 1 ' +
        'GROUP BY r.region, r.cell, r.silo, r.microservice_name, u.instance_name), ' +
        'best AS (SELECT region, cell, silo, microservice_name, instance_name, dense_rank() OVER (PARTITION BY region, cell, silo, microservice_name ORDER BY p95 DESC) AS rank FROM hosts) ' +
        'SELECT t.silo, t.microservice_name, t.instance_name, t.jdk_version, min(measure_value::double), round(avg(measure_value::double), 2), ' +
        'round(stddev(measure_value::double), 2), round(approx_percentile(measure_value::double, 0.5), 2), round(approx_percentile(measure_value::double, 0.99), 2) ' +
        'FROM best b INNER JOIN $__database.$__table t ON b.region = t.region AND b.cell = t.cell AND b.silo = t.silo AND b.microservice_name = t.microservice_name ' +
        "AND b.instance_name = t.instance_name WHERE $__timeFilter AND measure_name = 'gc_pause' AND rank = 1 " +
        'GROUP BY t.silo, t.microservice_name, t.instance_name, t.jdk_version ORDER BY 1, 2, 3',
    ],
    [
      'the distribution of a service’s memory, hour by hour',
      'memory_used',
      'SELECT cell, bin(time, 1h) AS hour, count(DISTINCT instance_name), round(avg(measure_value::double), 2), round(approx_percentile(measure_value::double, 0.9), 2) AS p90, ' +
        `round(approx_percentile(measure_value::double, 0.95), 2), round(approx_percentile(measure_value::double, 0.99), 2) ${from} AND measure_name = '$__measure' ` +
        "AND microservice_name = 'zeus' GROUP BY region, cell, microservice_name, bin(time, 1h) ORDER BY cell, hour",
    ],
    [
      'what the processors of a silo do, minute by minute',
      '',
      `SELECT bin(time, 1m) AS slot, ${usages.map((name) => `avg(CASE WHEN measure_name = '${name}' THEN measure_value::double ELSE NULL END) AS ${name}`).join(', ')} ${from} ` +
        `AND measure_name IN (${usages.map((name) => `'${name}'`).join(', ')}) AND microservice_name = 'zeus' GROUP BY bin(time, 1m) ORDER BY slot DESC`,
    ],
    [
      'how many hosts of a service have little to do',
      'cpu_user',
      `SELECT count(*) FROM (SELECT ${place}, instance_name ${from} AND measure_name = '$__measure' AND microservice_name = 'apollo' GROUP BY ${place}, instance_name ` +
        'HAVING approx_percentile(measure_value::double, 0.9) < 60)',
    ],
    [
      'how tasks ended',
      'task_end_state',
      `SELECT measure_value::varchar AS state, count(*) AS tasks ${from} AND measure_name = 'task_end_state' AND microservice_name = 'apollo' GROUP BY measure_value::varchar ORDER BY 2 DESC, 1`,
    ],
    [
      'the three hosts with the longest pauses, as series',
      'gc_pause',
      `SELECT silo, instance_name, CREATE_TIME_SERIES(time, measure_value::double) AS pauses ${from} AND measure_name = '$__measure' GROUP BY ${place}, instance_name, jdk_version ` +
        'ORDER BY avg(measure_value::double) DESC LIMIT 3',
    ],
    [
      'reads of a host’s disk, one point for each pixel',
      'disk_io_reads',
      'SELECT bin(time, $__interval_ms) AS slot, round(avg(measure_value::bigint), 2), round(approx_percentile(measure_value::double, 0.9), 2) ' +
        `${from} AND measure_name = '$__measure' AND instance_name = 'zeus-0' AND silo = 'silo-1' GROUP BY bin(time, $__interval_ms) ORDER BY slot DESC`,
    ],
    [
      'the load of a service in each silo, one point for each pixel',
      'cpu_user',
      `SELECT silo, bin(time, $__interval_ms) AS slot, round(avg(measure_value::double), 2) ${from} AND measure_name = '$__measure' AND microservice_name = 'apollo' ` +
        'GROUP BY region, cell, silo, microservice_name, bin(time, $__interval_ms) ORDER BY slot DESC, silo',
    ],
    [
      'all hosts',
      '',
      `SELECT silo, microservice_name, instance_name, jdk_version ${from} AND region = 'us-east-1' AND measure_name = 'cpu_user' ` +
        'GROUP BY silo, microservice_name, instance_name, jdk_version ORDER BY silo, microservice_name, instance_name, jdk_version',
    ],
    ['all measures', '', 'SHOW MEASURES FROM $__database.$__table'],
    [
      'how many hosts each place has',
      '',
      `SELECT region, cell, silo, availability_zone, approx_distinct(microservice_name || instance_name) ${from} AND measure_name = 'cpu_user' ` +
        'GROUP BY region, cell, silo, availability_zone ORDER BY region, cell, silo, availability_zone',
    ],
    ['the menu of databases', '', 'SHOW DATABASES'],
    ['the menu of tables', '', 'SHOW TABLES FROM $__database'],
    ['the menu of dimensions', '', 'DESCRIBE $__database.$__table'],
  ];
  return queries.map(([purpose, measure, sql]) => ({ purpose, sql: expandMacros(sql, range, measure) }));
}
