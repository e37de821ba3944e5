export { startEmbeddedTimestream } from './embedded-timestream.js';
export type { EmbeddedTable, EmbeddedTimestream, EmbeddedTimestreamOptions } from './embedded-timestream.js';
export { AdjustableClock, type EmbeddedClock } from './clock.js';
export type { AnswerFaults, FaultInjector, FaultScope, PageFaults } from './fault-injector.js';
export type { EmbeddedLogger } from './logger.js';
export type { ServerBounds, TimestreamLimits } from './limits.js';
export type { EmbeddedUsage } from './usage-counters.js';
export type { EmbeddedCredential } from './wire/signature.js';
