import type { ConnectorError } from './errors/connector-error.js';

/**
 * The one seam between the edges and the core. An edge turns its own kind of request into a {@link ConnectorRequest}, calls
 * `Connector.handle`, and turns the {@link ConnectorResponse} back; it holds no codec call, no SQL, no status and no rule about paths.
 */
export interface ConnectorRequest {
  /** Upper case, e.g. `POST`. */
  readonly method: string;
  /** The path as the client sent it, without query string; a gateway's stage is taken off, `base-path` is not. */
  readonly path: string;
  /** What follows `?` in the address, undecoded; empty if nothing does. */
  readonly query: string;
  /** Names in lower case; several headers of one name joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The names in the certificate with which the client has proved who it is, such as `CN:prometheus` and `DNS:prometheus.example`; undefined or
   * empty if there is none, or none that the edge has verified.
   */
  readonly certificateNames?: readonly string[] | undefined;
  /** Set by the program for what it has to store itself, and never for what came from outside: it is stored with the server's credentials. */
  readonly isOwn?: boolean | undefined;
  /** The length of the body that the sender declares, in bytes; undefined if it declares none. */
  readonly contentLength?: number | undefined;
  /**
   * The body as the client sent it, never decoded or decompressed. The core calls it at most once, and only after it has accepted the headers. An
   * edge that has the bytes already returns them.
   *
   * @param maxBytes the most that the edge may keep
   * @param hold told of bytes before they are kept; what it throws ends the reading and is passed on
   * @throws BodyTooLargeError above `maxBytes`; and whatever a connection throws that ends before the body is complete
   */
  readBody(maxBytes: number, hold: (bytes: number) => void): Promise<Uint8Array>;
  /** Aborted when the caller has gone or the edge's deadline has passed: work stops and nothing more is paid for. */
  readonly signal: AbortSignal;
  /**
   * The most bytes of body that the edge can hand back, for an edge that hands back every answer in one piece: the body of the response is a
   * `Uint8Array` then. Undefined: any size, and part by part.
   */
  readonly maxResponseBytes?: number | undefined;
  /**
   * Resolves when the last byte of the answer has left or the connection is gone: until then the answer lies in memory, and counts. Undefined:
   * the answer has left when `handle` resolves.
   */
  readonly sent?: Promise<void> | undefined;
}

/** The body is longer than `readBody` was allowed to keep. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';
}

/** For an edge that has the whole body before it has a request. */
export function bodyInHand(bytes: Uint8Array): Pick<ConnectorRequest, 'contentLength' | 'readBody'> {
  return {
    contentLength: bytes.length,
    // oxlint-disable-next-line typescript/require-await -- a rejection, not an exception, tells the caller of a failure
    readBody: async (maxBytes, hold) => {
      if (bytes.length > maxBytes) throw new BodyTooLargeError(`the body has ${bytes.length} bytes, ${maxBytes} are allowed`);
      hold(bytes.length);
      return bytes;
    },
  };
}

export interface ConnectorResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The whole body, or its parts as they become ready. An iterable that throws means that the answer failed after it began: the edge
   * must break the connection, so that the client cannot take the part for the whole.
   */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

/** A response whose body is at hand in one piece. */
export interface WholeResponse extends ConnectorResponse {
  readonly body: Uint8Array;
}

/** What the core needs of a request for a page that an edge answers by itself. */
export type PageRequest = Pick<ConnectorRequest, 'method' | 'path' | 'headers' | 'certificateNames'>;

/** What an edge holds. Every method is safe to call concurrently. */
export interface Connector {
  /** Never rejects: every failure is a response. */
  handle(request: ConnectorRequest): Promise<ConnectorResponse>;
  /**
   * Whether the edge may answer with metrics or its state: undefined if so, else the answer instead, counted and logged like any other. Never rejects.
   */
  admit(request: PageRequest): Promise<WholeResponse | undefined>;
  /** The answer for what an edge found out by itself and the core could not: counted and logged like any other. */
  refuse(error: ConnectorError, headers?: Readonly<Record<string, string>>): WholeResponse;
  /** To be called when a client connects: work that keeps the event loop busy then waits a moment, for others that may come with it. */
  noteConnection(): void;
  /** Resolves when the requests in flight are answered and the clients are closed. */
  close(): Promise<void>;
}
