import type { MetricMetadata } from '@timestream-prometheus/prom-codec';
import { METRIC_NAME_LABEL } from '../model/layout.js';
import type { QueryPage } from '../model/record.js';
import { decodeLabelDimension } from '../names/label-dimension.js';
import { decodeMetadataText } from '../text/metadata-text.js';
import { joinParts, parsePart, type TextPart } from '../text/text-parts.js';
import { ReadLimitError } from './read-limit-error.js';
import { createTimestampParser } from './timestamp-text.js';

/** Metadata of a metric family, and when it was written last. */
export interface FoundMetadata extends MetricMetadata {
  readonly newestMs: number;
}

export interface MetadataReader {
  /**
   * Takes the rows of one page of the answer to `compileMetadataSelect`.
   *
   * @throws ReadLimitError if there are more rows than the limit
   * @throws RowFormatError if the page is not what Timestream documents
   */
  addPage(page: QueryPage): void;
  /** In no order. What cannot be read, or put together, is left out: a hand may have written anything. */
  finish(): readonly FoundMetadata[];
}

/** @param maxRows texts and parts of texts that are held at most */
export function createMetadataReader({ maxRows }: { readonly maxRows: number }): MetadataReader {
  const found: FoundMetadata[] = [];
  const wholes = new Map<string, { readonly metric: string; readonly newestMs: number; readonly parts: TextPart[] }>();
  const timestamp = createTimestampParser();
  let rows = 0;

  function add(metricFamilyName: string, text: string, newestMs: number): void {
    const metadata = decodeMetadataText(text);
    if (metadata !== null) found.push({ metricFamilyName, ...metadata, newestMs });
  }

  return {
    addPage({ Rows }) {
      for (const { Data } of Rows) {
        if (++rows > maxRows) throw new ReadLimitError('too-many-series', maxRows);
        const [labelsText, text, time] = (Data ?? []).map(({ ScalarValue }) => ScalarValue);
        const labels = decodeLabelDimension(labelsText ?? '');
        const metric = labels?.find(({ name }) => name === METRIC_NAME_LABEL)?.value;
        if (metric === undefined || text === undefined || time === undefined) continue;
        timestamp.parse(time);
        const part = parsePart(text);
        if (part === null) {
          add(metric, text, timestamp.timeMs);
          continue;
        }
        const key = `${part.count}:${part.checksum}:${metric}`;
        const whole = wholes.get(key);
        if (whole === undefined) wholes.set(key, { metric, newestMs: timestamp.timeMs, parts: [part] });
        else whole.parts.push(part);
      }
    },
    finish() {
      for (const { metric, newestMs, parts } of wholes.values()) {
        const text = joinParts(parts);
        if (text !== null) add(metric, text, newestMs);
      }
      wholes.clear();
      return found;
    },
  };
}
