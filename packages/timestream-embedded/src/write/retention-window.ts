import type { TimestreamLimits } from '../limits.js';

export interface Retention {
  readonly memoryHours: number;
  readonly magneticDays: number;
  readonly magneticWrites: boolean;
}

/** Which times a table takes right now: `[lowerNs, upperNs)`. */
export interface RetentionWindow {
  readonly lowerNs: bigint;
  /** From here on a record belongs to the memory store. */
  readonly memoryLowerNs: bigint;
  readonly upperNs: bigint;
  /** What the service says of a record outside. */
  readonly reason: string;
}

/**
 * Captured rejections show windows exactly 40 minutes longer than the retention. 15 of them are the documented time a record may be ahead;
 * the rest is leeway at the old end.
 */
const leewayMs = 25 * 60_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export function retentionWindow(
  { memoryHours, magneticDays, magneticWrites }: Retention,
  nowMs: number,
  limits: TimestreamLimits,
): RetentionWindow {
  const memoryLowerMs = nowMs - memoryHours * hourMs - leewayMs;
  const lowerMs = magneticWrites ? memoryLowerMs - magneticDays * dayMs : memoryLowerMs;
  const upperMs = nowMs + limits.maxFutureMs;
  const range = `[${new Date(lowerMs).toISOString()}, ${new Date(upperMs).toISOString()})`;
  return {
    lowerNs: nanoseconds(lowerMs),
    memoryLowerNs: nanoseconds(memoryLowerMs),
    upperNs: nanoseconds(upperMs),
    reason: `The record timestamp is outside the time range ${range} of the ${magneticWrites ? 'data ingestion window' : 'memory store'}.`,
  };
}

/** Older records are out of both stores: no query sees them. */
export function oldestVisibleNs({ memoryHours, magneticDays }: Retention, nowMs: number): bigint {
  return nanoseconds(Math.max(0, nowMs - memoryHours * hourMs - magneticDays * dayMs));
}

function nanoseconds(timestampMs: number): bigint {
  return BigInt(Math.floor(timestampMs)) * 1_000_000n;
}
