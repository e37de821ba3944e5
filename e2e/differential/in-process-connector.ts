import { Worker } from 'node:worker_threads';
import {
  bodyInHand,
  createConnector,
  openAwsStorage,
  parseConfig,
  type Connector,
  type WorkerThread,
} from '@timestream-prometheus/connector';
import { decodeStreamedAnswer, STREAMED_CONTENT_TYPE } from '@timestream-prometheus/connector-testing';
import { startEmbeddedTimestream, type EmbeddedTimestream, type TimestreamLimits } from '@timestream-prometheus/timestream-embedded';
import {
  decodeReadResponse,
  decodeSnappy,
  encodeReadRequest,
  encodeSnappy,
  encodeWriteRequest,
  type Query,
  type ResponseType,
  type TimeSeries,
  type WriteRequest,
} from '@timestream-prometheus/prom-codec';
import type { Layout } from '@timestream-prometheus/timestream-translator';
import { accessKeyId, basicAuthorization, secretAccessKey } from '../harness/start-connector.js';

export type ReadStrategy = 'packed' | 'rows';

export const readStrategies: readonly ReadStrategy[] = ['packed', 'rows'];

const responseTypes: readonly ResponseType[] = ['SAMPLES', 'STREAMED_XOR_CHUNKS'];

export interface InProcessConnector {
  readonly timestream: EmbeddedTimestream;
  /** Writes in one remote-write request; gives status and text of the answer. */
  write(request: WriteRequest, layout?: Layout): Promise<{ readonly status: number; readonly text: string }>;
  /**
   * Asks all queries in one remote-read request and gives the results in order. Fails on anything but 200, and on a streamed answer that
   * Prometheus' client would not read as it is meant.
   */
  read(queries: readonly Query[], responseType?: ResponseType, strategy?: ReadStrategy): Promise<readonly (readonly TimeSeries[])[]>;
  /** Asks by every strategy and response type, and fails if they do not answer alike to the last bit. */
  readEveryWay(queries: readonly Query[]): Promise<readonly (readonly TimeSeries[])[]>;
  /** Packed reads that were answered from rows instead: what is compared then is rows with rows. */
  packedFaults(): readonly string[];
  close(): Promise<void>;
}

