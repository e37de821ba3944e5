import { connect, createServer } from 'node:net';

/**
 * Passes connections on, counts what comes back and may hold each answer back for a while, as a network does.
 *
 * @param {string} targetUrl
 * @param {number} latencyMs
 */
export async function startCountingProxy(targetUrl, latencyMs) {
  const { hostname, port } = new URL(targetUrl);
  let answeredBytes = 0;
  const server = createServer((client) => {
    const target = connect(Number(port), hostname);
    // Else the kernel holds a small packet back until the one before is acknowledged, which takes up to 40 ms for each page.
    for (const socket of [client, target]) socket.setNoDelay(true);
    target.on('data', (/** @type {Buffer} */ bytes) => {
      answeredBytes += bytes.length;
      // Timers of one length fire in the order in which they were set.
      if (latencyMs > 0) setTimeout(() => client.write(bytes), latencyMs);
      else client.write(bytes);
    });
    client.pipe(target);
    const end = () => {
      client.destroy();
      target.destroy();
    };
    for (const socket of [client, target]) socket.on('error', end).on('close', end);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    answeredBytes: () => answeredBytes,
    close: () => server.close(),
  };
}
