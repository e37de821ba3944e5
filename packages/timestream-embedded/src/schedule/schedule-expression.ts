import { validationError } from '../service-error.js';

/** When a scheduled query runs: gives the next time after one, in milliseconds since the epoch; undefined when there is none. */
export type NextRun = (afterMs: number) => number | undefined;

const minuteMs = 60_000;
const dayMs = 86_400_000;
const unitMs: Readonly<Record<string, number>> = { minute: minuteMs, hour: 3_600_000, day: dayMs };

/**
 * `rate(5 minutes)` counts from when the query was created; `cron(0/5 * * * ? *)` is in UTC (developer guide, "Scheduled query schedule
 * expressions").
 *
 * @throws {ServiceError} ValidationException
 */
export function parseSchedule(expression: string, createdMs: number): NextRun {
  const rate = /^rate\((\d{1,6}) (minute|hour|day)s?\)$/.exec(expression);
  if (rate !== null) {
    const periodMs = Number(rate[1]) * (unitMs[rate[2] ?? ''] ?? 0);
    if (periodMs === 0) throw validationError(`The rate of '${expression}' must be positive.`);
    return (afterMs) => createdMs + (Math.floor((afterMs - createdMs) / periodMs) + 1) * periodMs;
  }
  const cron = /^cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)$/.exec(expression);
  if (cron === null)
    throw validationError(`'${expression}' is neither rate(value unit) nor cron(minutes hours day-of-month month day-of-week year).`);
  const [, minutes = '', hours = '', days = '', months = '', weekdays = '', years = ''] = cron;
  if ((days === '?') === (weekdays === '?'))
    throw validationError(`Exactly one of day-of-month and day-of-week must be ? in '${expression}'.`);
  const field = (text: string, from: number, to: number, names: readonly string[] = []): ReadonlySet<number> =>
    parseField(text, from, to, names, expression);
  const fields = {
    minutes: field(minutes, 0, 59),
    hours: field(hours, 0, 23),
    days: field(days, 1, 31),
    months: field(months, 1, 12, ['', 'JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']),
    weekdays: field(weekdays, 1, 7, ['', 'SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']),
    years: field(years, 1970, 2199),
  };
  return (afterMs) => {
    const firstMs = Math.floor(afterMs / minuteMs) * minuteMs + minuteMs;
    const firstDayMs = Math.floor(firstMs / dayMs) * dayMs;
    // A day of February that comes every eight years at most: longer need not be looked.
    for (let startMs = firstDayMs; startMs < firstDayMs + 9 * 366 * dayMs; startMs += dayMs) {
      const day = new Date(startMs);
      const isDay =
        fields.years.has(day.getUTCFullYear()) &&
        fields.months.has(day.getUTCMonth() + 1) &&
        fields.days.has(day.getUTCDate()) &&
        fields.weekdays.has(day.getUTCDay() + 1);
      if (!isDay) continue;
      for (const hour of [...fields.hours].sort((a, b) => a - b)) {
        for (const minute of [...fields.minutes].sort((a, b) => a - b)) {
          const timestampMs = startMs + hour * 3_600_000 + minute * minuteMs;
          if (timestampMs >= firstMs) return timestampMs;
        }
      }
    }
    return undefined;
  };
}

/** `*`, `?`, `5`, `1-5`, `0/15`, `MON,WED`; L, W and # are refused. */
function parseField(text: string, from: number, to: number, names: readonly string[], expression: string): ReadonlySet<number> {
  const refuse = (): Error => validationError(`'${text}' in '${expression}' is not supported as a field from ${from} to ${to}.`);
  const valueOf = (part: string): number => {
    const named = names.indexOf(part.toUpperCase());
    const value = named > 0 ? named : /^\d{1,4}$/.test(part) ? Number(part) : Number.NaN;
    if (!(value >= from && value <= to)) throw refuse();
    return value;
  };
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [range = '', step] = part.split('/');
    const stepBy = step === undefined ? 1 : Number(step);
    if (!Number.isInteger(stepBy) || stepBy < 1) throw refuse();
    const [first = '', last] = range.split('-');
    const isAll = range === '*' || range === '?';
    const start = isAll ? from : valueOf(first);
    const end = isAll || (step !== undefined && last === undefined) ? to : valueOf(last ?? first);
    for (let value = start; value <= end; value += stepBy) values.add(value);
  }
  return values;
}
