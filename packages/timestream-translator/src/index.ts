// What both halves share: names, limits, layouts.
export {
  LABELS_DIMENSION,
  layouts,
  MEASURE_NAME_COLUMN,
  MEASURE_VALUE_BIGINT_COLUMN,
  MEASURE_VALUE_DOUBLE_COLUMN,
  METRIC_NAME_LABEL,
  SAMPLE_BITS_COLUMN,
  SAMPLE_VALUE_COLUMN,
  VALUE_COLUMN,
  TIME_COLUMN,
  type Layout,
} from './model/layout.js';
export { MAX_DIMENSIONS_PER_TABLE, MAX_MEASURE_NAMES_PER_TABLE, MAX_RECORDS_PER_WRITE, WRITE_METERING_UNIT_BYTES } from './model/limits.js';
export type {
  ColumnInfo,
  Datum,
  Dimension,
  HistogramSource,
  MeasureValue,
  QueryPage,
  Row,
  SampleReference,
  ScalarType,
  TimestreamRecord,
  WriteBatch,
} from './model/record.js';

// Writing.
export { batchRecords } from './write/batch-records.js';
export { batchHistograms } from './write/batch-histograms.js';
export { expandBatch } from './write/expand-batch.js';
export { PlannedBatch, recordCountOf } from './write/planned-batch.js';
export { SeriesCache, type SeriesCacheOptions } from './write/series-cache.js';
export type { SeriesColumns } from './write/series-columns.js';
export {
  translateColumns,
  type RecordColumns,
  type TranslateColumnsOptions,
  type TranslateOptions,
  type Translation,
} from './write/translate-columns.js';
export { batchExemplars } from './write/batch-exemplars.js';
export { batchMetadata } from './write/batch-metadata.js';
export { labelsDimensionBatch } from './write/labels-dimension-batch.js';
export {
  translateExemplars,
  type ExemplarTranslation,
  type StoredExemplar,
  type TranslateExemplarsOptions,
} from './write/translate-exemplars.js';
export {
  translateMetadata,
  type MetadataTranslation,
  type StoredMetadata,
  type TranslateMetadataOptions,
} from './write/translate-metadata.js';
export { translateHistograms, type HistogramTranslation, type StoredHistogram } from './write/translate-histograms.js';
export { createDimensionBudget, type DimensionBudget } from './write/dimension-budget.js';
export { findRefusal, type RefusalOptions } from './write/find-refusal.js';
export {
  dropReasons,
  type DroppedSamples,
  type DropReason,
  type DropReasonMeaning,
  type Refusal,
  type RefusalReason,
} from './write/drop-reason.js';
export { meteredWriteBytes } from './write/record-size.js';
export { seriesText } from './text/series-text.js';
export { translateSeries } from './write/translate-series.js';

// Reading.
export { compileSelect, type CompiledFilter, type CompiledSelect, type SelectOptions } from './sql/compile-select.js';
export {
  compileSchemaProbe,
  compileSeriesList,
  compileSeriesSelect,
  type CompiledSeriesList,
  type CompiledSeriesSelect,
  type SeriesSelectOptions,
} from './sql/compile-series.js';
export {
  compileLabelGroups,
  type CompiledLabelGroups,
  type LabelGroupsLayout,
  type LabelGroupsOptions,
} from './sql/compile-label-groups.js';
export {
  createLabelNamesReader,
  createLabelValuesReader,
  type LabelGroupsReader,
  type LabelGroupsReaderOptions,
} from './rows/label-groups.js';
export { MAX_WORK_OF_ONE_MATCH, RegexBudget, RegexLimitError } from './matcher/regex-budget.js';
export { createMatcher, InvalidMatcherError, type Matcher, type MatcherMeaning } from './matcher/matcher.js';
export { errorOfProduct } from './rows/error-of-product.js';
export { createSeriesListReader, type PhysicalSeries, type SeriesListOptions, type SeriesListReader } from './rows/physical-series.js';
export { ReadLimitError, type ReadLimitErrorCode } from './rows/read-limit-error.js';
export { RowFormatError } from './rows/row-format-error.js';
export {
  compilePackedSelect,
  MAX_ROW_SPAN_MS,
  type CompiledPackedSelect,
  type PackedLayout,
  type PackedSelectOptions,
} from './sql/compile-packed.js';
export type { SampleBins } from './sql/compile-bins.js';
export {
  compileAggregation,
  type AggregationLayout,
  type AggregationOptions,
  type CompiledAggregation,
  type SampleAggregation,
} from './sql/compile-aggregation.js';
export { readAggregatedGroups, type AggregatedGroup } from './rows/aggregated-groups.js';
export { compileDoubleProbe, isExactDoubleProbe } from './sql/double-probe.js';
export { SAMPLES_PER_HISTOGRAM } from './rows/histogram-points.js';
export { decodeHistogramText, encodeHistogramText } from './text/histogram-text.js';
export { pointsOfPackedRow, pointsOfRows, type PhysicalPoint } from './rows/physical-points.js';
export { createOrderedAssembler, type OrderedAssembler, type OrderedAssemblerOptions } from './rows/ordered-assembler.js';
export { PackedAnswerError, type PackedAnswerFault } from './rows/packed-answer-error.js';
export { answersOfBins } from './rows/answers-of-bins.js';
export { createPackedAssembler } from './rows/packed-assembler.js';
export { readPackedRows, type PackedRow } from './rows/packed-reader.js';
export { compileExemplarSelect } from './sql/compile-exemplars.js';
export { compileMetadataSelect, type MetadataSelectOptions } from './sql/compile-metadata.js';
export { createExemplarReader, type ExemplarReader, type ExemplarReaderOptions, type ExemplarsOfSeries } from './rows/exemplar-reader.js';
export { createMetadataReader, type FoundMetadata, type MetadataReader } from './rows/metadata-reader.js';
export { decodeExemplarText, encodeExemplarText } from './text/exemplar-text.js';
export { decodeMetadataText, encodeMetadataText } from './text/metadata-text.js';
export { createSeriesAssembler, type ReadLimits, type SeriesAssembler, type SeriesAssemblerOptions } from './rows/series-assembler.js';
export { explainMatcher, type ExplainMatcherOptions, type MatcherExplanation } from './sql/explain-matcher.js';
export { identifier } from './sql/sql.js';
export {
  assertSeriesCount,
  groupSeries,
  seriesWithoutSamples,
  sortSeries,
  type GroupLimits,
  type SeriesGroup,
} from './rows/series-groups.js';
export { coversSchema, schemaOf, type TableSchema } from './model/table-schema.js';
