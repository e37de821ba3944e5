import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';

/**
 * What stands between the connector and Timestream does with one request. Each kind is something that a network, a proxy, a firewall or
 * the service itself is known to do; none of them is a defect of the connector's, so none may cost a sample.
 */
export type ProxyFault =
  | { readonly kind: 'pass' }
  /** Timestream carries the request out; its answer comes after this long. */
  | { readonly kind: 'late'; readonly delayMs: number }
  /** 429 with Timestream's own error; nothing is stored. */
  | { readonly kind: 'throttle' }
  /** A status of 500 or above with Timestream's own error; nothing is stored. */
  | { readonly kind: 'fail'; readonly status: number }
  /** An HTML page with any status: a proxy, a firewall, a captive portal. Nothing is stored. */
  | { readonly kind: 'html-page'; readonly status: number }
  /** 302 to another place. Nothing is stored. */
  | { readonly kind: 'redirect' }
  /** The connection breaks before Timestream has the request. */
  | { readonly kind: 'reset-before' }
  /** Timestream carries the request out, then the connection breaks. */
  | { readonly kind: 'reset-after' }
  /** Timestream carries the request out; the first half of its answer arrives, then the connection breaks. */
  | { readonly kind: 'half-answer' }
  /** No answer for this long, then the connection breaks. Nothing is stored. */
  | { readonly kind: 'hang'; readonly durationMs: number }
  /** 200 with this text instead of Timestream's answer. Nothing is stored. */
  | { readonly kind: 'false-success'; readonly text: string }
  /** 200 with Timestream's own answer, which accounts for so many records more than were sent (below 0: fewer). Nothing is stored. */
  | { readonly kind: 'false-account'; readonly by: number }
  /** Records are said to be rejected that were never sent, or none at all. Nothing is stored. */
  | { readonly kind: 'false-rejection'; readonly indexes: readonly number[] }
  /** Timestream carries the request out; something in between has broken the gzip of its answer, in the first byte or at the end. */
  | { readonly kind: 'broken-gzip'; readonly isCutOff: boolean }
  /** The session of the credentials has ended before its time. Nothing is stored. */
  | { readonly kind: 'ended-session' }
  /** The answer of a service whose clock is ahead of ours. Nothing is stored. */
  | { readonly kind: 'clock-skew'; readonly aheadMs: number }
  /** Timestream no longer knows the page token. Queries only. */
  | { readonly kind: 'expired-page-token' };

export interface FaultProxy {
  readonly url: string;
  /** How often each kind was applied so far. */
  readonly applied: ReadonlyMap<ProxyFault['kind'], number>;
  /** All that are open, whatever is under way on them. */
  breakConnections(): void;
  close(): Promise<void>;
}

/** What is known of a request before it is carried out. */
export interface ProxiedRequest {
  /** `WriteRecords`, `Query` or another of Timestream's. */
  readonly operation: string;
  readonly body: Buffer;
  readonly sessionToken: string | undefined;
}

/** Says what happens to the next request. */
export type ChooseFault = (request: ProxiedRequest) => ProxyFault;

