import { connect, createServer } from 'node:net';

/** Passes connections on and counts what comes back. */
export async function startCountingProxy(targetUrl) {
  const { hostname, port } = new URL(targetUrl);
  let answeredBytes = 0;
  const server = createServer((client) => {
    const target = connect(Number(port), hostname);
    target.on('data', (bytes) => {
      answeredBytes += bytes.length;
    });
    client.pipe(target).pipe(client);
    const end = () => {
      client.destroy();
      target.destroy();
    };
    client.on('error', end);
    target.on('error', end);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    answeredBytes: () => answeredBytes,
    close: () => server.close(),
  };
}
