import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { deferred } from '../deferred.js';

export interface AnswerGate {
  readonly url: string;
  /** Resolves when a request that contains `text` has passed; from then on no answer comes back, until the gate is opened. */
  shutAfter(text: string): Promise<void>;
  open(): void;
  close(): Promise<void>;
}

/** A relay in front of a server that lets requests through and holds answers back for as long as the test says. */
export async function startAnswerGate(port: number): Promise<AnswerGate> {
  const sockets = new Set<Socket>();
  const backs = new Set<Socket>();
  const awaited: { readonly text: string; readonly resolve: (value: undefined) => void }[] = [];

  function shutIfAwaited(chunk: Buffer): void {
    const index = awaited.findIndex(({ text }) => chunk.includes(text));
    const [found] = index < 0 ? [] : awaited.splice(index, 1);
    if (found === undefined) return;
    for (const back of backs) back.pause();
    found.resolve(undefined);
  }

  const server = createServer((front) => {
    const back = connect(port, '127.0.0.1');
    back.on('data', (chunk) => front.write(chunk));
    backs.add(back);
    front.on('data', (chunk) => {
      shutIfAwaited(chunk);
      back.write(chunk);
    });
    for (const [socket, other] of [
      [front, back],
      [back, front],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => other.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async shutAfter(text) {
      const { promise, resolve } = deferred<undefined>();
      awaited.push({ text, resolve });
      await promise;
    },
    open() {
      for (const back of backs) back.resume();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
