/**
 * Everything Timestream limits or reserves, in one place. Each entry says how sure we are:
 *
 * - **documented**: in the Amazon Timestream developer guide (`ts-limits` and its section on naming, `writes`) or in the API model
 *   2018-11-01 of timestream-write / timestream-query;
 * - **observed**: seen in published answers of the real service;
 * - **strict choice**: the sources disagree or are silent, and we keep to the reading under which nothing can be refused.
 */

/** Documented (`ts-limits`, API model): a WriteRecords call takes 1 to 100 records. */
export const MAX_RECORDS_PER_WRITE = 100;

/**
 * Documented (`ts-limits`): 2 KB for one record. Strict choice: 2 KB are 2048 bytes, measured with the documented formula of metering
 * (`metering-and-pricing.writes`), see `recordBytes`.
 */
export const MAX_RECORD_BYTES = 2048;

/** Documented (`ts-limits`): all dimension names and values of one series together. */
export const MAX_DIMENSION_PAIR_BYTES = 2048;

/** Documented (`ts-limits`): distinct dimension names of a table, over all its records. */
export const MAX_DIMENSIONS_PER_TABLE = 128;

/** Documented (`ts-limits`). */
export const MAX_DIMENSION_NAME_BYTES = 60;

/** Documented (`ts-limits`). */
export const MAX_MEASURE_NAME_BYTES = 256;

/** Documented (`ts-limits`): distinct measure names of a table. */
export const MAX_MEASURE_NAMES_PER_TABLE = 8192;

/** Documented (API model): characters of one MeasureValue; the least is 1. */
export const MAX_MEASURE_VALUE_LENGTH = 2048;

/** Times have up to nanoseconds (API model, `TimeUnit`), so within a millisecond there are as many places for records of a series. */
export const NANOSECONDS_PER_MILLISECOND = 1_000_000;

/** Documented (`writes`): no time before the Unix epoch. Milliseconds. */
export const MIN_TIMESTAMP_MS = 0;

/**
 * Documented (`supported-data-types`): the last time is 2262-04-11 23:47:16.854775807, int64 nanoseconds. This is the last whole
 * millisecond before it.
 */
export const MAX_TIMESTAMP_MS = 9_223_372_036_854;

/** Documented (`ts-limits`, API model): UTF-8 bytes of a QueryString. */
export const MAX_QUERY_BYTES = 262_144;

/** Documented (`metering-and-pricing.writes`): what is paid for a WriteRecords call is rounded up to this many bytes. */
export const WRITE_METERING_UNIT_BYTES = 1024;

/** Documented (naming): names that no column of a table may have. */
export const RESERVED_NAMES: readonly string[] = ['time', 'measure_name', 'measure_value', 'ts_non_existent_col'];

/**
 * How no measure and no dimension may begin. `ts_` and `measure_value` documented (naming). `measure_name` is a strict choice: the page
 * forbids it for column names in one sentence and leaves it out of the rule in the next.
 */
export const RESERVED_PREFIXES: readonly string[] = ['ts_', 'measure_name', 'measure_value'];

/** Whether Timestream reserves this name or its prefix. Names are case sensitive (documented, naming). */
export function isReservedName(name: string): boolean {
  return RESERVED_NAMES.includes(name) || RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/**
 * The characters that neither a measure name nor a dimension name of ours contains. Documented (naming): `:` for both; `"`, U+0000 to U+001F,
 * U+2028 and U+2029 for dimension names. Strict choice: the latter for measure names too, and U+007F for both.
 */
export function isForbiddenInNames(codeUnit: number): boolean {
  return codeUnit < 0x20 || codeUnit === 0x22 || codeUnit === 0x3a || codeUnit === 0x7f || codeUnit === 0x2028 || codeUnit === 0x2029;
}
