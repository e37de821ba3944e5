import type { Config } from './config/parse-config.js';
import type { Clock, Logger, MetricsSink, OpenStorage } from './ports.js';
import type { WorkerThread } from './workers/write-workers.js';
import type { UserDirectory } from './users/user-directory.js';

export interface ConnectorOptions {
  readonly config: Config;
  /** The users as they are now, for a configuration with `usersFile`; whoever reads the file gives another directory when it has changed. */
  readonly users?: (() => UserDirectory) | undefined;
  readonly openStorage: OpenStorage;
  readonly logger: Logger;
  readonly metrics: MetricsSink;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
  /** A number in [0, 1) for the jitter of `Retry-After`. Default: `Math.random`. */
  readonly random?: () => number;
  /**
   * Uncompresses one snappy block whose declared length was found to be allowed and possible, or throws; native code for instance. Default: the codec's
   * own, which runs anywhere.
   */
  readonly uncompressSnappy?: ((block: Uint8Array) => Uint8Array) | undefined;
  /** How the threads are made that `workers` allows. Default: there are none. */
  readonly writeWorkers?: WriteWorkerOptions | undefined;
}

export interface WriteWorkerOptions {
  /** Starts a thread that runs `serveWrites`; called when there is work for one. */
  readonly start: () => WorkerThread;
  /**
   * Of a smaller body the way to a worker and back would take as much time as the work; in bytes as sent. Default: 8 KiB, which is some hundred
   * samples.
   */
  readonly minBodyBytes?: number;
}

export const SYSTEM_CLOCK: Clock = { nowMs: () => Date.now() };
