import type { Config } from './config/parse-config.js';
import type { Clock, Logger, MetricsSink, OpenStorage } from './ports.js';

export interface ConnectorOptions {
  readonly config: Config;
  readonly openStorage: OpenStorage;
  readonly logger: Logger;
  readonly metrics: MetricsSink;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
  /** A number in [0, 1) for the jitter of `Retry-After`. Default: `Math.random`. */
  readonly random?: () => number;
}

export const SYSTEM_CLOCK: Clock = { nowMs: () => Date.now() };
