import type { Server, Socket } from 'node:net';
import { Turns } from '@timestream-prometheus/connector';

/**
 * What connections at the door may have sent, all together: a thousand that send large bodies. One read takes 64 KiB at most. It is a part of the memory that
 * docs/capacity.md counts.
 */
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;

/** Connections that are let in in each round of the event loop, however busy the machine is: a few milliseconds of work. */
const MIN_PER_ROUND = 16;

/** The first line of a probe, below whatever base path. What the answer is the connector decides; here it only goes first. */
const PROBE_PATTERN = /^(?:GET|HEAD) [^ ?]*\/-\/(?:healthy|ready)[ ?]/;
/** Longer than the first line of any probe. */
const MAX_PROBE_BYTES = 1_024;

export interface ConnectionDoorOptions {
  readonly server: Server;
  /** What hands a connection to the HTTP parser; with TLS `secureConnection`, after the handshake. */
  readonly event: 'connection' | 'secureConnection';
  /** How long a connection may be open and send nothing. */
  readonly silenceTimeoutMs: number;
  /** What connections at the door may have sent, all together; the first is let in when it is more. */
  readonly maxBytes?: number;
}

/**
 * Stands before an HTTP server. libuv takes one connection in each round of the event loop (since 1.46, that of Node 20), and a round that answers the connection
 * before takes several times as long as one that does not: a health check behind a thousand new connections would wait for seconds. So a connection is taken, the
 * first that it sends is read, and a probe is let in at once; all others wait until no further ones come, and are let in a few in each round.
 */
export class ConnectionDoor {
  readonly #letIn: (socket: Socket) => void;
  readonly #silenceTimeoutMs: number;
  readonly #maxBytes: number;
  readonly #turns = new Turns({ minPerRound: MIN_PER_ROUND });
  /** Connections that have sent nothing yet. */
  readonly #silent = new Set<Socket>();
  /** Connections that have sent something, in the order in which they did, each with what lets it in. */
  readonly #waiting = new Map<Socket, { readonly bytes: number; readonly enter: () => void }>();
  #waitingBytes = 0;
  #isClosed = false;

  constructor({ server, event, silenceTimeoutMs, maxBytes = DEFAULT_MAX_BYTES }: ConnectionDoorOptions) {
    this.#silenceTimeoutMs = silenceTimeoutMs;
    this.#maxBytes = maxBytes;
    const listeners = server.listeners(event);
    server.removeAllListeners(event);
    this.#letIn = (socket) => {
      for (const listener of listeners) listener.call(server, socket);
      socket.resume();
    };
    server.on(event, (socket: Socket) => this.#take(socket));
  }

  /** Ends the connections that have sent nothing, as a server that stops ends those that are idle. The others are let in and answered. */
  close(): void {
    this.#isClosed = true;
    for (const socket of this.#silent) socket.destroy();
  }

  #take(socket: Socket): void {
    this.#turns.noteArrival();
    const end = () => socket.destroy();
    const forget = () => {
      this.#silent.delete(socket);
      this.#leave(socket);
    };
    const enter = () => {
      socket.off('error', end).off('close', forget);
      this.#letIn(socket);
    };
    const read = (chunk: Buffer) => {
      socket.pause();
      socket.off('data', read).off('end', end).off('timeout', end).setTimeout(0);
      socket.unshift(chunk);
      this.#silent.delete(socket);
      if (isProbe(chunk)) {
        enter();
        return;
      }
      this.#waiting.set(socket, { bytes: chunk.length, enter });
      this.#waitingBytes += chunk.length;
      if (this.#waitingBytes > this.#maxBytes) this.#letFirstIn();
      void this.#turns.next().then(() => this.#letFirstIn());
    };
    socket.on('error', end).on('close', forget).on('end', end).on('timeout', end).on('data', read);
    socket.setTimeout(this.#silenceTimeoutMs);
    if (this.#isClosed) socket.destroy();
    else this.#silent.add(socket);
  }

  #leave(socket: Socket): void {
    this.#waitingBytes -= this.#waiting.get(socket)?.bytes ?? 0;
    this.#waiting.delete(socket);
  }

  /** Turns come in the order of the connections, but one that has gone leaves its turn to those behind it. */
  #letFirstIn(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    const [socket, { enter }] = first;
    this.#leave(socket);
    enter();
  }
}

function isProbe(chunk: Buffer): boolean {
  return PROBE_PATTERN.test(chunk.toString('latin1', 0, Math.min(chunk.length, MAX_PROBE_BYTES)));
}
