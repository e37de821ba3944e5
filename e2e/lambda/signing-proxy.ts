import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { SignatureV4 } from '@smithy/signature-v4';
import { headersOf } from './http-api-event.js';

export interface SigningKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The hash that the SDK's signer asks for, from Node's own. */
export class Sha256 {
  readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string | Uint8Array);
  }
  update(chunk: string | Uint8Array): void {
    this.#hash.update(chunk);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
  reset(): void {
    throw new Error('the signer makes a new hash each time');
  }
}

/** The headers of a request, signed by the AWS SDK's own signer; all but `host`, which every client sets by itself. */
export async function signedHeaders(
  request: { readonly method: string; readonly url: URL; readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array },
  key: SigningKey,
  { service = 'execute-api', region = 'us-east-1', signingDate = new Date() } = {},
): Promise<Record<string, string>> {
  const { method, url, headers, body } = request;
  const signer = new SignatureV4({ service, region, credentials: key, sha256: Sha256 });
  const { headers: signed } = await signer.sign(
    { method, protocol: url.protocol, hostname: url.hostname, path: url.pathname, headers: { ...headers, host: url.host }, body },
    { signingDate },
  );
  return without(signed, ['host']);
}

function without(headers: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

export interface SigningProxy {
  readonly url: string;
  close(): Promise<void>;
}

/** What a Prometheus that cannot sign for execute-api is given: a proxy that signs all that reaches it, and passes it on. */
export async function startSigningProxy(target: string, key: SigningKey): Promise<SigningProxy> {
  const server = createServer((request, response) => {
    void (async () => {
      const body = await buffer(request);
      const url = new URL(request.url ?? '/', target);
      const headers = without(headersOf(request.rawHeaders), ['authorization', 'host', 'connection']);
      const method = request.method ?? 'POST';
      const signed = await signedHeaders({ method, url, headers, body }, key);
      const answer = await fetch(url, { method, headers: signed, body });
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(Buffer.from(await answer.arrayBuffer()));
    })().catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
