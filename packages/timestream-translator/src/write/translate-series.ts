import type { TimeSeries } from '@timestream-prometheus/prom-codec';
import { SeriesCache } from './series-cache.js';
import { columnsOf } from './series-columns.js';
import { translateColumns, type TranslateOptions, type Translation } from './translate-columns.js';

/** `translateColumns` for series as objects. It remembers nothing from one call to the next. */
export function translateSeries(timeseries: readonly TimeSeries[], options: TranslateOptions): Translation {
  return translateColumns(columnsOf(timeseries), { ...options, series: new SeriesCache({ maxBytes: Infinity }) });
}
