import type { QueryPage } from '@timestream-prometheus/timestream-translator';

export interface TableRow {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly timeMs: number;
  readonly value: number;
}

/** A page of `SELECT *` in the layout `multi-measure`, as Timestream sends it. */
export function tablePage(dimensions: readonly string[], rows: readonly TableRow[]): QueryPage {
  const column = (Name: string, ScalarType: string) => ({ Name, Type: { ScalarType } });
  return {
    ColumnInfo: [
      ...dimensions.map((name) => column(name, 'VARCHAR')),
      column('measure_name', 'VARCHAR'),
      column('time', 'TIMESTAMP'),
      column('sample_value', 'DOUBLE'),
    ],
    Rows: rows.map(({ name, labels, timeMs, value }) => ({
      Data: [
        ...dimensions.map((dimension) => (labels[dimension] === undefined ? { NullValue: true } : { ScalarValue: labels[dimension] })),
        { ScalarValue: name },
        { ScalarValue: `${new Date(timeMs).toISOString().replace('T', ' ').replace('Z', '')}000000` },
        { ScalarValue: String(value) },
      ],
    })),
  };
}
