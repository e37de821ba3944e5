import { javaDoubleText } from '../values/java-double.js';
import type { SqlType } from '../values/sql-type.js';
import { dateText, dayTimeIntervalText, timeOfDayText, timestampText, yearMonthIntervalText } from '../values/time-text.js';
import type { Datum, ScalarTypeName } from '../values/wire-value.js';

type Formatter = (value: unknown) => Datum;

const nullDatum: Datum = { NullValue: true };

/**
 * Compiles the type once, so that a row costs no look at types. The formatter takes values as DuckDB's client gives them.
 * @param doubleDigits a fault: doubles are written with this many digits.
 */
export function createFormatter(type: SqlType, doubleDigits?: number): Formatter {
  const format = createNonNullFormatter(type, doubleDigits);
  return (value) => (value === null || value === undefined ? nullDatum : format(value));
}

function createNonNullFormatter(type: SqlType, doubleDigits: number | undefined): Formatter {
  switch (type.kind) {
    case 'scalar': {
      const text =
        type.name === 'DOUBLE' && doubleDigits !== undefined
          ? (value: unknown): string => javaDoubleText(Number(Number(value).toPrecision(doubleDigits)))
          : scalarTexts[type.name];
      return (value) => ({ ScalarValue: text(value) });
    }
    case 'array': {
      const element = createFormatter(type.element, doubleDigits);
      return (value) => ({ ArrayValue: itemsOf(value).map(element) });
    }
    case 'row': {
      const fields = type.fields.map((field) => createFormatter(field.type, doubleDigits));
      return (value) => ({ RowValue: { Data: fields.map((format, index) => format(entriesOf(value)[`f${index}`])) } });
    }
    case 'timeseries': {
      const point = createFormatter(type.value, doubleDigits);
      return (value) => ({
        TimeSeriesValue: itemsOf(value).map((item) => {
          const { f0: time, f1: pointValue } = entriesOf(item);
          return { Time: timestampText(bigintOf(time)), Value: point(pointValue) };
        }),
      });
    }
  }
}

const scalarTexts: Readonly<Record<ScalarTypeName, (value: unknown) => string>> = {
  VARCHAR: String,
  BOOLEAN: String,
  BIGINT: String,
  INTEGER: String,
  DOUBLE: (value) => javaDoubleText(Number(value)),
  TIMESTAMP: (value) => timestampText(bigintOf(value)),
  DATE: (value) => dateText(bigintOf(value)),
  TIME: (value) => timeOfDayText(bigintOf(value)),
  INTERVAL_DAY_TO_SECOND: (value) => dayTimeIntervalText(bigintOf(value)),
  INTERVAL_YEAR_TO_MONTH: (value) => yearMonthIntervalText(bigintOf(value)),
  UNKNOWN: String,
};

function bigintOf(value: unknown): bigint {
  if (typeof value !== 'bigint') throw new TypeError('DuckDB gave no BIGINT for a time');
  return value;
}

/** DuckDB's client wraps lists as `{items}` and structs as `{entries}`. */
function itemsOf(value: unknown): readonly unknown[] {
  return (value as { readonly items: readonly unknown[] }).items;
}

function entriesOf(value: unknown): Readonly<Record<string, unknown>> {
  return (value as { readonly entries: Readonly<Record<string, unknown>> }).entries;
}
