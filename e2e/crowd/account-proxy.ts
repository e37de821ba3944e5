import { once } from 'node:events';
import { Agent, createServer, request as startRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An access key, the Timestream of its account, and whose names may stand in what it asks. */
export interface ProxiedKey {
  readonly timestreamUrl: string;
  readonly marks: ReadonlySet<string>;
}

export interface AccountProxy {
  readonly url: string;
  /** Calls that an access key made although what they hold is somebody else's. */
  readonly violations: readonly string[];
  /** Calls so far, by access key. */
  readonly calls: ReadonlyMap<string, number>;
  /** AWS does not know the key any more. */
  revoke(accessKeyId: string): void;
  close(): Promise<void>;
}

const CREDENTIAL = /Credential=([\w-]+)\//;

/**
 * Amazon as several accounts see it: one address, and the key that signed says whose Timestream answers. What passes is looked at: a call of
 * one key that names what belongs to another one is a leak, whether Timestream would have refused it or not.
 */
export async function startAccountProxy(keys: ReadonlyMap<string, ProxiedKey>, markPattern: RegExp): Promise<AccountProxy> {
  const violations: string[] = [];
  const calls = new Map<string, number>();
  const revoked = new Set<string>();
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const accessKeyId = CREDENTIAL.exec(incoming.headers.authorization ?? '')?.[1] ?? '';
    calls.set(accessKeyId, (calls.get(accessKeyId) ?? 0) + 1);
    const key = keys.get(accessKeyId);
    const marks = new Set(body.toString('latin1').match(markPattern));
    if (marks.size > 1) violations.push(`${accessKeyId} asks for ${[...marks].join(' and ')} in one call`);
    for (const mark of marks) if (key?.marks.has(mark) !== true) violations.push(`${accessKeyId} asks for ${mark}`);
    if (key === undefined || revoked.has(accessKeyId)) {
      outgoing.writeHead(403, { 'content-type': 'application/x-amz-json-1.0' });
      outgoing.end('{"__type":"UnrecognizedClientException","message":"The security token included in the request is invalid."}');
      return;
    }
    const upstream = startRequest(
      `${key.timestreamUrl}${incoming.url ?? '/'}`,
      { method: incoming.method, headers: incoming.headers, agent },
      (answered) => {
        outgoing.writeHead(answered.statusCode ?? 0, answered.headers);
        answered.pipe(outgoing);
      },
    );
    upstream.on('error', () => outgoing.destroy());
    upstream.end(body);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    violations,
    calls,
    revoke: (accessKeyId) => revoked.add(accessKeyId),
    async close() {
      agent.destroy();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
