import fc from 'fast-check';
import { connect } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { sampleRecord, writeTo } from './sample-record.js';
import { sendRaw, signRequest } from './signed-request.js';
import { startServer } from './start-server.js';

const operations = [
  'WriteRecords',
  'Query',
  'CreateDatabase',
  'CreateTable',
  'UpdateTable',
  'ListTables',
  'TagResource',
  'CancelQuery',
  'PrepareQuery',
  'DescribeEndpoints',
];

describe('a request that is not AWS JSON', () => {
  it.each([
    ['with another method', 'PUT', '/', {}],
    ['without a target', 'POST', '/', { 'x-amz-target': '' }],
    ['with the target of another service', 'POST', '/', { 'x-amz-target': 'DynamoDB_20120810.ListTables' }],
  ])('is an unknown operation: %s', async (_, method, path, headers) => {
    const { server } = await startServer();
    const signed = await signRequest(server.url, 'ListTables', '{}');
    const answer = await sendRaw(server.url, { ...signed, headers: { ...signed.headers, ...headers } }, method, path);
    expect(answer).toMatchObject({ status: 400, json: { __type: 'com.amazon.coral.service#UnknownOperationException' } });
  });

  it('with an operation that Timestream does not have is an unknown operation', async () => {
    const { server } = await startServer();
    const answer = await sendRaw(server.url, await signRequest(server.url, 'DropEverything', '{}'));
    expect(answer).toMatchObject({ status: 400, json: { __type: 'com.amazon.coral.service#UnknownOperationException' } });
  });

  it.each([
    ['no JSON', '{', 'The request body is not valid JSON'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'The request body is not valid UTF-8'],
    ['no object', '[]', 'START_ARRAY can not be converted to a Structure'],
    ['a number for a text', '{"DatabaseName":1}', "NUMBER_VALUE can not be converted to a String at 'databaseName'"],
    ['a text for a number', '{"MaxResults":"1"}', "STRING_VALUE can not be converted to an Integer at 'maxResults'"],
    ['a fraction for a whole number', '{"MaxResults":1.5}', "NUMBER_VALUE can not be converted to an Integer at 'maxResults'"],
    ['half of a surrogate pair', '{"DatabaseName":"\\ud800"}', "The string at 'databaseName' is not valid Unicode"],
  ])('does not deserialize: %s', async (_, body, message) => {
    const { server } = await startServer();
    const answer = await sendRaw(server.url, await signRequest(server.url, 'ListTables', body));
    expect(answer).toMatchObject({ status: 400, json: { __type: 'com.amazon.coral.service#SerializationException', message } });
  });

  it('takes null for absent, ignores members it does not know, and an empty body for an empty structure', async () => {
    const { server } = await startServer();
    for (const body of ['{"DatabaseName":null,"NextToken":null,"Whatever":[{}]}', '', ' ']) {
      expect((await sendRaw(server.url, await signRequest(server.url, 'ListTables', body))).status).toBe(200);
    }
  });
});

describe('bounds', () => {
  it('refuse a body over the limit before reading it', async () => {
    const { server, write } = await startServer({ bounds: { maxBodyBytes: 1000 } });
    const answer = await sendRaw(server.url, await signRequest(server.url, 'ListTables', `{"x":"${'y'.repeat(2000)}"}`));
    expect(answer).toMatchObject({ status: 413, json: { __type: 'com.amazon.coral.service#RequestTooLargeException' } });
    expect(await writeTo(write, [sampleRecord()])).toMatchObject({ total: 1 });
  });

  it('answer more requests at once than are allowed with ThrottlingException', async () => {
    const { server } = await startServer({ bounds: { maxRequestsInFlight: 2 } });
    server.faults.delayMs(100);
    const signed = await signRequest(server.url, 'ListTables', '{}');
    const answers = await Promise.all(Array.from({ length: 6 }, () => sendRaw(server.url, signed)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
    expect(answers.filter(({ json }) => json['__type'] === 'com.amazonaws.timestream.v20181101#ThrottlingException')).toHaveLength(4);
  });

  it('survive what is not HTTP', async () => {
    const { server, write } = await startServer();
    await new Promise<void>((resolve, reject) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.write('\u0000\u0001 nonsense\r\n\r\n'));
      socket.on('close', () => resolve());
      socket.on('error', reject);
      socket.resume();
    });
    expect(await writeTo(write, [sampleRecord()])).toMatchObject({ total: 1 });
  });
});

describe('closing', () => {
  it('answers what is being worked on, commits it, and takes nothing more', async () => {
    const { server, write } = await startServer();
    server.faults.delayMs(200);
    const arrival = vi.spyOn(server.faults, 'currentDelayMs');
    const answer = writeTo(write, [sampleRecord()]);
    await vi.waitFor(() => expect(arrival).toHaveBeenCalled(), { timeout: 20_000, interval: 5 });
    const closed = server.close();
    expect(await answer).toMatchObject({ total: 1 });
    await closed;
    expect((await writeTo(write, [sampleRecord()])).status).toBeUndefined();
    await server.close();
  });
});

describe('any body', () => {
  it('is answered with 200 or 4xx, never 5xx, and the server goes on', async () => {
    const { server, write } = await startServer();
    const goodBodies: Record<string, unknown> = {
      WriteRecords: { DatabaseName: 'db', TableName: 't', CommonAttributes: { TimeUnit: 'MILLISECONDS' }, Records: [sampleRecord()] },
      Query: { QueryString: 'SHOW DATABASES', MaxRows: 10 },
    };
    const mutated = fc.constantFrom(...operations).chain((operation) => {
      const text = JSON.stringify(
        goodBodies[operation] ?? { DatabaseName: 'db', TableName: 't', ResourceARN: 'x', QueryId: 'A', Tags: [] },
      );
      const cut = fc.record({
        at: fc.nat(text.length),
        remove: fc.nat(8),
        insert: fc.oneof(fc.constantFrom('{', '}', '"', ',', 'null', '1e999', '-1', '[]', '\\u0000', ':'), fc.string({ maxLength: 4 })),
      });
      return fc.array(cut, { minLength: 1, maxLength: 3 }).map((cuts) => ({
        operation,
        body: cuts.reduce((body, { at, remove, insert }) => body.slice(0, at) + insert + body.slice(at + remove), text),
      }));
    });
    const arbitrary = fc.record({ operation: fc.constantFrom(...operations), body: fc.json({ maxDepth: 4 }) });
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated, arbitrary), async ({ operation, body }) => {
        const { status, json } = await sendRaw(server.url, await signRequest(server.url, operation, body));
        expect(status === 200 || (status >= 400 && status < 500), `${operation} ${body} -> ${status}`).toBe(true);
        if (status !== 200) expect(json['__type']).toMatch(/^com\.amazon.*#\w+$/);
      }),
      { numRuns: 400 },
    );
    expect(await writeTo(write, [sampleRecord({ MeasureName: 'after' })])).toMatchObject({ total: 1 });
  });
});
