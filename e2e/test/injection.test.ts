import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hashToken } from '@timestream-prometheus/connector';
import { PROTOCOL_HEADERS, query, readBody, series, writeBody } from '@timestream-prometheus/connector-testing';
import { decodeReadResponse, decodeSnappy, type LabelMatcher, type Query } from '@timestream-prometheus/prom-codec';
import { startEmbeddedTimestream, type EmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSeededRandom } from '../differential/seeded-random.js';
import { destinationArguments } from '../harness/destination-arguments.js';
import { openRawTable, type RawTable } from '../harness/raw-table.js';
import { accessKeyId, makeFolder, secretAccessKey, startConnector, type RunningConnector } from '../harness/start-connector.js';
import { CANARY, HOSTILE_TEXTS, randomHostileText } from '../injection/hostile-texts.js';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
/** `CASES=5000` makes a long run, with all texts; a usual one has a third of them, each seed another one. */
const cases = Number(process.env['CASES'] ?? (process.env['PROPERTY_RUNS'] === 'few' ? 3 : 6));
const random = createSeededRandom(seed);
const isLong = process.env['CASES'] !== undefined;
const texts = [
  ...HOSTILE_TEXTS.filter((_text, index) => isLong || (index + seed) % 3 === 0),
  ...Array.from({ length: cases }, () => randomHostileText(random)),
  // A label whose value is the empty text is no label.
].filter((text) => text !== '');

const token = `tsprom_${'t'.repeat(43)}`;
const nowMs = Date.now() - 60_000;
/** Names that Timestream allows and that are no identifiers of SQL. */
const DATABASES = ['metrics', 'select'];
const TABLES = ['samples', 'from', '--', '1.5e3', 'canary.canary', 'x.--', CANARY.table];

const IN_FLIGHT = 8;
const maxMs = isLong ? 3_600_000 : 300_000;

/** For all texts, some at a time. */
async function forEachText(judge: (text: string, index: number) => Promise<void>): Promise<void> {
  const entries = texts.entries();
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      for (const [index, text] of entries) await judge(text, index);
    }),
  );
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly bytes: Uint8Array;
}

