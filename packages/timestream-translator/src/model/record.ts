import type { Exemplar, Histogram, MetricMetadata } from '@timestream-prometheus/prom-codec';

/**
 * The parts of Timestream's API model that the translator speaks, with the wire's own names and capitals, so that an SDK client takes
 * them as they are. Source: API model `timestream-write`/`timestream-query` 2018-11-01.
 */
export interface Dimension {
  readonly Name: string;
  readonly Value: string;
}

export interface MeasureValue {
  readonly Name: string;
  readonly Value: string;
  readonly Type: 'DOUBLE' | 'BIGINT' | 'VARCHAR';
}

/** One Timestream record, or the attributes that a batch of them has in common. */
export interface TimestreamRecord {
  readonly Dimensions?: Dimension[];
  readonly MeasureName?: string;
  readonly MeasureValue?: string;
  readonly MeasureValues?: MeasureValue[];
  readonly MeasureValueType?: 'DOUBLE' | 'MULTI';
  /** Milliseconds since the Unix epoch as decimal text; nanoseconds where histograms continue in further records. */
  readonly Time?: string;
  readonly TimeUnit?: 'MILLISECONDS' | 'NANOSECONDS';
  /** 1 if not given. Of two records of one series and time the one of the higher version counts, and one of a lower is refused. */
  readonly Version?: number;
}

/** Where a record came from in the translated series: `series[seriesIndex].samples[sampleIndex]`. */
export interface SampleReference {
  readonly seriesIndex: number;
  /** -1 of what is no float sample. */
  readonly sampleIndex: number;
  /** If the record holds a native histogram or a part of one. */
  readonly histogram?: HistogramSource;
  /** If the record holds an exemplar. */
  readonly exemplar?: Exemplar;
  /** If the record holds the metadata of a metric family or a part of it. */
  readonly metadata?: MetricMetadata;
}

/** The histogram that one or several records hold; the same object for all of them. */
export interface HistogramSource {
  readonly histogram: Histogram;
  readonly recordCount: number;
}

/** What one WriteRecords call takes: at most 100 records. `sources[i]` is where `Records[i]` came from. */
export interface WriteBatch {
  readonly CommonAttributes?: TimestreamRecord | undefined;
  readonly Records: readonly TimestreamRecord[];
  readonly sources: readonly SampleReference[];
}

export type ScalarType =
  | 'VARCHAR'
  | 'BOOLEAN'
  | 'BIGINT'
  | 'DOUBLE'
  | 'TIMESTAMP'
  | 'DATE'
  | 'TIME'
  | 'INTERVAL_DAY_TO_SECOND'
  | 'INTERVAL_YEAR_TO_MONTH'
  | 'UNKNOWN'
  | 'INTEGER';

export interface ColumnInfo {
  readonly Name?: string | undefined;
  readonly Type?: { readonly ScalarType?: string | undefined } | undefined;
}

export interface Datum {
  readonly ScalarValue?: string | undefined;
  readonly NullValue?: boolean | undefined;
}

export interface Row {
  readonly Data: readonly Datum[] | undefined;
}

/** One page of a Query answer. The columns are the same on every page of a query. */
export interface QueryPage {
  readonly ColumnInfo: readonly ColumnInfo[];
  readonly Rows: readonly Row[];
  /** True if no other page follows; not said by every source. */
  readonly isLast?: boolean | undefined;
}
