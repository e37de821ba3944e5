import { TimestreamWriteClient, type TimestreamWriteClientConfig } from '@aws-sdk/client-timestream-write';
import { request as httpRequest } from 'node:http';
import { credential } from './start-server.js';

export interface RawRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

export interface RequestSigner {
  sign(operation: string, body: string | Uint8Array, signingDate?: Date): Promise<RawRequest>;
  destroy(): void;
}

/** Signs as an SDK client does, for many requests. */
export async function createRequestSigner(url: string, config: Partial<TimestreamWriteClientConfig> = {}): Promise<RequestSigner> {
  const client = new TimestreamWriteClient({ endpoint: url, region: 'us-east-1', credentials: credential, maxAttempts: 1, ...config });
  const { hostname, port } = new URL(url);
  const signer = await client.config.signer({
    name: 'sigv4',
    signingName: 'timestream',
    signingRegion: typeof config.region === 'string' ? config.region : 'us-east-1',
    properties: {},
  });
  return {
    async sign(operation, body, signingDate) {
      const unsigned = {
        method: 'POST',
        protocol: 'http:',
        hostname,
        port: Number(port),
        path: '/',
        query: {},
        headers: {
          host: `${hostname}:${port}`,
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': `Timestream_20181101.${operation}`,
        },
        body,
      };
      const { headers } = await signer.sign(unsigned, {
        signingService: 'timestream',
        ...(signingDate === undefined ? {} : { signingDate }),
      });
      return { headers, body };
    },
    destroy: () => client.destroy(),
  };
}

/** Runs a command of an SDK client as far as the signature, and gives the request it would have sent. */
export async function signRequest(
  url: string,
  operation: string,
  body: string | Uint8Array,
  options: Partial<TimestreamWriteClientConfig> & { readonly signingDate?: Date } = {},
): Promise<RawRequest> {
  const { signingDate, ...config } = options;
  const signer = await createRequestSigner(url, config);
  const signed = await signer.sign(operation, body, signingDate);
  signer.destroy();
  return signed;
}

/** Sends exactly this and nothing else. */
export function sendRaw(url: string, { headers, body }: RawRequest, method = 'POST', path = '/'): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    // The path beside the address, which would be tidied up: `/..` is sent as it is.
    const request = httpRequest(url, { method, headers, path }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
        });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}
