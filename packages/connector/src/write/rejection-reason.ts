/** Classes of Timestream's reasons, for a metric and the answer: its texts hold names and times and would be countless. */
export type RejectionClass = 'conflicting-value' | 'outside-retention' | 'table-dimensions' | 'too-many-metric-names' | 'invalid' | 'other';

export const rejectionClasses: Readonly<Record<RejectionClass, { readonly meaning: string }>> = {
  'conflicting-value': { meaning: 'The table has another value for this series and time.' },
  'outside-retention': { meaning: "The time is outside the table's retention, or too far in the future." },
  'table-dimensions': { meaning: 'The table has all the dimensions that Timestream allows, and the record needs another one.' },
  'too-many-metric-names': { meaning: 'The table has all the metric names that Timestream allows, and this one is not among them.' },
  invalid: { meaning: 'Timestream finds the record invalid.' },
  other: { meaning: 'Anything else, in the words of Timestream.' },
};

/** Both texts of a record that is there already with another value: the same version, or a higher one. */
const CONFLICTING_VALUE = /already exists with the same time|is lower than the existing version/i;

/** Memory store without, data ingestion window with magnetic-store writes. */
const OUTSIDE_RETENTION = /outside the time range/i;

/**
 * The service's texts for a 129th dimension and for an 8,193rd measure name are not documented: they will name the thing, and a limit that
 * is not one of bytes. A text that is understood wrongly costs a second attempt or a less helpful answer, never a sample.
 */
const DIMENSIONS = /\bdimensions?\b/i;
const MEASURE_NAMES = /\b(?:measure|metric)[ _-]?names?\b/i;
const COUNT_LIMIT = /\b(?:number of|more than|too many|maximum|limit|quota|exceed\w*|128|8,?192)\b/i;
const SIZE_LIMIT = /\b(?:bytes?|size|characters?|length|longer|KB)\b/i;

export function rejectionClassOf(reason: string): RejectionClass {
  if (CONFLICTING_VALUE.test(reason)) return 'conflicting-value';
  if (OUTSIDE_RETENTION.test(reason)) return 'outside-retention';
  if (COUNT_LIMIT.test(reason) && !SIZE_LIMIT.test(reason)) {
    // A text that names both may mean either; the class that is tried again without new dimensions comes first.
    if (DIMENSIONS.test(reason)) return 'table-dimensions';
    if (MEASURE_NAMES.test(reason)) return 'too-many-metric-names';
  }
  return reason.includes('ValidationException') ? 'invalid' : 'other';
}