/** A proxy on loopback in front of `upstreamUrl`. It changes neither headers nor bodies of what passes, so signatures stay right. */
export async function startFaultProxy(upstreamUrl: string, chooseFault: ChooseFault): Promise<FaultProxy> {
  const upstream = new URL(upstreamUrl);
  const applied = new Map<ProxyFault['kind'], number>();
  const sockets = new Set<Socket>();
  const server: Server = createServer((incoming, outgoing) => {
    void answer(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await readAll(incoming);
    const operation = String(incoming.headers['x-amz-target'] ?? '').replace(/^.*\./, '');
    const token = incoming.headers['x-amz-security-token'];
    const fault = chooseFault({ operation, body, sessionToken: typeof token === 'string' ? token : undefined });
    applied.set(fault.kind, (applied.get(fault.kind) ?? 0) + 1);
    switch (fault.kind) {
      case 'throttle': {
        sendError(outgoing, 429, 'ThrottlingException', 'Your request was throttled');
        return;
      }
      case 'fail': {
        sendError(outgoing, fault.status, 'InternalServerException', 'The service failed');
        return;
      }
      case 'html-page':
        outgoing.writeHead(fault.status, { 'content-type': 'text/html' });
        outgoing.end(`<html><head><title>${fault.status}</title></head><body><h1>Blocked by the gateway</h1></body></html>`);
        return;
      case 'redirect':
        outgoing.writeHead(302, { location: 'http://127.0.0.1:9/login' });
        outgoing.end();
        return;
      case 'reset-before':
        incoming.socket.destroy();
        return;
      case 'hang':
        await new Promise((resolve) => setTimeout(resolve, fault.durationMs));
        incoming.socket.destroy();
        return;
      case 'false-success':
        outgoing.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
        outgoing.end(fault.text);
        return;
      case 'false-account': {
        const total = recordCountOf(body) + fault.by;
        outgoing.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
        outgoing.end(JSON.stringify({ RecordsIngested: { MemoryStore: total, MagneticStore: 0, Total: total } }));
        return;
      }
      case 'clock-skew': {
        const serviceTime = new Date(Date.now() + fault.aheadMs);
        outgoing.setHeader('date', serviceTime.toUTCString());
        sendError(outgoing, 403, 'InvalidSignatureException', `Signature expired: the time of the service is ${serviceTime.toISOString()}`);
        return;
      }
      case 'false-rejection': {
        const rejected = fault.indexes.map((RecordIndex) => ({ RecordIndex, Reason: 'The record timestamp is outside the time range' }));
        sendError(outgoing, 419, 'RejectedRecordsException', 'One or more records have been rejected', { RejectedRecords: rejected });
        return;
      }
      case 'ended-session': {
        sendError(outgoing, 403, 'ExpiredTokenException', 'The security token included in the request is expired');
        return;
      }
      case 'expired-page-token': {
        sendError(outgoing, 400, 'ValidationException', 'Invalid pagination token');
        return;
      }
      case 'pass':
      case 'late':
      case 'reset-after':
      case 'broken-gzip':
      case 'half-answer': {
        const answered = await forward(incoming, body);
        if (fault.kind === 'late') await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
        if (fault.kind === 'reset-after') {
          incoming.socket.destroy();
          return;
        }
        if (fault.kind === 'broken-gzip') {
          const zipped = gzipSync(answered.body);
          const sent = fault.isCutOff ? zipped.subarray(0, -9) : zipped.fill(0, 0, 1);
          outgoing.writeHead(answered.status, { ...answered.headers, 'content-encoding': 'gzip', 'content-length': String(sent.length) });
          outgoing.end(sent);
          return;
        }
        if (fault.kind === 'half-answer') {
          outgoing.writeHead(answered.status, { ...answered.headers, 'content-length': String(answered.body.length) });
          outgoing.write(answered.body.subarray(0, Math.floor(answered.body.length / 2)), () => incoming.socket.destroy());
          return;
        }
        outgoing.writeHead(answered.status, answered.headers);
        outgoing.end(answered.body);
      }
    }
  }

  function forward(incoming: IncomingMessage, body: Buffer): Promise<{ status: number; headers: Record<string, string>; body: Buffer }> {
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest(
        { host: upstream.hostname, port: upstream.port, method: incoming.method, path: incoming.url, headers: incoming.headers },
        (response) => {
          readAll(response).then((answerBody) => {
            const headers: Record<string, string> = {};
            for (const [name, value] of Object.entries(response.headers)) {
              if (typeof value === 'string' && name !== 'transfer-encoding' && name !== 'connection') headers[name] = value;
            }
            resolve({ status: response.statusCode ?? 502, headers, body: answerBody });
          }, reject);
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    applied,
    breakConnections() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      if (server.listening) await once(server, 'close');
    },
  };
}

async function readAll(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function recordCountOf(body: Buffer): number {
  const { Records: records } = JSON.parse(body.toString('utf8')) as { readonly Records: readonly unknown[] };
  return records.length;
}

/** Spelled as Timestream spells its errors: `__type` with a name space, the text under `Message`. */
function sendError(outgoing: ServerResponse, status: number, name: string, message: string, more: object = {}): void {
  outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
  outgoing.end(JSON.stringify({ __type: `com.amazonaws.timestream.v20181101#${name}`, Message: message, ...more }));
}
