import { PlannedBatch, type WriteBatch } from '@timestream-prometheus/timestream-translator';
import { createHash } from 'node:crypto';
import type { Clock } from '../ports.js';
import { EncodedBatch } from './encoded-batch.js';

/** A sender comes again within seconds; Prometheus waits 5 s at most, or what `Retry-After` says. */
const REMEMBERED_MS = 120_000;

/** 2 MB of digests and their entries in a map, for 1.6 million records. */
const MAX_BATCHES = 16_384;

/**
 * Batches that Timestream has taken, of requests that come again because another of their batches failed. A large request needs every one of
 * its calls to succeed: if each attempt had to write all of them anew, a service that fails one call in five would never let it end. What is
 * known to be stored is left out of the next attempt.
 *
 * A batch is known by the digest of all its bytes, so what is left out is exactly what was stored. Nothing is digested while nothing fails.
 */
export class StoredBatches {
  readonly #clock: Clock;
  /** When to forget each batch, the oldest first. */
  readonly #forgetAtMs = new Map<string, number>();
  #expectedUntilMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A request has failed in a way that makes its sender send it again. */
  expectAgain(): void {
    this.#expectedUntilMs = this.#clock.nowMs() + REMEMBERED_MS;
  }

  /** Timestream has stored every record of the batch. */
  note(batch: WriteBatch): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs >= this.#expectedUntilMs) return;
    const digest = digestOf(batch);
    if (digest === undefined) return;
    this.#forgetAtMs.delete(digest);
    this.#forgetAtMs.set(digest, nowMs + REMEMBERED_MS);
    for (const [oldest, forgetAtMs] of this.#forgetAtMs) {
      if (forgetAtMs > nowMs && this.#forgetAtMs.size <= MAX_BATCHES) break;
      this.#forgetAtMs.delete(oldest);
    }
  }

  has(batch: WriteBatch): boolean {
    if (this.#forgetAtMs.size === 0) return false;
    const nowMs = this.#clock.nowMs();
    if (nowMs >= this.#expectedUntilMs) {
      this.#forgetAtMs.clear();
      return false;
    }
    const digest = digestOf(batch);
    return digest !== undefined && (this.#forgetAtMs.get(digest) ?? 0) > nowMs;
  }
}

function digestOf(batch: WriteBatch): string | undefined {
  if (!(batch instanceof PlannedBatch || batch instanceof EncodedBatch)) return undefined;
  return createHash('sha256').update(batch.json()).digest('base64');
}
