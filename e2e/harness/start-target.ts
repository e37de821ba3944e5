import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const TEXT_FORMAT = 'text/plain; version=0.0.4';
const PROTOBUF_FORMAT = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';

export interface Target {
  readonly address: string;
  /** Goes away: the next scrape fails, and Prometheus marks every series of it stale. */
  stop(): Promise<void>;
}

/** A scrape target on loopback whose page is made anew for every scrape: text, or the messages of Prometheus' protobuf format. */
export async function startTarget(page: (scrapeNumber: number) => string | Uint8Array): Promise<Target> {
  let scrapes = 0;
  const server = createServer((_request, response) => {
    scrapes += 1;
    const body = page(scrapes);
    response.setHeader('content-type', typeof body === 'string' ? TEXT_FORMAT : PROTOBUF_FORMAT).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
