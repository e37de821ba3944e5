import { compileMetadataSelect, createMetadataReader, type FoundMetadata } from '@timestream-prometheus/timestream-translator';
import { METADATA_REFRESH_MS } from '../write/known-metadata.js';
import { ColumnNotFoundError } from '../errors/connector-error.js';
import type { ReadContext } from './read-context.js';
import { readErrorOf } from './read-error.js';
import { collectPages } from './read-pages.js';

/** What no sender has sent for that long is gone: a week, so that a pause of some days does not take the types from an editor. */
const METADATA_LOOKBACK_MS = 7 * 24 * 3_600_000;

/** What is sent on is written again each day. So a text that was written so much before another one of its metric has been replaced. */
const REPLACED_AFTER_MS = METADATA_REFRESH_MS + 3_600_000;

/**
 * The metadata of a metric family, or of all, as senders have sent them of late; of a family several, if senders disagree. In no order.
 *
 * @throws ConnectorError
 */
export async function readMetadata(metric: string | undefined, nowMs: number, context: ReadContext): Promise<readonly FoundMetadata[]> {
  const { defaultDatabase: database, defaultTable: table, maxSeriesPerRead } = context.config;
  const reader = createMetadataReader({ maxRows: maxSeriesPerRead });
  const sinceMs = Math.max(0, nowMs - METADATA_LOOKBACK_MS);
  try {
    const sql = compileMetadataSelect({ database, table, sinceMs, ...(metric === undefined ? {} : { metric }) });
    await collectPages(sql, reader, context);
  } catch (error) {
    // The table never had metadata, or nothing at all.
    if (error instanceof ColumnNotFoundError) return [];
    throw readErrorOf(error);
  }
  const found = reader.finish();
  const newestMs = new Map<string, number>();
  for (const entry of found) {
    newestMs.set(entry.metricFamilyName, Math.max(entry.newestMs, newestMs.get(entry.metricFamilyName) ?? 0));
  }
  return found.filter((entry) => (newestMs.get(entry.metricFamilyName) ?? 0) - entry.newestMs < REPLACED_AFTER_MS);
}
