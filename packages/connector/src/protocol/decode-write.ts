import { decodeWriteColumns, DEFAULT_WRITE_REQUEST_LIMITS, type LabelSetCache, type WriteColumns } from '@timestream-prometheus/prom-codec';
import { ConnectorError } from '../errors/connector-error.js';
import { decodeChecked, type MessageContext } from './read-message.js';
import { splitMessage } from './split-message.js';

/** Some ten thousand samples, which take some ten milliseconds. What most senders send is one piece. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** What a sample and a series take in memory beside the bytes that they came in. */
const SAMPLE_BYTES = 16;
const SERIES_BYTES = 64;

/**
 * Decodes a remote write message in pieces, one in each turn. All of it is decoded before any of it is used: a message with a fault anywhere is
 * refused as a whole. What the columns take counts against the budget.
 *
 * @throws ConnectorError malformed-body, decoded-body-too-large, overloaded, client-gone, deadline-exceeded
 */
export async function decodeWrite(
  bytes: Uint8Array,
  labelSets: LabelSetCache,
  { budget, turns, signal }: MessageContext,
): Promise<readonly WriteColumns[]> {
  const parts: WriteColumns[] = [];
  const total = { maxSeries: 0, maxSamples: 0, maxMetadata: 0 };
  for (const piece of splitMessage(bytes, PIECE_BYTES)) {
    if (parts.length > 0) await turns.next(signal);
    const part = decodeChecked(() => decodeWriteColumns(piece, { labelSets }));
    total.maxSeries += part.labelSets.length;
    total.maxSamples += part.timestampsMs.length;
    total.maxMetadata += part.metadata.length;
    assertWithinLimits(total);
    budget.take(part.timestampsMs.length * SAMPLE_BYTES + part.labelSets.length * SERIES_BYTES);
    parts.push(part);
  }
  return parts;
}

/** The decoder knows its limits for each piece; these are for all of them. */
function assertWithinLimits(total: Readonly<Record<'maxSeries' | 'maxSamples' | 'maxMetadata', number>>): void {
  for (const name of ['maxSeries', 'maxSamples', 'maxMetadata'] as const) {
    const limit = DEFAULT_WRITE_REQUEST_LIMITS[name];
    if (total[name] > limit) {
      throw new ConnectorError('decoded-body-too-large', `the request has more than ${limit} ${NOUNS[name]}: send less in one request`);
    }
  }
}

const NOUNS = { maxSeries: 'series', maxSamples: 'samples', maxMetadata: 'metadata entries' } as const;
