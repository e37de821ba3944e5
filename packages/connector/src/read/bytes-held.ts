import type { TimeSeries } from '@timestream-prometheus/prom-codec';
import type { QueryPage } from '@timestream-prometheus/timestream-translator';
import { sampleWeightOf } from './answer-tally.js';

/** A page as it is read: 1 MB of text (the size of an answer of Query), and its rows and values as objects. */
export const PAGE_BYTES = 2 * 1024 * 1024;

/** A sample while series are put together: 24 in blocks, as much again as they are sorted, and 16 of the result. */
export const ASSEMBLED_SAMPLE_BYTES = 64;

/** Of a series beside its samples: its labels, and the objects around them. */
const SERIES_BYTES = 1024;

/** A point of an aggregation that Timestream computed: step and value in lists, and its text while it is read. */
export const AGGREGATED_POINT_BYTES = 64;

/** A sample of a PromQL query: time and value, each once as it came and once as the engine has it. */
const SELECTED_SAMPLE_BYTES = 32;

/** A value of a PromQL expression at one step: the value, its kind, and as much for what is made of it. */
export const EVALUATED_SAMPLE_BYTES = 24;

/** A point of an answer: an object, its text, the text of the whole, and the bytes of it. */
export const ANSWERED_POINT_BYTES = 160;

/** A value of a row that is kept: a text and its place. */
const ROW_VALUE_BYTES = 64;

/** What series take that are the answer, until it is encoded. */
export function bytesOfSeries(timeseries: readonly TimeSeries[]): number {
  return SERIES_BYTES * timeseries.length + ASSEMBLED_SAMPLE_BYTES * sampleWeightOf(timeseries);
}

/** What series take that a PromQL query works on. */
export function bytesOfSelected(timeseries: readonly TimeSeries[]): number {
  return SERIES_BYTES * timeseries.length + SELECTED_SAMPLE_BYTES * sampleWeightOf(timeseries);
}

/** What is kept of a page of labels, exemplars or metadata. */
export function bytesOfRows({ ColumnInfo, Rows }: QueryPage): number {
  return ROW_VALUE_BYTES * Rows.length * (1 + ColumnInfo.length);
}
