import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** A program of its own, so that it can connect while the server does not look. */
const SENDER = `
const net = require('node:net');
const tls = require('node:tls');
const { parentPort, workerData: { port, requests, flag, isTls } } = require('node:worker_threads');
const answered = [];
let written = 0;
let open = requests.length;
const startMs = performance.now();
requests.forEach((text, index) => {
  const raw = net.connect(port, '127.0.0.1');
  raw.on('error', () => undefined);
  const socket = isTls ? tls.connect({ socket: raw, rejectUnauthorized: false }) : raw;
  socket.on('error', () => undefined);
  socket.once('data', (chunk) => {
    answered.push({ index, status: Number(chunk.toString('latin1').slice(9, 12)), afterMs: performance.now() - startMs });
    socket.end();
  });
  socket.once('close', () => {
    open -= 1;
    if (open === 0) parentPort.postMessage(answered);
  });
  const note = () => {
    written += 1;
    if (written < requests.length) return;
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  };
  socket.write(text, isTls ? undefined : note);
  // Over TLS the request waits for the handshake; its first message leaves as soon as there is a connection.
  if (isTls) raw.once('connect', () => setTimeout(note, 100));
});
`;

/** An answer, in the order in which they came; a request that got none is missing. */
export interface CrowdAnswer {
  /** Of the request. */
  readonly index: number;
  readonly status: number;
  readonly afterMs: number;
}

/**
 * Sends each of the requests, as it is written, over a connection of its own. The thread of the caller stands still until the last of them is sent: to a server
 * on the same thread all come at once, in this order.
 */
export async function sendAsCrowd(
  port: number,
  requests: readonly string[],
  { isTls = false }: { readonly isTls?: boolean } = {},
): Promise<readonly CrowdAnswer[]> {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(SENDER, { eval: true, workerData: { port, requests, flag, isTls } });
  // It begins without this thread, but for what its start asks of it.
  await once(worker, 'online');
  Atomics.wait(flag, 0, 0, 20_000);
  const [answers] = (await once(worker, 'message')) as [readonly CrowdAnswer[]];
  return answers;
}
