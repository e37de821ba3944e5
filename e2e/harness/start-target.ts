import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Target {
  readonly address: string;
  /** Goes away: the next scrape fails, and Prometheus marks every series of it stale. */
  stop(): Promise<void>;
}

/** A scrape target on loopback whose page is made anew for every scrape. */
export async function startTarget(page: (scrapeNumber: number) => string): Promise<Target> {
  let scrapes = 0;
  const server = createServer((_request, response) => {
    scrapes += 1;
    response.setHeader('content-type', 'text/plain; version=0.0.4').end(page(scrapes));
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
