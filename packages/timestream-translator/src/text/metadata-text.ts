import { METRIC_TYPES, type MetricMetadata, type MetricType } from '@timestream-prometheus/prom-codec';

const TYPES: ReadonlySet<unknown> = new Set(METRIC_TYPES);

/**
 * The metadata of a metric family as the text of the column `prometheus_metadata`: `{"type":"counter","help":"How many.","unit":""}`, in this
 * order. It is ASCII, so that it can be cut into records anywhere: other characters are `\u` escapes.
 */
export function encodeMetadataText({ type, help, unit }: Omit<MetricMetadata, 'metricFamilyName'>): string {
  return JSON.stringify({ type, help, unit }).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The metadata of a text; null if it is none. */
export function decodeMetadataText(text: string): Omit<MetricMetadata, 'metricFamilyName'> | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null) return null;
  const { type, help, unit } = parsed as Readonly<Record<string, unknown>>;
  if (!TYPES.has(type) || typeof help !== 'string' || typeof unit !== 'string') return null;
  return { type: type as MetricType, help, unit };
}
