import { createServer } from 'node:http';

/**
 * Answers the queries of a connector for a table that is computed and not stored: so many series, a sample every fifteen seconds. For reads
 * that are larger than what can be loaded in a benchmark. It knows the statements that the connector sends and no others.
 */

export const STEP_MS = 15_000;
const ROW_SPAN_MS = 4 * 3_600_000;
const MAX_PAGE_BYTES = 1_000_000;
const COLUMNS = [
  ['job', 'VARCHAR'],
  ['series', 'VARCHAR'],
  ['measure_name', 'VARCHAR'],
  ['time', 'TIMESTAMP'],
  ['v', 'DOUBLE'],
];

/** @typedef {{ readonly seriesCount: number; readonly startMs: number; readonly endMs: number }} SyntheticTable */
/** @typedef {readonly (string | number)[]} Row */

/** @param {readonly (readonly string[])[]} columns */
const columnInfo = (columns) => columns.map(([Name, ScalarType]) => ({ Name, Type: { ScalarType } }));
/** @param {number} series */
const seriesText = (series) => String(series).padStart(5, '0');
/** @param {string | number} text */
const datum = (text) => ({ ScalarValue: String(text) });

/**
 * Texts of a counter with two decimals, as Java writes them.
 *
 * @param {number} series
 * @param {number} timeMs
 */
function valueText(series, timeMs) {
  const cents = (series * 100_003 + Math.floor(timeMs / STEP_MS) * 97) % 999_999_900;
  const text = String(cents / 100);
  return text.includes('.') ? text : `${text}.0`;
}

/**
 * @param {SyntheticTable} table
 * @param {number} fromMs
 * @param {boolean} hasJob
 * @returns {Generator<Row, void, undefined>}
 */
function* packedRows({ seriesCount, startMs, endMs }, fromMs, hasJob) {
  for (let series = 0; series < seriesCount; series += 1) {
    for (let span = 0; fromMs + span * ROW_SPAN_MS <= endMs; span += 1) {
      const spanStartMs = fromMs + span * ROW_SPAN_MS;
      let points = '';
      let count = 0;
      for (
        let timeMs = Math.max(startMs, Math.ceil(spanStartMs / STEP_MS) * STEP_MS);
        timeMs <= Math.min(endMs, spanStartMs + ROW_SPAN_MS - 1);
        timeMs += STEP_MS
      ) {
        points += `${timeMs - spanStartMs}$${valueText(series, timeMs)};`;
        count += 1;
      }
      if (count > 0) yield [...(hasJob ? ['node'] : []), seriesText(series), 'synthetic', span, count, 0, 0, points];
    }
  }
}

/**
 * @param {Iterable<Row>} rows
 * @returns {Generator<readonly string[], void, undefined>}
 */
function* pages(rows) {
  /** @type {string[]} */
  let page = [];
  let bytes = 0;
  for (const row of rows) {
    const json = JSON.stringify({ Data: row.map(datum) });
    if (bytes + json.length > MAX_PAGE_BYTES) {
      yield page;
      page = [];
      bytes = 0;
    }
    page.push(json);
    bytes += json.length + 1;
  }
  yield page;
}

/**
 * @param {string} sql
 * @param {SyntheticTable} table
 */
function sliceRows(sql, { startMs, endMs }) {
  const series = Number(/"series" = '(\d+)'/.exec(sql)?.[1]);
  const fromMs = Number(/time >= from_milliseconds\((\d+)\)/.exec(sql)?.[1]);
  const beforeMs = Number(/time < from_milliseconds\((\d+)\)/.exec(sql)?.[1]);
  const rows = [];
  for (let timeMs = startMs; timeMs <= endMs; timeMs += STEP_MS) {
    const time = `${new Date(timeMs).toISOString().slice(0, 23).replace('T', ' ')}000000`;
    if (timeMs >= fromMs && timeMs < beforeMs) rows.push(['node', seriesText(series), 'synthetic', time, valueText(series, timeMs)]);
  }
  return rows;
}

/** @param {SyntheticTable} table */
export async function startSyntheticTimestream(table) {
  /** @type {Map<string, { readonly current: readonly string[]; readonly rest: Generator<readonly string[], void, undefined> }>} */
  const open = new Map();
  let packedPages = 0;
  /** @type {(sql: string, token: string | undefined) => { readonly columns: readonly (readonly string[])[]; readonly rows: readonly string[]; readonly nextToken?: string }} */
  const answerOf = (sql, token) => {
    if (sql.includes('array_agg(')) {
      const hasJob = sql.includes('SELECT "job", "series"');
      const fromMs = Number(/time >= from_milliseconds\((\d+)\)/.exec(sql)?.[1]);
      const known = token === undefined ? undefined : open.get(token);
      const rest = known?.rest ?? pages(packedRows(table, fromMs, hasJob));
      const rows = known?.current ?? rest.next().value ?? [];
      const next = rest.next();
      packedPages += 1;
      const names = [...(hasJob ? ['job'] : []), 'series', 'measure_name', 'row', 'count', 'others', 'inexact', 'points'];
      if (token !== undefined) open.delete(token);
      const columns = names.map((name) => [name, 'VARCHAR']);
      if (next.done === true) return { columns, rows };
      const nextToken = `token${packedPages}`;
      open.set(nextToken, { current: next.value, rest });
      return { columns, rows, nextToken };
    }
    if (sql.includes('ARRAY[')) {
      const texts = [...sql.matchAll(/cast\(cast\('([^']*)' AS double\)/g)].map(([, text]) => text);
      return { columns: [['_col0', 'VARCHAR']], rows: [JSON.stringify({ Data: [datum(texts.join(';'))] })] };
    }
    if (!sql.startsWith('SELECT * FROM')) throw new Error(`no such statement is known: ${sql.slice(0, 200)}`);
    const rows = sql.includes('"series"') ? sliceRows(sql, table) : [];
    return { columns: COLUMNS, rows: rows.map((row) => JSON.stringify({ Data: row.map(datum) })) };
  };
  const server = createServer((request, response) => {
    /** @type {Buffer[]} */
    const parts = [];
    request.on('data', (/** @type {Buffer} */ part) => parts.push(part));
    request.on('end', () => {
      /** @type {{ readonly QueryString?: string; readonly NextToken?: string }} */
      const { QueryString, NextToken } = JSON.parse(Buffer.concat(parts).toString());
      response.setHeader('content-type', 'application/x-amz-json-1.0');
      if (QueryString === undefined) {
        response.end('{}');
        return;
      }
      const { columns, rows, nextToken } = answerOf(QueryString, NextToken);
      const token = nextToken === undefined ? '' : `"NextToken":${JSON.stringify(nextToken)},`;
      response.end(`{"QueryId":"SYNTHETIC","ColumnInfo":${JSON.stringify(columnInfo(columns))},${token}"Rows":[${rows.join(',')}]}`);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the synthetic Timestream has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    packedPages: () => packedPages,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
