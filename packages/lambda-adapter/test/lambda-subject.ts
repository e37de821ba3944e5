import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { environmentNameOf } from '@timestream-prometheus/connector';
import type { ContractRequest, ContractResponse, ContractSubject } from '@timestream-prometheus/connector-testing';
import { startEmbeddedTimestream, type EmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import { createLambdaHandlers, type LambdaHandlers, type LambdaResult } from '../src/index.js';
import { eventShapeOf } from './events.js';

export const key = { accessKeyId: 'AKIAEXAMPLEACCESSKEY', secretAccessKey: 'example/secret+access/key' };
export const context = { awsRequestId: '8c2f7d0a-3f0e-4a52-8f6d-0b7a4d5f9a11', getRemainingTimeInMillis: () => 60_000 };

/** Sends a request as an event of the shape with this name, and reads its answer as the integration would. */
export type Invoke = (handlers: LambdaHandlers, event: Readonly<Record<string, unknown>>, opened: Opened[]) => Promise<ContractResponse>;

/** What a stream was opened with. */
interface Opened {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

export interface LambdaSubject extends ContractSubject {
  readonly faults: EmbeddedTimestream['faults'];
  readonly handlers: LambdaHandlers;
  /** What the function has written: log and metrics. */
  readonly lines: string[];
}

/** The handlers over the SDK and the wire of an embedded Timestream, with an empty table. */
export async function startLambda(flags: Readonly<Record<string, string>>, shapeName: string, invoke: Invoke): Promise<LambdaSubject> {
  const timestream = await startEmbeddedTimestream({ credentials: [key], create: [{ databaseName: 'metrics', tableName: 'samples' }] });
  const options = {
    'default-database': 'metrics',
    'default-table': 'samples',
    'enable-sigv4-auth': 'false',
    'write-base-endpoint': timestream.url,
    'query-base-endpoint': timestream.url,
    'log.level': 'debug',
    ...flags,
  };
  const lines: string[] = [];
  const opened: Opened[] = [];
  const start = (more: Readonly<Record<string, string>>): LambdaHandlers => {
    const env = Object.fromEntries(Object.entries({ ...options, ...more }).map(([flag, value]) => [environmentNameOf(flag), value]));
    return createLambdaHandlers({ env, writeLine: (line) => lines.push(line) }, (stream, metadata) => {
      opened.push(metadata);
      return stream;
    });
  };
  let handlers = start({});
  return {
    key,
    get handlers() {
      return handlers;
    },
    lines,
    faults: timestream.faults,
    send: ({ headers, path: target, ...request }: ContractRequest) => {
      const [path = '', query] = target.split('?', 2);
      const message = { ...request, path, headers: Object.entries(headers), ...(query !== undefined && { query }) };
      return invoke(handlers, eventShapeOf(shapeName).event(message), opened);
    },
    restart: (more) => {
      handlers = start(more);
      return Promise.resolve();
    },
    close: () => timestream.close(),
  };
}

export const invokeWhole: Invoke = async ({ handler }, event) => responseFromResult(await handler(event, context));

export function responseFromResult({ statusCode, headers, multiValueHeaders, body, isBase64Encoded }: LambdaResult): ContractResponse {
  const single = Object.fromEntries(Object.entries(multiValueHeaders ?? {}).map(([name, values]) => [name, values.join(', ')]));
  return { status: statusCode, headers: headers ?? single, body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8') };
}

export const invokeStreamed: Invoke = async ({ streamHandler }, event, opened) => {
  const stream = new PassThrough();
  const [body] = await Promise.all([buffer(stream), streamHandler(event, stream, context)]);
  const metadata = opened.pop();
  if (metadata === undefined) throw new Error('the stream was never opened');
  return { status: metadata.statusCode, headers: metadata.headers, body };
};
