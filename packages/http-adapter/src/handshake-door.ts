import type { Server, Socket } from 'node:net';
import { Turns } from '@timestream-prometheus/connector';

/**
 * Stands before the handshakes of a TLS server. A handshake takes a millisecond of computing (RSA) or a part of it, and only after it is seen what a connection wants: a
 * health check behind a thousand new connections would wait for a thousand handshakes. So connections are taken first, and their handshakes begun in turns, by time: one for
 * who came last, one for who came first, and so on. Who comes behind a crowd waits for a few handshakes, and nobody waits longer than twice as long as in a plain queue.
 */
export class HandshakeDoor {
  readonly #begin: (socket: Socket) => void;
  readonly #turns = new Turns();
  /** In the order in which they came. */
  readonly #waiting: { readonly socket: Socket; readonly enter: () => void }[] = [];
  #isForLast = true;
  #isClosed = false;

  /** @param server one whose listeners of `connection` begin the handshake, and no others yet */
  constructor(server: Server) {
    const listeners = server.listeners('connection');
    server.removeAllListeners('connection');
    this.#begin = (socket) => {
      for (const listener of listeners) listener.call(server, socket);
    };
    server.on('connection', (socket: Socket) => this.#take(socket));
  }

  /** Ends the connections that wait: nothing was asked over them yet. */
  close(): void {
    this.#isClosed = true;
    for (const { socket } of this.#waiting) socket.destroy();
  }

  #take(socket: Socket): void {
    this.#turns.noteArrival();
    if (this.#isClosed) {
      socket.destroy();
      return;
    }
    const end = () => socket.destroy();
    const forget = () => {
      const index = this.#waiting.findIndex((waiting) => waiting.socket === socket);
      if (index >= 0) this.#waiting.splice(index, 1);
    };
    socket.on('error', end).on('close', forget);
    const enter = () => {
      socket.off('error', end).off('close', forget);
      // What it has sent stays in it until its handshake reads it.
      this.#begin(socket);
    };
    this.#waiting.push({ socket, enter });
    void this.#turns.next().then(() => {
      const next = this.#isForLast ? this.#waiting.pop() : this.#waiting.shift();
      this.#isForLast = !this.#isForLast;
      next?.enter();
    });
  }
}
