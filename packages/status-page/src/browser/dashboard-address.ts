import type { ChosenValues } from './dashboard-variables.js';

/** What a person has chosen; it stands in the address, so that a bookmark shows the same again. */
export interface DashboardChoice {
  readonly rangeSeconds: number;
  /** 0: not by itself. */
  readonly refreshSeconds: number;
  /** How often the metrics are scraped. A rate needs some of these in its window. */
  readonly scrapeSeconds: number;
  readonly chosen: ChosenValues;
}

const SECONDS_BY_UNIT: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };
const MAX_RANGE_SECONDS = 366 * 86_400;

/** Seconds of `30s`, `15m`, `6h`, `7d`, `2w`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = /^([1-9]\d{0,5})([smhdw])$/.exec(text) ?? [];
  return count === undefined || unit === undefined ? undefined : Number(count) * (SECONDS_BY_UNIT[unit] ?? 1);
}

/** In the largest unit that it is a whole number of. */
export function durationText(seconds: number): string {
  const [unit = 's', size = 1] =
    Object.entries(SECONDS_BY_UNIT).findLast(([name, unitSeconds]) => name !== 'w' && seconds % unitSeconds === 0) ?? [];
  return `${seconds / size}${unit}`;
}

/** Reads the address with Grafana's names of the parameters: `from=now-6h&to=now&refresh=30s&var-job=a&var-job=b`. What it cannot read is the default. */
export function readChoice(search: string, variableNames: readonly string[], defaults: DashboardChoice): DashboardChoice {
  const parameters = new URLSearchParams(search);
  const range = parseDuration(parameters.get('from')?.replace(/^now-/, '') ?? '');
  const refresh = parameters.get('refresh');
  return {
    rangeSeconds: range === undefined || range > MAX_RANGE_SECONDS ? defaults.rangeSeconds : range,
    refreshSeconds:
      refresh === null ? defaults.refreshSeconds : refresh === 'off' ? 0 : (parseDuration(refresh) ?? defaults.refreshSeconds),
    scrapeSeconds: parseDuration(parameters.get('scrape') ?? '') ?? defaults.scrapeSeconds,
    chosen: Object.fromEntries(
      variableNames.map((name) => [name, parameters.getAll(`var-${name}`).filter((value) => value !== '$__all' && value !== 'All')]),
    ),
  };
}

export function writeChoice({ rangeSeconds, refreshSeconds, scrapeSeconds, chosen }: DashboardChoice): string {
  const parameters = new URLSearchParams({
    from: `now-${durationText(rangeSeconds)}`,
    to: 'now',
    refresh: refreshSeconds === 0 ? 'off' : durationText(refreshSeconds),
    scrape: durationText(scrapeSeconds),
  });
  for (const [name, values] of Object.entries(chosen)) for (const value of values) parameters.append(`var-${name}`, value);
  return `?${parameters.toString()}`;
}

/** The moments that all panels are asked for. */
export interface DashboardMoments {
  /** When the round began. The same moments are asked for again in the next round: there may be more samples by then. */
  readonly roundMs: number;
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly stepSeconds: number;
  /** By the names that Grafana has for them in an expression. */
  readonly intervals: Readonly<Record<string, number>>;
}

/** Points of a line: as many as a screen can show. */
const POINTS = 240;
const STEPS_SECONDS = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400];

/**
 * Moments at whole steps, so that the same moments are asked for again and a line does not tremble. `$__rate_interval` is what Grafana
 * makes of it: at least four scrapes, and never less than a step and a scrape, so that no increase falls between two windows.
 * https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/#use-__rate_interval
 */
export function momentsOf(
  nowMs: number,
  { rangeSeconds, scrapeSeconds }: Pick<DashboardChoice, 'rangeSeconds' | 'scrapeSeconds'>,
): DashboardMoments {
  const atLeast = Math.max(rangeSeconds / POINTS, scrapeSeconds);
  const stepSeconds = STEPS_SECONDS.find((step) => step >= atLeast) ?? Math.ceil(atLeast / 86_400) * 86_400;
  const endSeconds = Math.floor(nowMs / 1000 / stepSeconds) * stepSeconds;
  return {
    roundMs: nowMs,
    startSeconds: endSeconds - Math.ceil(rangeSeconds / stepSeconds) * stepSeconds,
    endSeconds,
    stepSeconds,
    intervals: {
      __interval: stepSeconds,
      __rate_interval: Math.max(stepSeconds + scrapeSeconds, 4 * scrapeSeconds),
      __range: rangeSeconds,
    },
  };
}
