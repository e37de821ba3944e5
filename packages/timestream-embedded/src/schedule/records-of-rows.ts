import { validationError } from '../service-error.js';
import type { ColumnInfo, Datum, Row } from '../sql/engine.js';
import { parseTimestamp } from '../sql/values/time-text.js';
import type { MeasureDataType } from '../sql/catalog.js';
import type { TimeUnit, WireMeasureValue, WireRecord } from '../write/record.js';

export interface AttributeMapping {
  readonly SourceColumn: string;
  readonly TargetMultiMeasureAttributeName?: string;
  readonly MeasureValueType: MeasureDataType;
}

/** How the columns of a result (or of a file) become records. */
export interface RecordMapping {
  readonly TimeColumn: string;
  readonly DimensionMappings: readonly { readonly Name: string; readonly Source?: string }[];
  readonly MeasureNameColumn?: string;
  readonly MultiMeasureMappings?: {
    readonly TargetMultiMeasureName?: string;
    readonly MultiMeasureAttributeMappings: readonly AttributeMapping[];
  };
  readonly MixedMeasureMappings?: readonly {
    readonly MeasureName?: string;
    readonly SourceColumn?: string;
    readonly TargetMeasureName?: string;
    readonly MeasureValueType: MeasureDataType | 'MULTI';
    readonly MultiMeasureAttributeMappings?: readonly AttributeMapping[];
  }[];
}

/**
 * The records that the rows say, one for each row (for mixed measures one for each mapping that has a value). A row without a time, a
 * dimension or a measure gives none of that.
 *
 * @param numbersOf times are numbers of this unit; undefined: timestamps as a query answers them.
 * @throws {ServiceError} ValidationException for a column that the result does not have, and values that cannot be written.
 */
export function recordsOfRows(
  columns: readonly ColumnInfo[],
  rows: readonly Row[],
  mapping: RecordMapping,
  version: number,
  numbersOf?: TimeUnit,
): WireRecord[] {
  const indexes = new Map(columns.map(({ Name = '' }, index) => [Name, index]));
  const indexOf = (name: string): number => {
    const index = indexes.get(name);
    if (index === undefined) throw validationError(`The result has no column '${name}', which the mapping names.`);
    return index;
  };
  const cell = ({ Data }: Row, name: string): string | undefined => textOf(Data[indexOf(name)]);
  return rows.flatMap((row): WireRecord[] => {
    const time = cell(row, mapping.TimeColumn);
    const written = numbersOf === undefined ? (time === undefined ? undefined : parseTimestamp(time)) : time;
    if (written === undefined) throw validationError(`The time column '${mapping.TimeColumn}' has a value that is not a timestamp.`);
    const dimensions = mapping.DimensionMappings.flatMap(({ Name, Source }) => {
      const value = cell(row, Source ?? Name);
      return value === undefined || value === '' ? [] : [{ Name, Value: value }];
    });
    const base = { Dimensions: dimensions, Time: String(written), TimeUnit: numbersOf ?? 'NANOSECONDS', Version: version } as const;
    const named = mapping.MeasureNameColumn === undefined ? undefined : cell(row, mapping.MeasureNameColumn);
    const values = (attributes: readonly AttributeMapping[]): WireMeasureValue[] =>
      attributes.flatMap(({ SourceColumn, TargetMultiMeasureAttributeName, MeasureValueType }) => {
        const value = cell(row, SourceColumn);
        if (value === undefined) return [];
        return [
          {
            Name: TargetMultiMeasureAttributeName ?? SourceColumn,
            Value: measureText(value, MeasureValueType, numbersOf),
            Type: MeasureValueType,
          },
        ];
      });
    const multi = (name: string | undefined, attributes: readonly AttributeMapping[]): WireRecord[] => {
      const measures = values(attributes);
      return name === undefined || measures.length === 0
        ? []
        : [{ ...base, MeasureName: name, MeasureValueType: 'MULTI', MeasureValues: measures }];
    };
    const { MultiMeasureMappings: whole, MixedMeasureMappings: mixed = [] } = mapping;
    if (whole !== undefined) return multi(whole.TargetMultiMeasureName ?? named, whole.MultiMeasureAttributeMappings);
    return mixed
      .filter(({ MeasureName }) => MeasureName === undefined || named === undefined || MeasureName === named)
      .flatMap(({ MeasureName, SourceColumn, TargetMeasureName, MeasureValueType, MultiMeasureAttributeMappings = [] }): WireRecord[] => {
        const name = TargetMeasureName ?? MeasureName ?? named;
        if (MeasureValueType === 'MULTI') return multi(name, MultiMeasureAttributeMappings);
        const value = SourceColumn === undefined ? undefined : cell(row, SourceColumn);
        if (name === undefined || value === undefined) return [];
        return [{ ...base, MeasureName: name, MeasureValueType, MeasureValue: measureText(value, MeasureValueType, numbersOf) }];
      });
  });
}

function textOf(datum: Datum | undefined): string | undefined {
  return datum !== undefined && 'ScalarValue' in datum ? datum.ScalarValue : undefined;
}

/** A TIMESTAMP is written as a number in the unit of the record, which is nanoseconds here. */
function measureText(value: string, type: MeasureDataType, numbersOf: TimeUnit | undefined): string {
  return type === 'TIMESTAMP' && numbersOf === undefined ? String(parseTimestamp(value) ?? value) : value;
}
