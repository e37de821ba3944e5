import { createHmac, randomBytes } from 'node:crypto';
import type { ConnectorError } from '../errors/connector-error.js';
import { METRICS } from '../metrics/metric-catalogue.js';
import type { Credentials, MetricsSink, OpenStorage, Storage } from '../ports.js';

/** The use of one credential's storage by one request. */
export interface StorageLease<State> {
  readonly storage: Storage;
  /** What is remembered beside the storage, for this credential only. */
  readonly state: State;
  /**
   * Must be called once, when the request is done. A failure that says that AWS does not accept the credential drops it from the cache, so that
   * wrong keys do not push the right ones out.
   */
  release(failure?: ConnectorError): void;
}

interface Entry<State> {
  readonly storage: Storage;
  readonly state: State;
  leases: number;
  isForgotten: boolean;
}

export interface StorageCacheOptions<State> {
  readonly openStorage: OpenStorage;
  readonly createState: (storage: Storage) => State;
  readonly maxStorages: number;
  readonly metrics: MetricsSink;
}

/**
 * One storage per credential, never shared: what one key may write must not be written with another. Bounded: the least recently used one
 * is closed, but only when no request uses it any more.
 */
export class StorageCache<State> {
  readonly #options: StorageCacheOptions<State>;
  /** In the order of use, the least recent first. The keys are salted digests, so that no secret lies in a long-lived map. */
  readonly #entries = new Map<string, Entry<State>>();
  readonly #salt = randomBytes(32);

  constructor(options: StorageCacheOptions<State>) {
    this.#options = options;
  }

  acquire(credentials: Credentials): StorageLease<State> {
    const key = this.#keyOf(credentials);
    const entry = this.#entries.get(key) ?? this.#open(credentials);
    // Taken out and put back, it is the most recent.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.leases += 1;
    this.#evict();
    return {
      storage: entry.storage,
      state: entry.state,
      release: (failure) => {
        if (failure?.code === 'invalid-credentials' && this.#entries.get(key) === entry) this.#remove(key, entry);
        entry.leases -= 1;
        if (entry.leases === 0 && entry.isForgotten) this.#close(entry);
      },
    };
  }

  close(): void {
    for (const [key, entry] of this.#entries) this.#remove(key, entry);
  }

  #open(credentials: Credentials): Entry<State> {
    const { openStorage, createState, metrics } = this.#options;
    const storage = openStorage(credentials);
    const entry = { storage, state: createState(storage), leases: 0, isForgotten: false };
    metrics.move(METRICS.openStorages, 1);
    return entry;
  }

  #evict(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= this.#options.maxStorages) return;
      this.#remove(key, entry);
    }
  }

  #remove(key: string, entry: Entry<State>): void {
    this.#entries.delete(key);
    entry.isForgotten = true;
    if (entry.leases === 0) this.#close(entry);
  }

  #close(entry: Entry<State>): void {
    entry.storage.close();
    this.#options.metrics.move(METRICS.openStorages, -1);
  }

  #keyOf(credentials: Credentials): string {
    if (credentials.kind === 'server') return 'server';
    // JSON keeps id and secret apart, whatever characters they hold.
    const identity = JSON.stringify([credentials.accessKeyId, credentials.secretAccessKey]);
    return createHmac('sha256', this.#salt).update(identity).digest('base64');
  }
}
