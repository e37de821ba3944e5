import type { documentationPages, DocumentationPage } from '../../src/sql/functions/documentation-page.js';

/**
 * Every function that the developer guide lists, page by page: what the page FUNCTIONS.md counts against. Source: the query language
 * reference of the Amazon Timestream for LiveAnalytics developer guide.
 */
export const documentedFunctions: Readonly<Record<keyof typeof documentationPages, string>> = {
  views: 'create_time_series',
  interpolation: 'interpolate_linear interpolate_spline_cubic interpolate_locf interpolate_fill',
  derivatives: 'derivative_linear non_negative_derivative_linear',
  integrals: 'integral_trapezoidal',
  correlation: 'correlate_pearson correlate_spearman',
  filterReduce: 'filter reduce',
  comparison: 'greatest least',
  conditional: 'if coalesce nullif try',
  conversion: 'typeof',
  math:
    'abs cbrt ceil ceiling degrees e exp floor from_base ln log2 log10 mod pi pow power radians rand random round sign sqrt to_base truncate ' +
    'acos asin atan atan2 cos cosh sin tan tanh infinity is_finite is_infinite is_nan nan',
  string:
    'chr codepoint concat hamming_distance length levenshtein_distance lower lpad ltrim replace reverse rpad rtrim split split_part strpos strrpos ' +
    'substr trim upper',
  array:
    'array_distinct array_intersect array_union array_except array_join array_max array_min array_position array_remove array_sort arrays_overlap ' +
    'cardinality concat element_at repeat reverse sequence shuffle slice zip',
  bitwise: 'bit_count bitwise_and bitwise_not bitwise_or bitwise_xor',
  regex: 'regexp_extract_all regexp_extract regexp_like regexp_replace regexp_split',
  time:
    'current_date current_time current_timestamp current_timezone date last_day_of_month from_iso8601_timestamp from_iso8601_date to_iso8601 ' +
    'from_milliseconds from_nanoseconds from_unixtime localtime localtimestamp to_milliseconds to_nanoseconds to_unixtime now date_trunc date_add ' +
    'date_diff parse_duration bin ago date_format date_parse format_datetime parse_datetime day day_of_month day_of_week day_of_year dow doy hour ' +
    'millisecond minute month nanosecond quarter second week week_of_year year year_of_week yow',
  aggregate:
    'arbitrary array_agg avg bool_and every bool_or count count_if geometric_mean max_by max min_by min sum bitwise_and_agg bitwise_or_agg ' +
    'approx_distinct approx_percentile corr covar_pop covar_samp regr_intercept regr_slope skewness stddev_pop stddev_samp stddev var_pop var_samp variance',
  window: 'cume_dist dense_rank ntile percent_rank rank row_number first_value last_value nth_value lead lag',
};

export interface DocumentedStatement {
  readonly construct: string;
  readonly sql: string;
  /** Why it is refused; undefined where it runs. */
  readonly refusal?: string;
}

const t = 'db.t';