describe(`hostile texts in every field that reaches SQL, beside a table that nobody may see (SEED=${seed}, CASES=${cases})`, () => {
  let timestream: EmbeddedTimestream;
  let connector: RunningConnector;
  let canary: RawTable;
  const folder = makeFolder('injection');

  beforeAll(async () => {
    timestream = await startEmbeddedTimestream({
      credentials: [{ accessKeyId, secretAccessKey }],
      create: DATABASES.flatMap((databaseName) => TABLES.map((tableName) => ({ databaseName, tableName }))),
    });
    canary = openRawTable(timestream.url, 'metrics', CANARY.table);
    await canary.write([
      {
        Dimensions: [{ Name: 'owner', Value: CANARY.text }],
        MeasureName: 'canary_up',
        MeasureValueType: 'MULTI',
        MeasureValues: [
          { Name: 'sample_value', Value: '1', Type: 'DOUBLE' },
          { Name: 'note', Value: CANARY.text, Type: 'VARCHAR' },
        ],
        Time: String(nowMs),
      },
    ]);
    const usersFile = path.join(folder, 'users');
    const users = [
      `plain may=write,read as=server token=${hashToken(token)}`,
      `gateway may=write,read as=server token=${hashToken(`${token}g`)} table=metrics_{tenant} tenants=*`,
      ...DATABASES.flatMap((database, d) => TABLES.map((table, t) => `at-${d}-${t} may=write,read as=server token=${hashToken(`${token}.${d}.${t}`)} database=${database} table=${table}`)),
    ]; // oxfmt-ignore
    writeFileSync(usersFile, `${users.join('\n')}\n`, { mode: 0o600 });
    connector = await startConnector({
      storage: 'aws',
      env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
      extraArguments: [
        ...destinationArguments({ url: timestream.url, database: 'metrics', table: 'samples' }),
        `--users-file=${usersFile}`,
        '--log.level=error',
      ],
    });
  });

  afterAll(async () => {
    await connector.program.stop();
    canary.close();
    await timestream.close();
    for (const created of [folder, connector.dataDir]) rmSync(created, { recursive: true, force: true });
  });

  /** Whatever it is, an answer is a success or a refusal that names its code, and holds nothing of the canary. */
  async function send(
    address: string,
    init: { readonly body?: Uint8Array; readonly headers?: Record<string, string> } = {},
    as = token,
  ): Promise<Answer> {
    const { body, headers = {} } = init;
    const answered = await fetch(`${connector.url}${address}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${as}`, ...headers },
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    });
    const bytes = new Uint8Array(await answered.arrayBuffer());
    const isSnappy = answered.headers.get('content-encoding') === 'snappy';
    const text = Buffer.from(isSnappy ? decodeSnappy(bytes, { maxBytes: 1e8 }) : bytes).toString('utf8');
    const what = `${address} was answered ${answered.status}: ${text.slice(0, 300)}`;
    expect(text.includes(CANARY.text), what).toBe(false);
    expect(answered.status, what).toBeLessThan(500);
    if (answered.status >= 400) expect(text, what).toMatch(/^[a-z][a-z-]+: |^\{"status":"error"/);
    return { status: answered.status, text, bytes };
  }

  const write = (timeseries: Parameters<typeof writeBody>[0], as = token) =>
    send('/write', { body: writeBody(timeseries), headers: PROTOCOL_HEADERS }, as);

  async function read(
    asked: Query,
    as = token,
  ): Promise<{ readonly answer: Answer; readonly labels: readonly Readonly<Record<string, string>>[] }> {
    const answer = await send('/read', { body: readBody([asked]), headers: PROTOCOL_HEADERS }, as);
    if (answer.status !== 200) return { answer, labels: [] };
    const [result] = decodeReadResponse(decodeSnappy(answer.bytes, { maxBytes: 1e8 })).results;
    return {
      answer,
      labels: (result?.timeseries ?? []).map(({ labels }) => Object.fromEntries(labels.map(({ name, value }) => [name, value]))),
    };
  }

  const select = (...matchers: readonly (readonly [string, LabelMatcher['type'], string])[]): Query =>
    query(nowMs - 1000, nowMs + 1000, ...matchers);
  const quotedPattern = (text: string): string => text.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);

  async function assertCanaryIsUntouched(): Promise<void> {
    expect(await canary.query(`SELECT owner, note, measure_name, sample_value FROM "metrics"."${CANARY.table}" WHERE owner IS NOT NULL`)).toEqual([
      [CANARY.text, CANARY.text, 'canary_up', '1.0'],
    ]); // oxfmt-ignore
    for (const database of DATABASES)
      expect((await canary.query(`SHOW TABLES FROM "${database}"`)).map(([name]) => name).sort()).toEqual([...TABLES].sort());
  }

  /** What may be left to Timestream as a whole, over a label, a name and a value that are this text: the answers are those of its one series. */
  async function assertAggregated(text: string, id: string): Promise<void> {
    const quoted = JSON.stringify(text);
    // One text may come twice.
    const selector = `{__name__=${quoted}, id="${id}", ${quoted}="x", ${quoted}!~"y|(?:${CANARY.text})"}`;
    const asked: readonly (readonly [string, string])[] = [
      [`count by (${quoted}) (${selector})`, '1'],
      [`group by (${quoted}) (${selector})`, '1'],
      [`max by (${quoted}) (${selector})`, '1'],
      [`min by (${quoted}) (max_over_time(${selector}[5m]))`, '1'],
      [`sum by (${quoted}) (changes(${selector}[5m]))`, '0'],
      [`sum by (${quoted}) (count_over_time(${selector}[5m]))`, '1'],
    ];
    for (const [expression, value] of asked) {
      const parameters = new URLSearchParams({ query: expression, time: String(nowMs / 1000 + 1) });
      const answer = await send(`/api/v1/query?${parameters.toString()}`);
      expect(answer.status, `${expression}: ${answer.text}`).toBe(200);
      // oxlint-disable-next-line id-denylist -- Prometheus' own name
      const { result } = (JSON.parse(answer.text) as { readonly data: { readonly result: readonly unknown[] } }).data;
      expect(result, `${expression}: ${answer.text}`).toEqual([{ metric: { [text]: 'x' }, value: [expect.anything(), value] }]);
    }
  }

  it(
    'as values and names are stored as they are, and found by every type of matcher and by nothing else',
    async () => {
      await forEachText(async (text, index) => {
        const id = String(index);
        const wanted = { __name__: 'hostile', id, value: text };
        const written = await write([series(wanted, [nowMs, 1]), series({ __name__: 'hostile', id, value: `${text}.` }, [nowMs, 2])]);
        expect(written.status, `${JSON.stringify(text)}: ${written.text}`).toBe(204);
        for (const matcher of [['value', '=', text], ['value', '=~', quotedPattern(text)], ['value', '!=', `${text}.`], ['value', '!~', quotedPattern(`${text}.`)]] as const) {
        const { answer, labels } = await read(select(['id', '=', id], matcher));
        expect(labels, `${JSON.stringify(matcher)}: ${answer.text.slice(0, 200)}`).toEqual([wanted]);
      } // oxfmt-ignore
        // As a pattern it may mean anything or nothing, but only of what is there.
        for (const type of ['=~', '!~'] as const) {
          const { labels } = await read(select(['id', '=', id], ['value', type, text]));
          for (const found of labels) expect(found['id']).toBe(id);
        }
      });
      await assertCanaryIsUntouched();
    },
    maxMs,
  );

  it(
    'as names of labels and metrics are stored and read back, or refused',
    async () => {
      // Each name takes one of 128 dimensions, or a place in prometheus_labels.
      await forEachText(async (text, index) => {
        const wanted = { __name__: text, id: `name ${index}`, [text]: 'x' };
        const written = await write([series(wanted, [nowMs, 1])]);
        if (written.status !== 204) {
          expect(written.status, JSON.stringify(text)).toBe(400);
          return;
        }
        const { answer, labels } = await read(select(['__name__', '=', text], [text, '=', 'x']));
        expect(labels, `${JSON.stringify(text)}: ${answer.text.slice(0, 200)}`).toContainEqual(wanted);
        await read(select([text, '!=', ''], ['__name__', '=~', quotedPattern(text)]));
        await assertAggregated(text, `name ${index}`);
      });
      await assertCanaryIsUntouched();
    },
    maxMs,
  );

  it(
    'in every parameter and path of the query API are taken for what they are, or refused',
    async () => {
      await forEachText(async (text) => {
        const quoted = JSON.stringify(text);
        const encoded = encodeURIComponent(text);
        const seconds = String(nowMs / 1000);
        const asked: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
          ['/api/v1/query', { query: text }],
          ['/api/v1/query', { query: `hostile{value=${quoted}}`, time: text }],
          ['/api/v1/query', { query: `count by (${quoted}) ({${quoted}=~${quoted}})`, time: seconds }],
          ['/api/v1/query', { query: `label_replace(hostile{id="0"}, "a", ${quoted}, "value", ${quoted})`, time: seconds, timeout: text }],
          ['/api/v1/query_range', { query: 'hostile', start: text, end: text, step: text }],
          ['/api/v1/labels', { 'match[]': `{${quoted}!=""}`, start: text, limit: text }],
          ['/api/v1/series', { 'match[]': text, start: seconds, end: seconds }],
          ['/api/v1/series', { 'match[]': `{__name__=~${quoted},value!~${quoted}}`, start: seconds, end: seconds }],
          [`/api/v1/label/${encoded}/values`, { 'match[]': `{__name__=${quoted}}` }],
          ['/api/v1/query_exemplars', { query: `hostile{value=${quoted}}`, start: seconds, end: seconds }],
          ['/api/v1/metadata', { metric: text, limit: text, limit_per_metric: text }],
          ['/api/v1/format_query', { query: text }],
        ];
        for (const [address, parameters] of asked) await send(`${address}?${new URLSearchParams(parameters).toString()}`);
      });
      await assertCanaryIsUntouched();
    },
    maxMs,
  );

  it(
    'as names of tenants lead to no table, by header or path, and never to one beside',
    async () => {
      await forEachText(async (text) => {
        const body = { body: writeBody([series({ __name__: 'hostile' }, [nowMs, 1])]), headers: PROTOCOL_HEADERS };
        const header = Buffer.from(text.replaceAll('\u0000', ' ').replaceAll('\n', ' ')).toString('latin1');
        const answers = [
          await send('/write', { ...body, headers: { ...PROTOCOL_HEADERS, 'x-scope-orgid': header } }, `${token}g`),
          await send(`/tenants/${encodeURIComponent(text)}/write`, body, `${token}g`),
        ];
        for (const { status, text: why } of answers) expect(status, `${JSON.stringify(text)}: ${why}`).toBeGreaterThanOrEqual(400);
      });
      await assertCanaryIsUntouched();
    },
    maxMs,
  );

  it(
    'as names of databases and tables lead to these tables and to no other',
    async () => {
      for (const [d, database] of DATABASES.entries()) {
        for (const [t, table] of TABLES.entries()) {
          if (table === CANARY.table) continue;
          const as = `${token}.${d}.${t}`;
          const wanted = { __name__: 'placed', database, table };
          expect((await write([series(wanted, [nowMs, 1])], as)).text).toBe('');
          const { labels } = await read(select(['__name__', '=', 'placed']), as);
          expect(labels, `${database}.${table}`).toEqual([wanted]);
          const answer = await send(
            `/api/v1/query?${new URLSearchParams({ query: 'count(placed)', time: String(nowMs / 1000) }).toString()}`,
            {},
            as,
          );
          expect(answer.text).toContain('"1"');
        }
      }
      await assertCanaryIsUntouched();
    },
    maxMs,
  );
});
