import { basicAuthorization, PROTOCOL_HEADERS, query, readBody, writeBody, type AccessKey } from '@timestream-prometheus/connector-testing';
import { decodeReadResponse, decodeSnappy, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { signedHeaders, type SigningKey } from '../lambda/signing-proxy.js';

export interface RemoteAnswer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | null;
  readonly body: Uint8Array;
}

/** How a request says who sends it: an access key by Basic authentication, a signature, or not at all. */
export type Identity =
  | { readonly basic: AccessKey }
  | { readonly sign: SigningKey; readonly service?: string; readonly signingDate?: Date }
  | undefined;

/** Sends one remote write or remote read message as Prometheus does. */
export async function post(
  url: string,
  body: Uint8Array,
  identity: Identity,
  headers: Readonly<Record<string, string>> = {},
): Promise<RemoteAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: await headersFor(url, body, identity, { ...PROTOCOL_HEADERS, ...headers }),
    body,
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, text: Buffer.from(bytes).toString(), retryAfter: response.headers.get('retry-after'), body: bytes };
}

async function headersFor(url: string, body: Uint8Array, identity: Identity, headers: Readonly<Record<string, string>>) {
  if (identity === undefined) return headers;
  if ('basic' in identity) return { ...headers, authorization: basicAuthorization(identity.basic) };
  const { sign, ...choices } = identity;
  return signedHeaders({ method: 'POST', url: new URL(url), headers, body }, sign, choices);
}

/** Sends a write that has to be taken as it is. */
export async function writeOnce(url: string, timeseries: readonly TimeSeries[], identity: Identity): Promise<void> {
  const { status, text } = await post(url, writeBody(timeseries), identity);
  if (status !== 204) throw new Error(`${url} answered ${status}: ${text}`);
}

/** Sends the same write again until it is taken, as a sender does whose answer says that it may. */
export async function writeUntilStored(url: string, timeseries: readonly TimeSeries[], identity: Identity): Promise<void> {
  const body = writeBody(timeseries);
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const { status, text } = await post(url, body, identity);
    if (status === 204) return;
    if (status !== 429 && status < 500) throw new Error(`a final answer: ${status} ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('fifty attempts were refused');
}

/** The values of every series of these metrics, as `metric: value,value`, sorted. */
export async function storedSamples(
  readUrl: string,
  metricPattern: string,
  identity: Identity,
  nowMs = Date.now(),
): Promise<readonly string[]> {
  const body = readBody([query(nowMs - 3_600_000, nowMs + 60_000, ['__name__', '=~', metricPattern])]);
  const answer = await post(readUrl, body, identity);
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
  const [result] = decodeReadResponse(decodeSnappy(answer.body, { maxBytes: 1e8 })).results;
  return (result?.timeseries ?? [])
    .map(({ labels, samples }) => {
      const values = new Float64Array(samples.valueBits.slice().buffer);
      return `${labels.find(({ name }) => name === '__name__')?.value ?? ''}: ${values.join(',')}`;
    })
    .sort();
}
