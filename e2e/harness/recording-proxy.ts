import { once } from 'node:events';
import { createServer, request as startRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that passed, and how it was answered. */
export interface Exchange {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
  readonly status: number;
  readonly answerHeaders: IncomingHttpHeaders;
  readonly answerText: string;
}

export interface RecordingProxy {
  readonly url: string;
  readonly exchanges: readonly Exchange[];
  close(): Promise<void>;
}

/** Stands before a server on loopback, passes everything on as it is, and keeps it. */
export async function startRecordingProxy(targetPort: number): Promise<RecordingProxy> {
  const exchanges: Exchange[] = [];
  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const body = Buffer.concat(parts);
      const { method, url: path = '', headers } = incoming;
      const passedOn = startRequest({ host: '127.0.0.1', port: targetPort, method, path, headers }, (answer) => {
        const { statusCode: status = 0, headers: answerHeaders } = answer;
        outgoing.writeHead(status, answerHeaders);
        let answerText = '';
        answer.on('data', (part: Buffer) => {
          answerText += part.toString('utf8');
          outgoing.write(part);
        });
        answer.on('end', () => {
          exchanges.push({ path, headers, body, status, answerHeaders, answerText });
          outgoing.end();
        });
        answer.on('error', () => outgoing.destroy());
      });
      passedOn.on('error', () => outgoing.destroy());
      passedOn.end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
