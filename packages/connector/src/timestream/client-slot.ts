/** What both Timestream clients of the SDK have. */
export interface DestroyableClient {
  destroy(): void;
}

/**
 * Holds one long-lived client and replaces it on demand: the SDK keeps a discovered endpoint for its whole life (24 h) even when that
 * endpoint answers 421, so the way to discover again is a new client. A replaced client is closed when its last call has ended.
 */
export class ClientSlot<Client extends DestroyableClient> {
  readonly #create: () => Client;
  readonly #callsByClient = new Map<Client, number>();
  #current: Client | undefined;

  constructor(create: () => Client) {
    this.#create = create;
  }

  async use<T>(call: (client: Client) => Promise<T>): Promise<T> {
    const client = (this.#current ??= this.#create());
    this.#callsByClient.set(client, (this.#callsByClient.get(client) ?? 0) + 1);
    try {
      return await call(client);
    } finally {
      const remaining = (this.#callsByClient.get(client) ?? 1) - 1;
      this.#callsByClient.set(client, remaining);
      if (remaining === 0 && client !== this.#current) this.#destroy(client);
    }
  }

  /** The next call gets a new client; calls in flight keep theirs. */
  renew(): void {
    const client = this.#current;
    this.#current = undefined;
    if (client !== undefined && (this.#callsByClient.get(client) ?? 0) === 0) this.#destroy(client);
  }

  #destroy(client: Client): void {
    this.#callsByClient.delete(client);
    client.destroy();
  }
}
