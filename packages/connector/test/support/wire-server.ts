import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface WireRequest {
  readonly operation: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** The body as it came. */
  readonly text: string;
  readonly headers: IncomingMessage['headers'];
}

/** What the server does with a request; `drop` breaks the connection, `hang` never answers. */
export type WireAnswer =
  | {
      readonly status: number;
      readonly body: unknown;
      readonly contentType?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | 'drop'
  | 'hang';

export interface WireServer {
  readonly url: string;
  readonly requests: WireRequest[];
  close(): Promise<void>;
}

/** A server on loopback with the wire format of Timestream and the answers of a test: AWS JSON 1.0, every operation a POST. */
export async function startWireServer(answer: (request: WireRequest, count: number) => WireAnswer): Promise<WireServer> {
  const requests: WireRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const operation = String(incoming.headers['x-amz-target']).replace('Timestream_20181101.', '');
      const text = Buffer.concat(chunks).toString();
      const body = JSON.parse(text || '{}') as Record<string, unknown>;
      const request = { operation, body, text, headers: incoming.headers };
      requests.push(request);
      const reply = answer(request, requests.filter((earlier) => earlier.operation === operation).length);
      if (reply === 'hang') return;
      if (reply === 'drop') {
        incoming.socket.destroy();
        return;
      }
      const contentType = reply.contentType ?? 'application/x-amz-json-1.0';
      outgoing.writeHead(reply.status, { 'content-type': contentType, 'x-amzn-requestid': 'TEST', ...reply.headers });
      outgoing.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An error as Timestream sends it. */
export function wireError(status: number, name: string, message: string, more: object = {}): WireAnswer {
  return { status, body: { __type: `com.amazonaws.timestream.v20181101#${name}`, message, ...more } };
}
