import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { basicAuthorization, PROTOCOL_HEADERS, query, readBody, series, writeBody } from '@timestream-prometheus/connector/testing';
import { decodeReadResponse, decodeSnappy } from '@timestream-prometheus/prom-codec';
import { startEmbeddedTimestream, type EmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle, packages } from '../package.mjs';
import { isMissing } from './aws-tools.js';
import { startLambdaRuntime, type LambdaRuntime } from './runtime-api.js';
import { deployFolder } from '../stack/template-document.js';

const clientFile = process.env['LAMBDA_RUNTIME_CLIENT'] ?? path.join(deployFolder, '../e2e/runtime/node_modules/aws-lambda-ric/index.mjs');

const lacksClient = isMissing(
  'AWS’ runtime client for Node.js (aws-lambda-ric)',
  existsSync(clientFile),
  'REQUIRE_LAMBDA_RUNTIME',
  'To run the package as Lambda does: `npm install aws-lambda-ric@4.0.2` in a folder of its own (it builds native code: cmake, make, g++), and LAMBDA_RUNTIME_CLIENT=<folder>/node_modules/aws-lambda-ric/index.mjs.',
);

const key = { accessKeyId: 'AKIAEXAMPLEACCESSKEY', secretAccessKey: 'example/secret+access/key' };
const nowMs = Date.now();

/** A Function URL's event; an HTTP API's differs in its domain name only. */
function eventOf(requestPath: string, body: Uint8Array, headers: Readonly<Record<string, string>>, domainName: string) {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: requestPath,
    headers,
    requestContext: { stage: '$default', domainName, timeEpoch: Date.now(), http: { method: 'POST' } },
    body: Buffer.from(body).toString('base64'),
    isBase64Encoded: true,
  };
}

describe.skipIf(lacksClient)('the package under AWS’ own runtime client', () => {
  let timestream: EmbeddedTimestream;
  let taskFolder: string;
  const runtimes: LambdaRuntime[] = [];

  beforeAll(async () => {
    timestream = await startEmbeddedTimestream({ credentials: [key], create: [{ databaseName: 'metrics', tableName: 'samples' }] });
    taskFolder = mkdtempSync(path.join(tmpdir(), 'lambda-task-'));
    const [lambda] = packages;
    if (lambda === undefined) throw new Error('there is no package');
    const { files } = await bundle(lambda);
    for (const [name, bytes] of Object.entries(files)) writeFileSync(path.join(taskFolder, name), bytes);
  });
  afterAll(async () => {
    for (const runtime of runtimes) await runtime.close();
    await timestream.close();
    rmSync(taskFolder, { recursive: true, force: true });
  });

  async function start(handler: string, changes: Readonly<Record<string, string>> = {}): Promise<LambdaRuntime> {
    const env = {
      default_database: 'metrics',
      default_table: 'samples',
      enable_sigv4_auth: 'false',
      write_base_endpoint: timestream.url,
      query_base_endpoint: timestream.url,
      ...changes,
    };
    const runtime = await startLambdaRuntime({ clientFile, taskFolder, handler, env });
    runtimes.push(runtime);
    return runtime;
  }

  const headers = { ...PROTOCOL_HEADERS, authorization: basicAuthorization(key) };
  const written = series({ __name__: 'up', instance: 'a:1' }, [nowMs - 1000, 1], [nowMs, -0]);
  const writeEvent = (metric = written) =>
    eventOf('/write', writeBody([metric]), headers, 'a1b2c3d4e5.execute-api.us-east-1.amazonaws.com');
  const readEvent = (domainName: string) =>
    eventOf('/read', readBody([query(nowMs - 5000, nowMs, ['__name__', '=', 'up'])]), headers, domainName);

  const samplesIn = (body: Uint8Array) => {
    const [result] = decodeReadResponse(decodeSnappy(body, { maxBytes: 1e6 })).results;
    return result?.timeseries.map(({ labels, samples }) => ({ labels, valueBits: Array.from(samples.valueBits) }));
  };

  it('stores samples and gives them back, base64 both ways', async () => {
    const runtime = await start('index.handler');
    const stored = await runtime.invoke(writeEvent());
    expect(JSON.parse(stored.body.toString())).toEqual({ statusCode: 204, headers: {}, body: '', isBase64Encoded: false });
    const answered = await runtime.invoke(readEvent('a1b2c3d4e5.execute-api.us-east-1.amazonaws.com'));
    const result = JSON.parse(answered.body.toString()) as { statusCode: number; isBase64Encoded: boolean; body: string };
    expect(result).toMatchObject({ statusCode: 200, isBase64Encoded: true });
    expect(samplesIn(Buffer.from(result.body, 'base64'))).toEqual([
      { labels: written.labels, valueBits: Array.from(written.samples.valueBits) },
    ]);
  });

  it('streams an answer, its status and headers before it', async () => {
    const runtime = await start('index.streamHandler');
    await runtime.invoke(writeEvent());
    const { outcome, headers: sent, body, trailers } = await runtime.invoke(readEvent('abc.lambda-url.us-east-1.on.aws'));
    expect({ outcome, mode: sent['lambda-runtime-function-response-mode'] }).toEqual({ outcome: 'response', mode: 'streaming' });
    expect(trailers).toEqual({});
    // "…a JSON object, then eight null bytes, then the body": the runtime's prelude of an HTTP response.
    const end = body.indexOf(Buffer.alloc(8));
    expect(JSON.parse(body.subarray(0, end).toString())).toMatchObject({ statusCode: 200, headers: { 'content-encoding': 'snappy' } });
    expect(samplesIn(body.subarray(end + 8))).toHaveLength(1);
  });

  it('streams the status of an answer that has no body', async () => {
    const runtime = await start('index.streamHandler');
    const { body } = await runtime.invoke(writeEvent());
    expect(body.toString()).toBe(`${JSON.stringify({ statusCode: 204, headers: {} })}${'\0'.repeat(8)}`);
  });

  it('answers 500 with a wrong configuration, again and again, in one process', async () => {
    const runtime = await start('index.handler', { default_table: '' });
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const { outcome, body } = await runtime.invoke(writeEvent());
      expect(outcome).toBe('response');
      expect(JSON.parse(body.toString())).toMatchObject({
        statusCode: 500,
        body: expect.stringMatching(/default-table must be given/) as string,
      });
    }
    expect(runtime.output.join('').match(/wrong configuration/g)).toHaveLength(1);
  });
});
