/**
 * The one seam between the edges and the core. An edge turns its own kind of request into a {@link ConnectorRequest}, calls
 * `Connector.handle`, and turns the {@link ConnectorResponse} back; it holds no codec call, no SQL and no status table.
 */
export interface ConnectorRequest {
  /** Upper case, e.g. `POST`. */
  readonly method: string;
  /** The path below the edge's base path or stage, without query string, e.g. `/write`. It alone decides between write and read. */
  readonly path: string;
  /** Names in lower case; several headers of one name joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Aborted when the caller has gone or the edge's deadline has passed: work stops and nothing more is paid for. */
  readonly signal: AbortSignal;
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

/** What an edge holds. Every method is safe to call concurrently. */
export interface Connector {
  /** Never rejects: every failure is a response. */
  handle(request: ConnectorRequest): Promise<ConnectorResponse>;
  /** Resolves when the requests in flight are answered and the clients are closed. */
  close(): Promise<void>;
}
