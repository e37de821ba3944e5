export type { ColumnInfo, Datum, Dimension, MeasureValue, QueryPage, Row, SampleReference, ScalarType, TimestreamRecord, WriteBatch } from './record.js';
