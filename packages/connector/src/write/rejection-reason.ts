/** Classes of Timestream's reasons, for a metric: its texts hold names and times and would be countless. */
export type RejectionClass = 'conflicting-value' | 'outside-retention' | 'table-dimensions' | 'invalid' | 'other';

/** Both texts of a record that is there already with another value: the same version, or a higher one. */
const CONFLICTING_VALUE = /already exists with the same time|is lower than the existing version/i;

/** Memory store without, data ingestion window with magnetic-store writes. */
const OUTSIDE_RETENTION = /outside the time range/i;

/** The service's text for a 129th dimension is not documented: it will name dimensions, and a limit that is not one of bytes. */
const DIMENSIONS = /\bdimensions?\b/i;
const COUNT_LIMIT = /\b(?:number of|more than|too many|maximum|limit|exceed\w*|128)\b/i;
const SIZE_LIMIT = /\b(?:bytes?|size|characters?|length|longer|KB)\b/i;

export function rejectionClassOf(reason: string): RejectionClass {
  if (CONFLICTING_VALUE.test(reason)) return 'conflicting-value';
  if (OUTSIDE_RETENTION.test(reason)) return 'outside-retention';
  if (DIMENSIONS.test(reason) && COUNT_LIMIT.test(reason) && !SIZE_LIMIT.test(reason)) return 'table-dimensions';
  return reason.includes('ValidationException') ? 'invalid' : 'other';
}
