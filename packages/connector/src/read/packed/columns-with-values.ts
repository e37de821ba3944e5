import type { PackedLayout, QueryPage } from '@timestream-prometheus/timestream-translator';

/** Adds the dimensions that have a value in one of the rows. */
export function columnsWithValues({ Rows }: QueryPage, { dimensionColumns }: PackedLayout, into: Set<string>): void {
  for (const { Data = [] } of Rows) {
    for (const [index, name] of dimensionColumns.entries()) {
      if (Data[index]?.ScalarValue !== undefined) into.add(name);
    }
  }
}