// oxlint-disable-next-line id-denylist -- the log level's own name
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const uncounted = { add: () => undefined, observe: () => undefined, move: () => undefined };
const headers = { authorization: basicAuthorization(), 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
const textDecoder = new TextDecoder();

/** `WORKERS=2` has every write done by threads, those of the built server. */
const workers = Number(process.env['WORKERS'] ?? 0);
const workerFile = new URL('../../packages/http-adapter/dist/cli/write-worker.js', import.meta.url);

function startWorker(): WorkerThread {
  // The tests' own flags would have it load sources.
  const worker = new Worker(workerFile, { execArgv: [] });
  return {
    post: (message, transferred) => {
      worker.postMessage(message, transferred);
    },
    listen: (onMessage) => void worker.on('message', onMessage),
    onEnd: (onEnd) => void worker.once('exit', (code) => onEnd(new Error(`the thread ended with code ${code}`))),
    stop: () => void worker.terminate(),
  };
}

/** The whole path in one process: the connector of every layout, the AWS SDK's clients, sockets, and the embedded Timestream with one empty table. */
export async function startInProcessConnector(
  flags: Readonly<Record<string, string>> = {},
  limits: Partial<TimestreamLimits> = {},
): Promise<InProcessConnector> {
  const timestream = await startEmbeddedTimestream({
    credentials: [{ accessKeyId, secretAccessKey }],
    limits,
    create: [{ databaseName: 'metrics', tableName: 'samples', memoryStoreRetentionHours: 24, magneticStoreWrites: true }],
  });
  const packedFaults: string[] = [];
  const noteFault = (fields: object, message: string): void => {
    if (message.includes('packed')) packedFaults.push(`${message}: ${'err' in fields ? String(fields.err) : ''}`);
  };
  const logger = { ...silent, debug: noteFault, warn: noteFault };
  const open = (layout: Layout, strategy: ReadStrategy = 'packed'): Connector => {
    const config = parseConfig({
      defaultsFor: 'server',
      env: {},
      flags: {
        'default-database': 'metrics',
        'default-table': 'samples',
        'write-base-endpoint': timestream.url,
        'query-base-endpoint': timestream.url,
        'table-layout': layout,
        'read-strategy': strategy,
        workers: String(workers),
        ...flags,
      },
    });
    return createConnector({
      config,
      openStorage: openAwsStorage(config, { logger: silent, metrics: uncounted }),
      logger,
      metrics: uncounted,
      ...(workers > 0 && { writeWorkers: { start: startWorker, minBodyBytes: 0 } }),
    });
  };
  const writers: Record<Layout, Connector> = {
    'multi-measure': open('multi-measure'),
    'sample-value': open('sample-value'),
    compact: open('compact'),
    'single-measure': open('single-measure'),
  };
  const readers: Record<ReadStrategy, Connector> = { packed: open('multi-measure', 'packed'), rows: open('multi-measure', 'rows') };
  const send = async (
    connector: Connector,
    path: string,
    body: Uint8Array,
  ): Promise<{ status: number; contentType: string; body: Uint8Array }> => {
    const response = await connector.handle({
      method: 'POST',
      path,
      query: '',
      headers,
      ...bodyInHand(body),
      signal: new AbortController().signal,
    });
    const { status, headers: answered } = response;
    const contentType = answered['content-type'] ?? '';
    if (response.body instanceof Uint8Array) return { status, contentType, body: response.body };
    const parts: Uint8Array[] = [];
    for await (const part of response.body) parts.push(part);
    return { status, contentType, body: Buffer.concat(parts) };
  };
  const read: InProcessConnector['read'] = async (queries, responseType = 'SAMPLES', strategy = 'packed') => {
    const acceptedResponseTypes = responseType === 'SAMPLES' ? [] : [1, 0];
    const { status, contentType, body } = await send(
      readers[strategy],
      '/read',
      encodeSnappy(encodeReadRequest({ queries, acceptedResponseTypes })),
    );
    if (status !== 200) throw new Error(`the read was answered ${status}: ${textDecoder.decode(body)}`);
    if (responseType === 'STREAMED_XOR_CHUNKS') {
      if (contentType !== STREAMED_CONTENT_TYPE) throw new Error(`the answer has the content type ${contentType}`);
      return decodeStreamedAnswer(body, queries.length);
    }
    return decodeReadResponse(decodeSnappy(body, { maxBytes: 256 * 1024 * 1024 })).results.map(({ timeseries }) => timeseries);
  };
  return {
    timestream,
    async write(request, layout = 'multi-measure') {
      const { status, body } = await send(writers[layout], '/write', encodeSnappy(encodeWriteRequest(request)));
      return { status, text: textDecoder.decode(body) };
    },
    read,
    async readEveryWay(queries) {
      const [first, ...others] = await Promise.all(
        readStrategies.flatMap((strategy) => responseTypes.map((responseType) => read(queries, responseType, strategy))),
      );
      for (const other of others) {
        if (textOf(other) !== textOf(first)) throw new Error(`one way of reading gives ${textOf(first)}, another one ${textOf(other)}`);
      }
      return first ?? [];
    },
    packedFaults: () => packedFaults,
    async close() {
      await Promise.all([...Object.values(writers), ...Object.values(readers)].map((connector) => connector.close()));
      await timestream.close();
    },
  };
}

/** Text that shows a difference of a single bit. */
function textOf(answer: unknown): string {
  return JSON.stringify(answer, (_key, value: unknown) => {
    if (typeof value === 'bigint') return value.toString(16);
    return value instanceof BigInt64Array || value instanceof BigUint64Array ? Array.from(value, (item) => item.toString(16)) : value;
  });
}
