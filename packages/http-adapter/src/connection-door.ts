import { readSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { Turns } from '@timestream-prometheus/connector';

/**
 * What was read at the door of all connections there, all together. Of most it is the first bytes; one that is silent at first is read by Node, 64 KiB at
 * most. It is a part of the memory that docs/capacity.md counts.
 */
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;

/** Connections that are let in in each round of the event loop, however busy the machine is: a few milliseconds of work. */
const MIN_PER_ROUND = 16;

/** The first line of a probe, below whatever base path. What the answer is the connector decides; here it only goes first. */
const PROBE_PATTERN = /^(?:GET|HEAD) [^ ?]*\/-\/(?:healthy|ready)[ ?]/;
/** Longer than the first line of any probe. */
const MAX_PROBE_BYTES = 1_024;

/** Connections whose first bytes are read one after the other: a few milliseconds of work. */
const PEEKS_PER_TURN = 512;

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
 * before takes several times as long as one that does not: a health check behind a thousand new connections would wait for seconds. So a connection is taken and
 * nothing is read, until no further ones come. Then the first bytes of all are read, a probe is let in at once, and all others a few in each round.
 *
 * Node reads with a buffer of 64 KiB for each connection, and a thousand of them make V8 collect garbage five times before the probe is found. So the door reads
 * the first bytes itself, from the file descriptor. A connection that has none, or has sent nothing yet, is read by Node.
 */
export class ConnectionDoor {
  readonly #letIn: (socket: Socket) => void;
  readonly #silenceTimeoutMs: number;
  readonly #maxBytes: number;
  readonly #turns = new Turns({ minPerRound: MIN_PER_ROUND });
  readonly #peekTurns = new Turns();
  /** Connections of which nothing was read and nothing is watched, in the order in which they came. */
  readonly #untouched = new Set<Socket>();
  #isPeekAsked = false;
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
    if (event === 'secureConnection') {
      // What the file descriptor has is not what was sent.
      server.on(event, (socket: Socket) => {
        this.#noteArrival();
        this.#listen(socket);
      });
      return;
    }
    // As the option of that name of `net.createServer`, which `http.createServer` does not pass on.
    Object.assign(server, { pauseOnConnect: true });
    server.on(event, (socket: Socket) => {
      this.#noteArrival();
      this.#untouched.add(socket);
      this.#askForPeek();
    });
  }

  /** Ends the connections that have sent nothing, as a server that stops ends those that are idle. The others are let in and answered. */
  close(): void {
    this.#isClosed = true;
    for (const socket of this.#silent) socket.destroy();
  }

  #noteArrival(): void {
    this.#turns.noteArrival();
    this.#peekTurns.noteArrival();
  }

  #askForPeek(): void {
    if (this.#isPeekAsked) return;
    this.#isPeekAsked = true;
    void this.#peekTurns.next().then(() => {
      this.#isPeekAsked = false;
      let peeks = 0;
      for (const socket of this.#untouched) {
        if (++peeks > PEEKS_PER_TURN) {
          this.#askForPeek();
          return;
        }
        this.#untouched.delete(socket);
        this.#peek(socket);
      }
    });
  }

  #peek(socket: Socket): void {
    const chunk = firstBytesOf(socket);
    if (chunk === undefined) {
      this.#listen(socket);
      return;
    }
    this.#place(socket, chunk, () => {
      // Not before: it makes Node read on.
      socket.unshift(chunk);
      this.#letIn(socket);
    });
  }

  #listen(socket: Socket): void {
    const end = () => socket.destroy();
    const forget = () => {
      this.#silent.delete(socket);
      this.#leave(socket);
    };
    const read = (chunk: Buffer) => {
      socket.pause();
      socket.off('data', read).off('end', end).off('timeout', end).setTimeout(0);
      socket.unshift(chunk);
      this.#silent.delete(socket);
      this.#place(socket, chunk, () => {
        socket.off('error', end).off('close', forget);
        this.#letIn(socket);
      });
    };
    socket.on('error', end).on('close', forget).on('end', end).on('timeout', end).on('data', read);
    socket.setTimeout(this.#silenceTimeoutMs);
    if (this.#isClosed) {
      socket.destroy();
      return;
    }
    this.#silent.add(socket);
    socket.resume();
  }

  #place(socket: Socket, chunk: Buffer, enter: () => void): void {
    if (isProbe(chunk)) {
      enter();
      return;
    }
    this.#waiting.set(socket, { bytes: chunk.length, enter });
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes > this.#maxBytes) this.#letFirstIn();
    void this.#turns.next().then(() => this.#letFirstIn());
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

const peeked = Buffer.alloc(MAX_PROBE_BYTES);

/** What has come, the first of it. Undefined if that is nothing, or if only Node can say what it is: the end, an error. */
function firstBytesOf(socket: Socket): Buffer | undefined {
  const descriptor = (socket as { readonly _handle?: { readonly fd?: number } | null })._handle?.fd;
  // It has none on Windows.
  if (descriptor === undefined || descriptor < 0) return undefined;
  try {
    const length = readSync(descriptor, peeked);
    return length === 0 ? undefined : Buffer.from(peeked.subarray(0, length));
  } catch {
    return undefined;
  }
}

function isProbe(chunk: Buffer): boolean {
  return PROBE_PATTERN.test(chunk.toString('latin1', 0, Math.min(chunk.length, MAX_PROBE_BYTES)));
}
