import type { MetricMetadata } from '@timestream-prometheus/prom-codec';

/** Metadata that goes on coming is written again after that, so that it outlives the retention of its record and is known to be current. */
export const METADATA_REFRESH_MS = 24 * 3_600_000;

/** Characters of what is remembered for one table: several thousand entries of ordinary length. */
const MAX_CHARACTERS = 1024 * 1024;

/** What an entry takes beside its text, in characters. */
const ENTRY_CHARACTERS = 50;

/**
 * Metadata that this process has written to one table, and when: senders repeat it every minute, or with every sample. What is forgotten, for
 * there is more than a table has metrics, is written again when it comes.
 */
export class KnownMetadata {
  /** The least recently written first. */
  readonly #writtenMs = new Map<string, number>();
  #characters = 0;

  /** Those that have to be written. */
  unknownOf(entries: Iterable<MetricMetadata>, nowMs: number): readonly MetricMetadata[] {
    const unknown = new Map<string, MetricMetadata>();
    for (const metadata of entries) {
      const key = keyOf(metadata);
      const writtenMs = this.#writtenMs.get(key);
      if (writtenMs === undefined || nowMs - writtenMs >= METADATA_REFRESH_MS) unknown.set(key, metadata);
    }
    return [...unknown.values()];
  }

  noteWritten(metadata: MetricMetadata, nowMs: number): void {
    const key = keyOf(metadata);
    if (this.#writtenMs.delete(key)) this.#characters -= key.length + ENTRY_CHARACTERS;
    this.#writtenMs.set(key, nowMs);
    this.#characters += key.length + ENTRY_CHARACTERS;
    for (const [oldest] of this.#writtenMs) {
      if (this.#characters <= MAX_CHARACTERS) return;
      this.#writtenMs.delete(oldest);
      this.#characters -= oldest.length + ENTRY_CHARACTERS;
    }
  }
}

function keyOf({ metricFamilyName, type, help, unit }: MetricMetadata): string {
  return JSON.stringify([metricFamilyName, type, unit, help]);
}
