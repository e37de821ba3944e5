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
  ['sample_value', 'DOUBLE'],
];

const columnInfo = (columns) => columns.map(([Name, ScalarType]) => ({ Name, Type: { ScalarType } }));
const seriesText = (series) => String(series).padStart(5, '0');
const datum = (text) => ({ ScalarValue: String(text) });

/** Texts of a counter with two decimals, as Java writes them. */
function valueText(series, timeMs) {
  const cents = (series * 100_003 + Math.floor(timeMs / STEP_MS) * 97) % 999_999_900;
  const text = String(cents / 100);
  return text.includes('.') ? text : `${text}.0`;
}

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
        points += `${timeMs - spanStartMs}:${valueText(series, timeMs)};`;
        count += 1;
      }
      if (count > 0) yield [...(hasJob ? ['node'] : []), seriesText(series), 'synthetic', span, count, 0, 0, points];
    }
  }
}

function* pages(rows) {
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

export async function startSyntheticTimestream(table) {
  const open = new Map();
  let packedPages = 0;
  const answerOf = (sql, token) => {
    if (sql.includes('array_agg(')) {
      const hasJob = /SELECT "job", "series"/.test(sql);
      const fromMs = Number(/time >= from_milliseconds\((\d+)\)/.exec(sql)?.[1]);
      const iterator = token === undefined ? pages(packedRows(table, fromMs, hasJob)) : open.get(token);
      const current = token === undefined ? iterator.next() : iterator.current;
      const rest = token === undefined ? iterator : iterator.rest;
      const next = rest.next();
      packedPages += 1;
      const names = [...(hasJob ? ['job'] : []), 'series', 'measure_name', 'row', 'count', 'others', 'inexact', 'points'];
      const more = next.done !== true;
      const nextToken = more ? `token${packedPages}` : undefined;
      if (token !== undefined) open.delete(token);
      if (more) open.set(nextToken, { current: next, rest });
      return { columns: names.map((name) => [name, 'VARCHAR']), rows: current.value, nextToken };
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
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const { QueryString, NextToken } = JSON.parse(Buffer.concat(parts).toString());
      response.setHeader('content-type', 'application/x-amz-json-1.0');
      if (QueryString === undefined) return response.end('{}');
      const { columns, rows, nextToken } = answerOf(QueryString, NextToken);
      const token = nextToken === undefined ? '' : `"NextToken":${JSON.stringify(nextToken)},`;
      response.end(`{"QueryId":"SYNTHETIC","ColumnInfo":${JSON.stringify(columnInfo(columns))},${token}"Rows":[${rows.join(',')}]}`);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    packedPages: () => packedPages,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
