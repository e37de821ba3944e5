import type { ReadRequest, TimeSeries } from '@timestream-prometheus/prom-codec';
import {
  bodyInHand,
  createConnector,
  parseConfig,
  type Config,
  type Connector,
  type ConnectorRequest,
  type ConnectorResponse,
  type Logger,
  type OpenStorage,
} from '../../src/index.js';
import { basicAuthorization, PROTOCOL_HEADERS, readBody, writeBody } from '@timestream-prometheus/connector-testing';
import { RecordingMetrics } from './recording-metrics.js';

export interface LogLine {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface ConnectorFixture {
  readonly connector: Connector;
  readonly metrics: RecordingMetrics;
  readonly log: LogLine[];
  readonly config: Config;
}

export const KEY = { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret' };

export function testConfig(flags: Readonly<Record<string, string>> = {}): Config {
  return parseConfig({ flags: { 'default-database': 'db', 'default-table': 'tbl', ...flags }, env: {}, defaultsFor: 'server' });
}

/** The storage is one of the tests' own, which holds rows and puts none together. */
export function createFixture(openStorage: OpenStorage, flags: Readonly<Record<string, string>> = {}): ConnectorFixture {
  const config = testConfig({ 'read-strategy': 'rows', ...flags });
  const metrics = new RecordingMetrics();
  const log: LogLine[] = [];
  const connector = createConnector({ config, openStorage, metrics, logger: createMemoryLogger(log), random: () => 0.5 });
  return { connector, metrics, log, config };
}

export function createMemoryLogger(log: LogLine[]): Logger {
  const at = (level: string) => (fields: object, message: string) => void log.push({ level, fields: { ...fields }, message });
  // oxlint-disable-next-line id-denylist -- pino's own name of the level
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

export function basicHeaders(): Readonly<Record<string, string>> {
  return { authorization: basicAuthorization(KEY) };
}

/** What a test says of a request; a body is one that the edge has already. */
export type RequestParts = Partial<ConnectorRequest> & { readonly body?: Uint8Array };

export function request({ body = new Uint8Array(), ...parts }: RequestParts): ConnectorRequest {
  return {
    method: 'POST',
    path: '/write',
    query: '',
    headers: { ...basicHeaders(), ...PROTOCOL_HEADERS },
    ...bodyInHand(body),
    signal: new AbortController().signal,
    ...parts,
  };
}

export function writeRequest(timeseries: readonly TimeSeries[], parts: RequestParts = {}): ConnectorRequest {
  return request({ body: writeBody(timeseries), ...parts });
}

export function readRequest(message: Pick<ReadRequest, 'queries'> & Partial<ReadRequest>, parts: RequestParts = {}): ConnectorRequest {
  return request({ path: '/read', body: readBody(message.queries, message.acceptedResponseTypes), ...parts });
}

export async function bodyBytes(response: ConnectorResponse): Promise<Uint8Array> {
  if (response.body instanceof Uint8Array) return response.body;
  const parts: Uint8Array[] = [];
  for await (const part of response.body) parts.push(part);
  return Buffer.concat(parts);
}

export async function bodyText(response: ConnectorResponse): Promise<string> {
  return Buffer.from(await bodyBytes(response)).toString();
}
