import { createHmac, randomBytes } from 'node:crypto';
import type { ConnectorError } from '../errors/connector-error.js';
import { METRICS } from '../metrics/metric-catalogue.js';
import type { Clock, Credentials, Destination, MetricsSink, OpenStorage, Storage } from '../ports.js';

/** The use of the storage of one credential and table by one request. */
export interface StorageLease<State> {
  readonly storage: Storage;
  /** What is remembered beside the storage, for this credential and table only. */
  readonly state: State;
  /**
   * Must be called once, when the request is done. A failure that says that AWS does not accept the credential drops it from the cache, so that
   * wrong keys do not push the right ones out. One that says that the table is not there drops what is remembered of it: whoever makes it again
   * makes another table, without the dimensions of the first.
   */
  release(failure?: ConnectorError): void;
}

interface Entry<State> {
  readonly storage: Storage;
  state: State;
  leases: number;
  isForgotten: boolean;
  /** When the last lease was given back; counts only while there is none. */
  idleSinceMs: number;
}

export interface StorageCacheOptions<State> {
  readonly openStorage: OpenStorage;
  readonly createState: (storage: Storage, destination: Destination) => State;
  readonly maxStorages: number;
  /** A storage that no request has used for so long is closed. */
  readonly idleTimeoutMs: number;
  readonly clock: Clock;
  readonly metrics: MetricsSink;
}

/**
 * One storage per credential and table, never shared: what one key may write must not be written with another. Bounded: the least recently used one
 * is closed, but only when no request uses it any more. A storage holds the secret that it signs with, so one that is not used has an end as well:
 * a key that was replaced must not stay in memory until a hundred others have come.
 */
export class StorageCache<State> {
  readonly #options: StorageCacheOptions<State>;
  /** In the order of use, the least recent first. The keys are salted digests, so that no secret lies in a long-lived map. */
  readonly #entries = new Map<string, Entry<State>>();
  readonly #salt = randomBytes(32);
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: StorageCacheOptions<State>) {
    this.#options = options;
  }

  acquire(credentials: Credentials, destination: Destination): StorageLease<State> {
    // A process that was frozen, as on Lambda, wakes with a timer that is late.
    this.#closeIdle();
    const key = this.keyOf(credentials, destination);
    const entry = this.#entries.get(key) ?? this.#open(credentials, destination);
    // Taken out and put back, it is the most recent.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.leases += 1;
    this.#evict();
    const { state } = entry;
    return {
      storage: entry.storage,
      state,
      release: (failure) => {
        if (failure?.code === 'invalid-credentials' && this.#entries.get(key) === entry) this.#remove(key, entry);
        // Of all requests that met it the first renews it.
        if (failure?.code === 'destination-not-found' && entry.state === state) {
          entry.state = this.#options.createState(entry.storage, destination);
        }
        entry.leases -= 1;
        if (entry.leases > 0) return;
        if (entry.isForgotten) this.#close(entry);
        else {
          entry.idleSinceMs = this.#options.clock.nowMs();
          this.#scheduleSweep(this.#options.idleTimeoutMs);
        }
      },
    };
  }

  close(): void {
    clearTimeout(this.#sweep);
    for (const [key, entry] of this.#entries) this.#remove(key, entry);
  }

  #open(credentials: Credentials, destination: Destination): Entry<State> {
    const { openStorage, createState, metrics } = this.#options;
    const storage = openStorage(credentials, destination);
    const entry = { storage, state: createState(storage, destination), leases: 0, isForgotten: false, idleSinceMs: 0 };
    metrics.move(METRICS.openStorages, 1);
    return entry;
  }

  /** Gives the time until the next one is due; Infinity if none is idle. */
  #closeIdle(): number {
    const endMs = this.#options.clock.nowMs() - this.#options.idleTimeoutMs;
    let nextMs = Infinity;
    for (const [key, entry] of this.#entries) {
      if (entry.leases > 0) continue;
      if (entry.idleSinceMs <= endMs) this.#remove(key, entry);
      else nextMs = Math.min(nextMs, entry.idleSinceMs - endMs);
    }
    return nextMs;
  }

  /** One timer for all: each time it finds out when it is needed again. It keeps no process alive. */
  #scheduleSweep(afterMs: number): void {
    this.#sweep ??= setTimeout(() => {
      this.#sweep = undefined;
      const nextMs = this.#closeIdle();
      if (nextMs < Infinity) this.#scheduleSweep(nextMs);
    }, afterMs).unref();
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

  /** Names the storage of a credential and table, and tells nothing of either. */
  keyOf(credentials: Credentials, { database, table }: Destination): string {
    // JSON keeps the parts apart, whatever characters they hold.
    const identity = JSON.stringify([database, table, ...partsOf(credentials)]);
    return createHmac('sha256', this.#salt).update(identity).digest('base64');
  }
}

/** Everything in which two credentials can differ, in a fixed order. */
function partsOf(credentials: Credentials): readonly string[] {
  switch (credentials.kind) {
    case 'server':
      return ['server'];
    case 'static':
      return ['static', credentials.accessKeyId, credentials.secretAccessKey];
    case 'role':
      return ['role', credentials.roleArn, credentials.sessionName, credentials.externalId ?? ''];
    case 'profile':
      return ['profile', credentials.profile];
  }
}
