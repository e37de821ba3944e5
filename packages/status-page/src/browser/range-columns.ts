import type { RangeSeries } from './connector-client.js';
import type { PlotLine } from './line-chart.js';

export interface RangeColumns {
  readonly timesSeconds: readonly number[];
  readonly lines: readonly PlotLine[];
}

export interface RangeMoments {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly stepSeconds: number;
}

/** A series with the name that it has in the legend. */
export interface NamedSeries {
  readonly label: string;
  readonly values: RangeSeries['values'];
}

/** One time axis for all series; a step without a value is a gap. */
export function columnsOf(series: readonly NamedSeries[], { startSeconds, endSeconds, stepSeconds }: RangeMoments): RangeColumns {
  const timesSeconds: number[] = [];
  for (let seconds = startSeconds; seconds <= endSeconds; seconds += stepSeconds) timesSeconds.push(seconds);
  const lines = series.map(({ label, values = [] }) => {
    const column: (number | null)[] = timesSeconds.map(() => null);
    for (const [seconds, text] of values) {
      const value = Number(text === '+Inf' ? 'Infinity' : text === '-Inf' ? '-Infinity' : text);
      column[Math.round((seconds - startSeconds) / stepSeconds)] = Number.isFinite(value) ? value : null;
    }
    return { label, values: column };
  });
  return { timesSeconds, lines };
}

/** As Prometheus writes it. */
export function seriesName({ __name__: name = '', ...labels }: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? name || '{}' : `${name}{${pairs.join(', ')}}`;
}
