import { CodecError } from './codec-error.js';

/**
 * How much of one message is turned into objects. An empty series or label takes 2 bytes on the wire and a hundred in memory, so a limit on
 * the body alone does not bound the memory; these do, and they are checked before each object is made. A limit counts over the whole
 * message unless its name says otherwise.
 */
export interface SeriesLimits {
  /** TimeSeries (or ChunkedSeries). */
  readonly maxSeries: number;
  readonly maxSamples: number;
  /** Labels of all series and exemplars together. */
  readonly maxLabels: number;
  readonly maxLabelsPerSeries: number;
  readonly maxExemplars: number;
  readonly maxHistograms: number;
  /** Spans, deltas, counts and custom values of all histograms together. */
  readonly maxHistogramElements: number;
}

export interface WriteRequestLimits extends SeriesLimits {
  readonly maxMetadata: number;
}

/** Of remote write 2.0, where texts stand once and are referred to. */
export interface WriteRequestV2Limits extends Omit<WriteRequestLimits, 'maxMetadata'> {
  readonly maxSymbols: number;
  /** What the labels of all series would take if each were written out, in bytes: a few symbols can stand for any amount of them. */
  readonly maxLabelBytes: number;
}

export interface ReadRequestLimits {
  readonly maxQueries: number;
  readonly maxMatchersPerQuery: number;
  /** Labels of `by` and `without` in the hints of one query. */
  readonly maxGroupingLabelsPerQuery: number;
  readonly maxAcceptedResponseTypes: number;
}

export interface ReadResponseLimits extends SeriesLimits {
  readonly maxResults: number;
}

export interface ChunkedReadLimits {
  /** Longest frame, in bytes. */
  readonly maxFrameBytes: number;
  readonly maxFrames: number;
  readonly maxSeries: number;
  readonly maxLabels: number;
  readonly maxLabelsPerSeries: number;
  readonly maxChunks: number;
}

/** Fifty times what Prometheus sends in one request by default (2,000 samples) and ten times what vmagent does (10,000). */
export const DEFAULT_WRITE_REQUEST_LIMITS: WriteRequestLimits = {
  maxSeries: 100_000,
  maxSamples: 1_000_000,
  maxLabels: 2_000_000,
  maxLabelsPerSeries: 1_000,
  maxExemplars: 100_000,
  maxHistograms: 100_000,
  maxHistogramElements: 2_000_000,
  maxMetadata: 100_000,
};

/** As of version 1.0; every label could be a name and a value of its own. What labels come to is as much as a body of 1.0 may hold of them. */
export const DEFAULT_WRITE_REQUEST_V2_LIMITS: WriteRequestV2Limits = {
  maxSeries: 100_000,
  maxSamples: 1_000_000,
  maxLabels: 2_000_000,
  maxLabelsPerSeries: 1_000,
  maxExemplars: 100_000,
  maxHistograms: 100_000,
  maxHistogramElements: 2_000_000,
  maxSymbols: 4_000_000,
  maxLabelBytes: 268_435_456,
};

/** PromQL asks one query per request and selector; its matchers are typed by people. */
export const DEFAULT_READ_REQUEST_LIMITS: ReadRequestLimits = {
  maxQueries: 1_000,
  maxMatchersPerQuery: 1_000,
  maxGroupingLabelsPerQuery: 1_000,
  maxAcceptedResponseTypes: 100,
};

/** The sample limit is Prometheus' own for an answer (`--storage.remote.read-sample-limit`, 5e7). */
export const DEFAULT_READ_RESPONSE_LIMITS: ReadResponseLimits = {
  maxResults: 1_000,
  maxSeries: 1_000_000,
  maxSamples: 50_000_000,
  maxLabels: 20_000_000,
  maxLabelsPerSeries: 1_000,
  maxExemplars: 1_000_000,
  maxHistograms: 1_000_000,
  maxHistogramElements: 50_000_000,
};

/** The frame limit is that of Prometheus' client (`config/config.go`, DefaultChunkedReadLimit, 5e7 bytes). */
export const DEFAULT_CHUNKED_READ_LIMITS: ChunkedReadLimits = {
  maxFrameBytes: 50_000_000,
  maxFrames: 1_000_000,
  maxSeries: 1_000_000,
  maxLabels: 20_000_000,
  maxLabelsPerSeries: 1_000,
  maxChunks: 10_000_000,
};

/** @throws CodecError `too-large` if `actual` is over `limit` */
export function assertWithin(limit: number, limitName: string, actual: number, field: string, offset: number): void {
  if (actual > limit) throw new CodecError('too-large', `${field}: number ${actual} is over the limit ${limitName} of ${limit}`, offset);
}
