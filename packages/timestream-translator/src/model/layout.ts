/**
 * How samples lie in a table. Reading understands all of them in one table; the choice is what is written.
 *
 * - `multi-measure`: a finite value in {@link VALUE_COLUMN}, every NaN and infinity as bits in {@link SAMPLE_BITS_COLUMN}, a native
 *   histogram as text in {@link SAMPLE_HISTOGRAM_COLUMN}. Lossless.
 * - `sample-value`: a finite value in {@link SAMPLE_VALUE_COLUMN}, the name of which is a fifth of what a sample is charged, everything else
 *   as `multi-measure` writes it. Lossless.
 * - `compact`: a finite value in {@link MEASURE_VALUE_DOUBLE_COLUMN}, the name of which Timestream does not charge for, everything else as
 *   `multi-measure` writes it. Lossless.
 * - `single-measure`: the value in {@link MEASURE_VALUE_DOUBLE_COLUMN}, as the earlier Go connector writes it. Timestream takes no NaN and
 *   no infinity there, so those samples are dropped and counted; native histograms are refused.
 */
export type Layout = 'multi-measure' | 'sample-value' | 'compact' | 'single-measure';

export const layouts: readonly Layout[] = ['multi-measure', 'sample-value', 'compact', 'single-measure'];

/** The label that holds the metric name (Prometheus, `model/labels`, MetricName). */
export const METRIC_NAME_LABEL = '__name__';

/** Timestream's own column of the time, TIMESTAMP with nanoseconds. */
export const TIME_COLUMN = 'time';

/** Timestream's own column of the measure name: the encoded metric name. */
export const MEASURE_NAME_COLUMN = 'measure_name';

/**
 * DOUBLE: a finite sample value of the layout `multi-measure`. One byte, for Timestream charges every record for it
 * (`metering-and-pricing.writes`), and one that SQL takes without quotes. Labels may have this name as well, and a dimension and a measure
 * may not share one (developer guide, naming): a label `v` goes into `prometheus_labels`, unless the table has a dimension of that name
 * already, from before or by another hand. Then values go to {@link SAMPLE_VALUE_COLUMN} there: see `layoutIn`.
 */
export const VALUE_COLUMN = 'v';

/** DOUBLE: a finite sample value of the layout `sample-value`. */
export const SAMPLE_VALUE_COLUMN = 'sample_value';

/** BIGINT: the IEEE-754 bits of a NaN or an infinity, read as a signed 64-bit integer, of all layouts but `single-measure`. */
export const SAMPLE_BITS_COLUMN = 'sample_bits';

/** VARCHAR: a native histogram as text, or a part of one, of all layouts but `single-measure`. */
export const SAMPLE_HISTOGRAM_COLUMN = 'sample_histogram';

/** Timestream's own column of single-measure DOUBLE values: finite values of the layouts `compact` and `single-measure`. */
export const MEASURE_VALUE_DOUBLE_COLUMN = 'measure_value::double';

/** Timestream's own column of single-measure BIGINT values. We read it and never write it. */
export const MEASURE_VALUE_BIGINT_COLUMN = 'measure_value::bigint';

/** The dimension of ours that holds, as JSON text, every label that can be no dimension of its own. */
export const LABELS_DIMENSION = 'prometheus_labels';

/** VARCHAR: an exemplar as text (`encodeExemplarText`). Only records of {@link EXEMPLAR_MEASURE_NAME} have it. */
export const EXEMPLAR_COLUMN = 'prometheus_exemplar';

/** VARCHAR: the metadata of a metric family as text, or a part of it. Only records of {@link METADATA_MEASURE_NAME} have it. */
export const METADATA_COLUMN = 'prometheus_metadata';

/**
 * The measure names of all exemplars and of all metadata: one each, because a table takes 8,192 of them. The name of the metric stands in
 * `prometheus_labels`. `encodeMeasureName` gives neither to any metric: a `%` of its own is followed by hex digits or `~`.
 */
export const EXEMPLAR_MEASURE_NAME = '%exemplar';
export const METADATA_MEASURE_NAME = '%metadata';

/**
 * Columns of ours: a dimension and a measure may not share a name (Timestream developer guide, naming), so no label takes these. Nor is
 * {@link VALUE_COLUMN} given to one, see `createDimensionBudget`; it is not among these because a table may have it as a dimension.
 */
export const OWN_COLUMNS: readonly string[] = [
  SAMPLE_VALUE_COLUMN,
  SAMPLE_BITS_COLUMN,
  SAMPLE_HISTOGRAM_COLUMN,
  EXEMPLAR_COLUMN,
  METADATA_COLUMN,
  LABELS_DIMENSION,
];

/** The columns that a value of ours is written to. */
export type ValueColumn = typeof VALUE_COLUMN | typeof SAMPLE_VALUE_COLUMN | typeof SAMPLE_BITS_COLUMN | typeof MEASURE_VALUE_DOUBLE_COLUMN;
