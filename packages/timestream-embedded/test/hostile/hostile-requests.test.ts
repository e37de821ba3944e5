import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedTimestream, type EmbeddedTimestream } from '../../src/index.js';
import { createRequestSigner, sendRaw, type RawAnswer, type RequestSigner } from '../signed-request.js';
import { credential } from '../start-server.js';
import { HOSTILE_NAMES } from './hostile-names.js';
import { foreignStatements, heavyStatements } from './hostile-statements.js';

const CANARY = 'c4n4ry-0f-s0m3b0dy-3ls3';
const other = { accessKeyId: 'AKIDOTHER', secretAccessKey: 'other/secret' };

/** What an answer must not hold: words of the engine below, names of its tables, a stack, a path. */
const FROM_INSIDE =
  /duckdb|(?:Binder|Catalog|Parser|Conversion|Invalid Input|IO|Out of Memory|INTERNAL|Internal|Permission|Constraint|Serialization) Error|LINE \d+:|\bts_(?!tables|databases|format|settings|regexp_like)\w+|ENOENT|ENOTDIR|EISDIR|EEXIST|EACCES|ENAMETOOLONG|ERR_[A-Z]+|node_modules|\bat \S+ \(|TypeError|RangeError|undefined|\[object Object\]/;
const KNOWN_ERROR =
  /^com\.amazon(?:aws\.timestream\.v20181101|\.coral\.service|\.coral\.validate)#(?:ValidationException|QueryExecutionException|ServiceQuotaExceededException|AccessDeniedException|ResourceNotFoundException|ConflictException|RejectedRecordsException|ThrottlingException|SerializationException|UnknownOperationException|RequestTooLargeException|MissingAuthenticationTokenException|IncompleteSignatureException|InvalidSignatureException|UnrecognizedClientException)$/;

describe('hostile requests on the wire', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'timestream-embedded-hostile-'));
  const csv = path.join(folder, 'secret.csv');
  const logged: string[] = [];
  let server: EmbeddedTimestream;
  let signer: RequestSigner;
  let otherSigner: RequestSigner;
  let filesBefore: readonly string[];

  beforeAll(async () => {
    mkdirSync(path.join(folder, 'inner'));
    writeFileSync(csv, `secret\n${CANARY}\n`);
    server = await startEmbeddedTimestream({
      credentials: [credential, other],
      dataDir: path.join(folder, 'inner', 'tables'),
      create: [
        { databaseName: 'db', tableName: 't' },
        { databaseName: 'db', tableName: 'beside' },
      ],
      limits: { maxQueryCallMs: 3_000 },
      bounds: { duckdbMemoryLimit: '256MB' },
      logger: { debug: () => undefined, warn: () => undefined, error: (...line) => void logged.push(JSON.stringify(line)) },
    });
    signer = await createRequestSigner(server.url);
    otherSigner = await createRequestSigner(server.url, { credentials: other });
    for (const tableName of ['t', 'beside'])
      expect((await write(tableName, { Dimensions: [{ Name: 'job', Value: tableName }] })).status).toBe(200);
    filesBefore = filesOutside();
  });

  afterAll(async () => {
    signer.destroy();
    otherSigner.destroy();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const filesOutside = (): readonly string[] =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.startsWith(path.join('inner', 'tables')))
      .sort();

  async function ask(operation: string, body: object | string, by = signer): Promise<RawAnswer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return judged(`${operation} ${text}`, await sendRaw(server.url, await by.sign(operation, text)));
  }

  /** A success, or an error that is documented and says nothing of what is below. */
  function judged(what: string, answer: RawAnswer): RawAnswer {
    const described = `${what.slice(0, 300)} was answered ${answer.status}: ${answer.text.slice(0, 500)}`;
    expect(answer.status, described).toBeLessThan(500);
    expect(answer.text.includes(CANARY), described).toBe(false);
    expect(answer.text.includes(folder) && !what.includes(folder), described).toBe(false);
    if (answer.status === 200) return answer;
    expect(String(answer.json['__type']), described).toMatch(KNOWN_ERROR);
    expect(messageOf(answer).replaceAll(what, ''), described).not.toMatch(FROM_INSIDE);
    return answer;
  }

  function messageOf({ json }: RawAnswer): string {
    const message = json['Message'] ?? json['message'];
    return typeof message === 'string' ? message : '';
  }

  function write(tableName: string, changes: object): Promise<RawAnswer> {
    const record = { MeasureName: 'up', MeasureValue: '1', MeasureValueType: 'DOUBLE', Time: String(Date.now()), ...changes };
    return ask('WriteRecords', { DatabaseName: 'db', TableName: tableName, Records: [record] });
  }

  async function rows(sql: string): Promise<unknown> {
    const { status, json } = await ask('Query', { QueryString: sql });
    expect(status, JSON.stringify(json)).toBe(200);
    return (json['Rows'] as { Data: { ScalarValue?: string }[] }[]).map(({ Data }) => Data.map(({ ScalarValue }) => ScalarValue));
  }

  const cellsOf = (json: RawAnswer['json']): string[] =>
    ((json['Rows'] ?? []) as { Data: { ScalarValue?: string }[] }[]).flatMap(({ Data }) =>
      Data.map(({ ScalarValue }) => ScalarValue ?? ''),
    );

  /** What was there is there, nothing else is, and questions are answered. */
  async function assertUnharmed(): Promise<void> {
    expect(await rows('SELECT job, measure_value::double FROM db.beside')).toEqual([['beside', '1.0']]);
    expect(await rows("SELECT count(*) FROM db.t WHERE measure_name = 'up' AND job = 't'")).toEqual([['1']]);
    expect(filesOutside()).toEqual(filesBefore);
    expect(logged, 'a defect that was caught is logged').toEqual([]);
  }

  it('read, write or change nothing but tables by any statement of the database below', async () => {
    for (const statement of foreignStatements({ csv, folder })) {
      for (const operation of ['Query', 'PrepareQuery']) {
        const { status, json } = await ask(operation, { QueryString: statement });
        // What the statement itself says may come back as a text.
        const said = statement.replaceAll("''", "'");
        if (status === 200) expect(cellsOf(json).filter((cell) => !said.includes(cell)).join(' '), statement).not.toMatch(/ts_|series_1|points_1|secret|memory_limit/); // oxfmt-ignore
      }
    }
    await assertUnharmed();
  });

  it('that ask for more rows than there is memory, in a result that is needed whole, are refused', async () => {
    const wide =
      "SELECT a.x, b.y, lpad('', 1000, 'x') AS text FROM unnest(sequence(1, 10000)) a(x) CROSS JOIN unnest(sequence(1, 10000)) b(y)";
    const answer = await ask('Query', { QueryString: `UNLOAD (${wide}) TO 's3://bucket/wide'` });
    expect(answer).toMatchObject({ status: 400, json: { __type: 'com.amazonaws.timestream.v20181101#QueryExecutionException' } });
    expect(messageOf(answer)).toMatch(/bytes that are collected here|seconds/);
    await assertUnharmed();
  });

  it('that cost an engine its stack, its memory or minutes are refused or answered within the time of a call', async () => {
    for (const statement of heavyStatements()) {
      for (const operation of ['PrepareQuery', 'Query']) {
        const answer = await ask(operation, { QueryString: statement });
        expect(answer.text.length, statement.slice(0, 100)).toBeLessThan(2_500_000);
      }
    }
    await assertUnharmed();
  }, 300_000);

  it('as names of databases, tables and tags are refused, or name what they say and nothing else', async () => {
    for (const name of HOSTILE_NAMES) {
      const names = { DatabaseName: name, TableName: name };
      for (const operation of ['DescribeDatabase', 'DeleteDatabase', 'ListTables', 'UpdateDatabase'])
        await ask(operation, { DatabaseName: name, KmsKeyId: 'k' });
      for (const operation of ['DescribeTable', 'UpdateTable', 'DeleteTable']) {
        await ask(operation, names);
        await ask(operation, { ...names, DatabaseName: 'db' });
      }
      await ask('WriteRecords', { ...names, Records: [{ MeasureName: 'm', MeasureValue: '1', Time: String(Date.now()) }] });
      for (const operation of ['TagResource', 'UntagResource', 'ListTagsForResource'])
        for (const arn of [
          name,
          `arn:aws:timestream:us-east-1:000000000000:database/${name}`,
          `arn:aws:timestream:us-east-1:000000000000:database/db/table/${name}`,
        ])
          await ask(operation, { ResourceARN: arn, Tags: [{ Key: name, Value: name }], TagKeys: [name] });
      const created = await ask('CreateDatabase', { DatabaseName: name });
      if (created.status !== 200) continue;
      expect(name).toMatch(/^[a-zA-Z0-9_.-]{1,256}$/);
      expect((await ask('CreateTable', names)).status).toBe(200);
      expect(await rows(`SHOW TABLES FROM "${name}"`)).toEqual([[name]]);
      expect(await rows(`SELECT count(*) FROM "${name}"."${name}"`)).toEqual([['0']]);
      expect((await ask('DeleteTable', names)).status).toBe(200);
      expect((await ask('DeleteDatabase', { DatabaseName: name })).status).toBe(200);
    }
    await assertUnharmed();
  }, 120_000);

  it('as names and values of records are refused, or come back as they were written', async () => {
    const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
    const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
    expect((await ask('CreateTable', { DatabaseName: 'db', TableName: 'hostile' })).status).toBe(200);
    for (const [index, name] of HOSTILE_NAMES.entries()) {
      const time = String(Date.now() - index);
      const changes = [
        { Dimensions: [{ Name: 'case', Value: String(index) }, { Name: name, Value: 'value' }] },
        { Dimensions: [{ Name: 'case', Value: name }] },
        { Dimensions: [{ Name: 'case', Value: String(index) }], MeasureName: name },
        { Dimensions: [{ Name: 'case', Value: String(index) }], MeasureValueType: 'VARCHAR', MeasureValue: name },
        { Dimensions: [{ Name: 'case', Value: String(index) }], MeasureName: 'multi', MeasureValueType: 'MULTI', MeasureValue: undefined, MeasureValues: [{ Name: name, Value: name, Type: 'VARCHAR' }] },
        { Dimensions: [{ Name: 'case', Value: String(index) }], MeasureValue: name },
        { Dimensions: [{ Name: 'case', Value: String(index) }], Time: name },
        { Dimensions: [{ Name: 'case', Value: String(index) }], MeasureValueType: name, TimeUnit: name, Version: name },
      ]; // oxfmt-ignore
      const statuses: number[] = [];
      for (const change of changes) statuses.push((await write('hostile', { Time: time, ...change })).status);
      if (statuses[0] === 200)
        expect(await rows(`SELECT ${quoted(name)} FROM db.hostile WHERE "case" = '${index}' AND ${quoted(name)} IS NOT NULL`)).toContainEqual(['value']); // oxfmt-ignore
      if (statuses[1] === 200) expect(await rows(`SELECT DISTINCT "case" FROM db.hostile WHERE "case" = ${text(name)}`)).toEqual([[name]]);
      if (statuses[2] === 200)
        expect(await rows(`SELECT DISTINCT measure_name FROM db.hostile WHERE measure_name = ${text(name)}`)).toEqual([[name]]);
      if (statuses[3] === 200)
        expect(await rows(`SELECT measure_value::varchar FROM db.hostile WHERE measure_value::varchar = ${text(name)}`)).toEqual([[name]]);
      if (statuses[4] === 200)
        expect(await rows(`SELECT ${quoted(name)} FROM db.hostile WHERE "case" = '${index}' AND measure_name = 'multi'`)).toEqual([[name]]);
    }
    for (const statement of ['SHOW MEASURES FROM db.hostile', 'DESCRIBE db.hostile', 'SELECT * FROM db.hostile'])
      expect((await ask('Query', { QueryString: statement })).status).toBe(200);
    await assertUnharmed();
  }, 120_000);

  it('with tokens of another table, statement, key or operation, or with none of ours, give no page', async () => {
    const sql = 'SELECT * FROM unnest(sequence(1, 2000)) AS t(x)';
    const first = await ask('Query', { QueryString: sql });
    const token = String(first.json['NextToken']);
    for (let index = 0; index < 25; index += 1) await ask('CreateDatabase', { DatabaseName: `listed${index}` });
    const listed = String((await ask('ListDatabases', { MaxResults: 5 })).json['NextToken']);
    const texts = [...HOSTILE_NAMES, listed, `${token} `, token.toLowerCase(), token.slice(1), Buffer.from('{"__proto__":{}}').toString('base64'), 'eyJvZmZzZXQiOi0xfQ==', '9'.repeat(2048)]; // oxfmt-ignore
    for (const text of texts) {
      const answer = await ask('Query', { QueryString: sql, NextToken: text });
      expect(answer.json['Rows'], text).toBeUndefined();
      for (const operation of ['ListDatabases', 'ListTables', 'ListTagsForResource', 'ListScheduledQueries', 'ListBatchLoadTasks'])
        await ask(operation, { NextToken: text, DatabaseName: 'db', ResourceARN: 'arn:aws:timestream:us-east-1:000000000000:database/db' });
      for (const operation of ['CancelQuery', 'DescribeBatchLoadTask', 'ResumeBatchLoadTask'])
        await ask(operation, { QueryId: text, TaskId: text });
      for (const operation of ['DescribeScheduledQuery', 'ExecuteScheduledQuery', 'UpdateScheduledQuery', 'DeleteScheduledQuery'])
        await ask(operation, { ScheduledQueryArn: text, State: 'ENABLED', InvocationTime: 0 });
    }
    expect((await ask('Query', { QueryString: 'SELECT * FROM db.beside', NextToken: token })).json['Message']).toBe(
      'Invalid pagination token',
    );
    expect((await ask('Query', { QueryString: sql, NextToken: token }, otherSigner)).json['Message']).toBe('Invalid pagination token');
    expect((await ask('ListDatabases', { NextToken: token })).status).toBeLessThan(500);
    // Nobody has used it up meanwhile.
    expect((await ask('Query', { QueryString: sql, NextToken: token })).json['Rows']).toHaveLength(1000);
    for (let index = 0; index < 25; index += 1) await ask('DeleteDatabase', { DatabaseName: `listed${index}` });
    await assertUnharmed();
  }, 120_000);

  it('as buckets and keys lead to no file outside the folder that stands for S3', async () => {
    const places = [...HOSTILE_NAMES, 'bucket/../../x', 'bucket/../../../secret.csv', 'bucket/..', '../bucket', './bucket', 'bucket//x', 'bucket/a\u0000b', `bucket/${'k'.repeat(5_000)}`, `bucket/${'k/'.repeat(600)}`, 'bucket/file/below', 'bucket/%2e%2e/%2e%2e/x', 'bucket\\..\\x']; // oxfmt-ignore
    await ask('Query', { QueryString: "UNLOAD (SELECT 1 AS x) TO 's3://bucket/file'" });
    for (const place of places) {
      const [bucket = '', ...keys] = place.split('/');
      const key = keys.join('/');
      await ask('Query', { QueryString: `UNLOAD (SELECT 1 AS x) TO 's3://${place.replaceAll("'", "''")}'` });
      await ask('Query', { QueryString: `UNLOAD (SELECT ${"'" + place.replaceAll("'", "''") + "'"} AS p, 1 AS x) TO 's3://bucket/parts' WITH (partitioned_by = ARRAY['p'])` }); // oxfmt-ignore
      for (const [BucketName, ObjectKeyPrefix] of [
        [bucket, key],
        ['bucket', place],
        [place, 'x'],
      ]) {
        const { json } = await ask('CreateBatchLoadTask', {
          TargetDatabaseName: 'db',
          TargetTableName: 't',
          DataSourceConfiguration: { DataFormat: 'CSV', DataSourceS3Configuration: { BucketName, ObjectKeyPrefix } },
          DataModelConfiguration: { DataModelS3Configuration: { BucketName, ObjectKey: ObjectKeyPrefix } },
          ReportConfiguration: { ReportS3Configuration: { BucketName, ObjectKeyPrefix } },
        });
        const TaskId = json['TaskId'];
        if (TaskId === undefined) continue;
        for (;;) {
          const described = (await ask('DescribeBatchLoadTask', { TaskId })).json['BatchLoadTaskDescription'] as Record<string, unknown>;
          if (described['TaskStatus'] === 'CREATED' || described['TaskStatus'] === 'IN_PROGRESS') continue;
          expect(described['TaskStatus']).toBe('FAILED');
          expect(String(described['ErrorMessage']), place).not.toMatch(FROM_INSIDE);
          break;
        }
      }
    }
    await assertUnharmed();
  }, 120_000);

  it('with a hostile target, path, header or content type are refused before anything is done', async () => {
    const signed = await signer.sign('ListDatabases', '{}');
    const targets = ['Timestream_20181101', 'Timestream_20181101.', 'Timestream_20181101.__proto__', 'Timestream_20181101.constructor', 'Timestream_20181101.toString', 'Timestream_20181101.listDatabases', 'Timestream_20181101.ListDatabases.', 'Timestream_20181101.ListDatabases/../Query', 'Timestream_20181101.ListDatabases, Timestream_20181101.Query', "Timestream_20181101.'", 'timestream_20181101.ListDatabases', 'x'.repeat(8_000)]; // oxfmt-ignore
    for (const target of targets) {
      const operation = target.slice('Timestream_20181101.'.length);
      for (const request of [
        { ...signed, headers: { ...signed.headers, 'x-amz-target': target } },
        ...(target.startsWith('Timestream_20181101.') ? [await signer.sign(operation, '{}')] : []),
      ])
        expect(judged(target, await sendRaw(server.url, request)).status, target).toBeGreaterThanOrEqual(400);
    }
    for (const requestPath of ['//', '/..', '/../', '/%2e%2e/', '/?x=../..', '/_timestream/reset', '/_timestream/load', '/_timestream/../', '/_timestream/__proto__', '/%00', '/x'.repeat(4_000)])
      for (const method of ['POST', 'GET', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'])
        expect(judged(`${method} ${requestPath}`, await sendRaw(server.url, method === 'POST' || method === 'PUT' ? signed : { ...signed, body: '' }, method, requestPath)).status).toBeGreaterThanOrEqual(400); // oxfmt-ignore
    for (const changes of [
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/x-amz-json-1.0, application/json' },
      { authorization: `AWS4-HMAC-SHA256 Credential=${'/'.repeat(5_000)}, SignedHeaders=${';'.repeat(5_000)}, Signature=${'0'.repeat(64)}` },
      { authorization: "AWS4-HMAC-SHA256 Credential=' OR 1=1 --/20260101/us-east-1/timestream/aws4_request, SignedHeaders=host, Signature=00" },
      { authorization: 'AWS4-HMAC-SHA256 Credential=__proto__/20260101/us-east-1/timestream/aws4_request, SignedHeaders=host;x-amz-date, Signature=00' },
      { authorization: 'Basic QUtJREVYQU1QTEU6eA==' },
      { authorization: '' },
      { 'x-amz-date': "'; DROP" },
      { 'x-amz-date': '99991231T235959Z' },
      { 'x-amz-security-token': 'x'.repeat(10_000) },
      { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
      { 'x-http-method-override': 'DELETE', 'x-amz-target': 'Timestream_20181101.DeleteDatabase' },
      { host: 'evil.example' },
    ])
      expect(judged(JSON.stringify(changes).slice(0, 200), await sendRaw(server.url, { ...signed, headers: { ...signed.headers, ...changes } })).status).toBeGreaterThanOrEqual(400); // oxfmt-ignore
    // A header that is larger than a server takes is no request at all.
    const huge = await sendRaw(server.url, { ...signed, headers: { ...signed.headers, 'x-large': 'x'.repeat(40_000) } });
    expect(huge.status).toBe(400);
    await assertUnharmed();
  }, 120_000);

  it('of huge, nested or ambiguous JSON are refused, or taken for what they say', async () => {
    const record = '{"Dimensions":[{"Name":"job","Value":"json"}],"MeasureName":"json","MeasureValue":"1","Time":"1"}';
    const bodies = [
      '['.repeat(1_000_000),
      `{"DatabaseName":${'['.repeat(500_000)}${']'.repeat(500_000)}}`,
      `${'{"DatabaseName":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
      `{"Unknown":${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)},"DatabaseName":"db"}`,
      '{"__proto__":{"DatabaseName":"db"}}',
      '{"constructor":{"prototype":{"DatabaseName":"db"}}}',
      '{"DatabaseName":"db","DatabaseName":"other"}',
      '{"DatabaseName":{"toString":"db"}}',
      '{"DatabaseName":["db"]}',
      '{"DatabaseName":"\\u0000"}',
      '{"DatabaseName":"\\ud800"}',
      '\ufeff{"DatabaseName":"db"}',
      '{"DatabaseName":"db"}\u0000',
      '{"DatabaseName":"db"} {}',
      "{'DatabaseName':'db'}",
      '{"DatabaseName":NaN}',
      '{"MaxResults":1e999}',
      '{"MaxResults":-0}',
      '{"MaxResults":99999999999999999999999999}',
      `{"MaxResults":${'9'.repeat(100_000)}}`,
      `{"DatabaseName":"db","TableName":"t","Records":[${'{},'.repeat(100_000)}{}]}`,
      `{"DatabaseName":"db","TableName":"t","Records":[${`${record},`.repeat(20_000)}${record}]}`,
      `{"DatabaseName":"db","TableName":"t","Records":[{"Dimensions":[${'{"Name":"a","Value":"b"},'.repeat(50_000)}{"Name":"a","Value":"b"}]}]}`,
      `{"DatabaseName":"db","TableName":"t","Records":[{"MeasureValueType":"MULTI","MeasureName":"m","Time":"1","MeasureValues":[${'{"Name":"a","Value":"1","Type":"DOUBLE"},'.repeat(50_000)}{"Name":"a","Value":"1","Type":"DOUBLE"}]}]}`,
      `{"DatabaseName":"db","TableName":"t","Records":[{"Version":99999999999999999999,"MeasureName":"m","MeasureValue":"1","Time":"1"}]}`,
      `{"DatabaseName":"db","TableName":"t","Records":[{"Version":"int64:00000000-0000-0000-0000-000000000000:1","MeasureName":"m","MeasureValue":"1","Time":"1"}]}`,
      `{"DatabaseName":"${'x'.repeat(4_000_000)}"}`,
      `{${Array.from({ length: 200_000 }, (_, index) => `"k${index}":1`).join(',')}}`,
      `"Version":${'1'.repeat(200_000)}`,
      `{${'"Version": '.repeat(200_000)}}`,
    ]; // oxfmt-ignore
    for (const body of bodies) for (const operation of ['WriteRecords', 'Query', 'ListTables']) await ask(operation, body);
    await assertUnharmed();
  }, 120_000);
});
