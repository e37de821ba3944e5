import { LABELS_DIMENSION, METADATA_COLUMN, METADATA_MEASURE_NAME } from '../model/layout.js';
import type { TimestreamRecord, WriteBatch } from '../model/record.js';
import { encodeLabelDimension } from '../names/label-dimension.js';
import { METADATA_TIME_GRID_MS } from './translate-metadata.js';

/**
 * One record that makes the table have the dimension `prometheus_labels`, and says nothing else: metadata of no metric, which every reader leaves
 * out. All connectors that start within one quarter of an hour write the same record, which a table keeps once.
 */
export function labelsDimensionBatch(nowMs: number): WriteBatch {
  const record: TimestreamRecord = {
    Dimensions: [{ Name: LABELS_DIMENSION, Value: encodeLabelDimension([]) }],
    MeasureName: METADATA_MEASURE_NAME,
    MeasureValueType: 'MULTI',
    MeasureValues: [{ Name: METADATA_COLUMN, Value: '{}', Type: 'VARCHAR' }],
    Time: String(Math.floor(nowMs / METADATA_TIME_GRID_MS) * METADATA_TIME_GRID_MS),
    TimeUnit: 'MILLISECONDS',
  };
  return { CommonAttributes: undefined, Records: [record], sources: [{ seriesIndex: 0, sampleIndex: -1 }] };
}
