/** One value of an answer, as Timestream's Query API writes it. Exactly one field is set. */
export type Datum =
  | { readonly ScalarValue: string }
  | { readonly NullValue: true }
  | { readonly ArrayValue: readonly Datum[] }
  | { readonly RowValue: Row }
  | { readonly TimeSeriesValue: readonly { readonly Time: string; readonly Value: Datum }[] };

export interface Row {
  readonly Data: readonly Datum[];
}

export type ScalarTypeName =
  | 'VARCHAR'
  | 'BOOLEAN'
  | 'BIGINT'
  | 'INTEGER'
  | 'DOUBLE'
  | 'TIMESTAMP'
  | 'DATE'
  | 'TIME'
  | 'INTERVAL_DAY_TO_SECOND'
  | 'INTERVAL_YEAR_TO_MONTH'
  | 'UNKNOWN';

/** The type of a column, as Timestream's Query API writes it. Exactly one field is set. */
export type WireType =
  | { readonly ScalarType: ScalarTypeName }
  | { readonly ArrayColumnInfo: ColumnInfo }
  | { readonly RowColumnInfo: readonly ColumnInfo[] }
  | { readonly TimeSeriesMeasureValueColumnInfo: ColumnInfo };

export interface ColumnInfo {
  readonly Name?: string;
  readonly Type: WireType;
}