/** Every construct of the developer guide's "SQL support" and of the pages on operators and types, with a statement that has it. */
export const documentedStatements: readonly DocumentedStatement[] = [
  ['SELECT with an alias', `SELECT host AS "the host" FROM ${t}`],
  ['SELECT DISTINCT', `SELECT DISTINCT host FROM ${t}`],
  ['WITH', `WITH a AS (SELECT host FROM ${t}), b (h) AS (SELECT host FROM a) SELECT h FROM b`],
  ['WHERE', `SELECT host FROM ${t} WHERE measure_name = 'm' AND time > ago(1h)`],
  ['GROUP BY expressions and positions', `SELECT host, bin(time, 1h), count(*) FROM ${t} GROUP BY host, 2`],
  ['GROUP BY ()', `SELECT count(*) FROM ${t} GROUP BY ()`],
  ['GROUP BY ALL | DISTINCT', `SELECT host, count(*) FROM ${t} GROUP BY DISTINCT host, ()`],
  ['HAVING', `SELECT host FROM ${t} GROUP BY host HAVING count(*) > 1`],
  ['ORDER BY … NULLS FIRST | LAST', `SELECT host FROM ${t} ORDER BY host DESC NULLS FIRST`],
  ['LIMIT n | ALL', `SELECT host FROM ${t} LIMIT 1`],
  ['UNION [ALL | DISTINCT]', 'SELECT 1 UNION ALL SELECT 2 UNION DISTINCT SELECT 2'],
  ['INTERSECT [ALL | DISTINCT]', 'SELECT 1 INTERSECT SELECT 1'],
  ['EXCEPT [ALL | DISTINCT]', 'SELECT 1 EXCEPT ALL SELECT 2'],
  ['VALUES', "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v (n, c)"],
  ['INNER, LEFT, RIGHT and FULL JOIN … ON', `SELECT a.host FROM ${t} a FULL OUTER JOIN ${t} b ON a.host = b.host`],
  ['JOIN … USING', `SELECT host FROM ${t} a JOIN ${t} b USING (host)`],
  ['CROSS JOIN', `SELECT a.host FROM ${t} a CROSS JOIN ${t} b`],
  [
    'CROSS JOIN UNNEST of a time series',
    `SELECT p.time, p.value FROM (SELECT CREATE_TIME_SERIES(time, d) AS s FROM ${t}) CROSS JOIN UNNEST(s) AS p (time, value)`,
  ],
  ['UNNEST of an array', 'SELECT n FROM UNNEST(ARRAY[1, 2]) AS u (n)'],
  ['Subquery as a value', `SELECT (SELECT max(d) FROM ${t})`],
  ['IN (subquery)', `SELECT host FROM ${t} WHERE host IN (SELECT host FROM ${t})`],
  ['EXISTS', `SELECT 1 WHERE EXISTS (SELECT 1 FROM ${t})`],
  ['Correlated subquery', `SELECT host FROM ${t} a WHERE EXISTS (SELECT 1 FROM ${t} b WHERE b.host = a.host AND b.d > a.d)`],
  ['= ANY, > ALL, < SOME (subquery)', 'SELECT 2 > ALL (SELECT 1), 1 = ANY (SELECT 1), 1 < SOME (SELECT 2)'],
  ['IS [NOT] DISTINCT FROM', 'SELECT NULL IS DISTINCT FROM 1'],
  ['BETWEEN, LIKE … ESCAPE, IN, IS NULL', "SELECT 1 BETWEEN 0 AND 2, 'a_c' LIKE 'a$_c' ESCAPE '$', 1 IN (1, 2), 1 IS NULL"],
  ['CASE', "SELECT CASE WHEN 1 > 2 THEN 'a' ELSE 'b' END, CASE 1 WHEN 1 THEN 2 END"],
  ['CAST, TRY_CAST', "SELECT CAST('1' AS BIGINT), TRY_CAST('x' AS DOUBLE), CAST(ROW(1, 2.0) AS ROW(a BIGINT, b DOUBLE))"],
  ['Typed literals', "SELECT DOUBLE '0.0', BIGINT '1', DATE '2020-01-01', TIME '01:00', TIMESTAMP '2020-01-01 00:00:00'"],
  ['Intervals and durations', "SELECT INTERVAL '2' WEEK, 5m, 8month, 2 * INTERVAL '3' HOUR"],
  [
    'DATE, TIME and TIMESTAMP with intervals',
    "SELECT DATE '2012-08-08' + INTERVAL '2' DAY, TIME '01:00' + INTERVAL '3' HOUR, TIMESTAMP '2012-08-08 01:00' - INTERVAL '2' MONTH",
  ],
  ['EXTRACT', 'SELECT extract(YEAR FROM now())'],
  ['POSITION', "SELECT position('b' IN 'abc')"],
  ['Arrays: subscript and ||', "SELECT ARRAY[1, 2][1], ARRAY[1] || ARRAY[2], 'a' || 'b'"],
  ['Fields of a row', 'SELECT CAST(ROW(1) AS ROW(a BIGINT)).a'],
  ['Lambdas', 'SELECT filter(ARRAY[1, 2], x -> x > 1)'],
  ['Window functions', `SELECT rank() OVER (PARTITION BY host ORDER BY time) FROM ${t}`],
  ['ROWS frames', `SELECT avg(d) OVER (ORDER BY time ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM ${t}`],
  [
    'RANGE frames with an interval',
    `SELECT avg(d) OVER (ORDER BY time RANGE BETWEEN INTERVAL '5' MINUTE PRECEDING AND CURRENT ROW) FROM ${t}`,
  ],
  ['IGNORE NULLS', `SELECT last_value(d) IGNORE NULLS OVER (ORDER BY time) FROM ${t}`],
  ['SHOW DATABASES', "SHOW DATABASES LIKE 'd%'"],
  ['SHOW TABLES', 'SHOW TABLES FROM db'],
  ['SHOW MEASURES', `SHOW MEASURES FROM ${t}`],
  ['DESCRIBE', `DESCRIBE ${t}`],
  ['UNLOAD to CSV', `UNLOAD (SELECT host FROM ${t}) TO 's3://bucket/folder' WITH (include_header = 'true')`],
  ['UNLOAD to Parquet', `UNLOAD (SELECT host FROM ${t}) TO 's3://bucket/folder' WITH (format = 'PARQUET')`],
].map(([construct = '', sql = '', refusal]) => ({ construct, sql, ...(refusal === undefined ? {} : { refusal }) }));

/**
 * What engines of Timestream's family take, but its developer guide does not have ("SELECT": a join has ON or USING or is CROSS, a grouping
 * element is an expression or `()`). Nobody can say what Timestream makes of it, so it is refused.
 */
export const undocumentedStatements: readonly Pick<DocumentedStatement, 'construct' | 'sql'>[] = [
  ['NATURAL JOIN', `SELECT 1 FROM ${t} a NATURAL JOIN ${t} b`],
  ['Aggregates with FILTER', `SELECT count(*) FILTER (WHERE d > 1) FROM ${t}`],
  ['ROLLUP', `SELECT count(*) FROM ${t} GROUP BY ROLLUP (host)`],
  ['CUBE', `SELECT count(*) FROM ${t} GROUP BY CUBE (host)`],
  ['GROUPING SETS', `SELECT count(*) FROM ${t} GROUP BY GROUPING SETS ((host), ())`],
  ['Several expressions in one grouping element', `SELECT count(*) FROM ${t} GROUP BY (host, measure_name)`],
  ['OFFSET', `SELECT host FROM ${t} OFFSET 1`],
  ['FETCH FIRST', `SELECT host FROM ${t} FETCH FIRST 1 ROW ONLY`],
  ['TABLESAMPLE', `SELECT host FROM ${t} TABLESAMPLE BERNOULLI (10)`],
  ['EXPLAIN', 'EXPLAIN SELECT 1'],
  ['SHOW FUNCTIONS', 'SHOW FUNCTIONS'],
  ['Statements that change tables', `INSERT INTO ${t} VALUES (1)`],
].map(([construct = '', sql = '']) => ({ construct, sql }));

export const pageUrl = ({ path }: DocumentationPage): string => `https://docs.aws.amazon.com/timestream/latest/developerguide/${path}.html`;
