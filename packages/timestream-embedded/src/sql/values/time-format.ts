import { calendarTime, dayNames, daysOfDate, monthNames, type CalendarTime } from './calendar.js';
import { maxInt64, minInt64, nsPerDay, nsPerSecond } from './time-text.js';

/** A format in pieces, alike for MySQL's and Joda's: a literal text, or a field and how it is written. */
export type FormatPiece = { readonly literal: string } | FormatField;

export interface FormatField {
  readonly field: FieldName;
  /** Digits at least; for a text: the short one (3 letters) or the full one. */
  readonly width: number;
  readonly isText?: boolean;
  /** `yy`: the last two digits of the year. */
  readonly isTwoDigits?: boolean;
}

export type FieldName =
  | 'year'
  | 'weekYear'
  | 'century'
  | 'era'
  | 'month'
  | 'week'
  | 'day'
  | 'dayOfYear'
  | 'dayOfWeek'
  /** 0..23 */
  | 'hour'
  /** 1..24 */
  | 'clockHour'
  /** 0..11 */
  | 'hourOfHalf'
  /** 1..12 */
  | 'clockHourOfHalf'
  | 'half'
  | 'minute'
  | 'second'
  | 'fraction'
  | 'zone';

const pad = (value: number, width: number): string => (value < 0 ? '-' : '') + String(Math.abs(value)).padStart(width, '0');

function numberOf(time: CalendarTime, field: FieldName): number {
  switch (field) {
    case 'century':
      return Math.floor(time.year / 100);
    case 'clockHour':
      return time.hour === 0 ? 24 : time.hour;
    case 'hourOfHalf':
      return time.hour % 12;
    case 'clockHourOfHalf':
      return time.hour % 12 === 0 ? 12 : time.hour % 12;
    case 'half':
    case 'era':
    case 'zone':
    case 'fraction':
      throw new Error(`${field} is written as a text`);
    default:
      return time[field];
  }
}

/** Writes a time; fractions of a second to the millisecond, as the engine's formatters have no more. */
export function formatTime(pieces: readonly FormatPiece[], timeNs: bigint): string {
  const time = calendarTime(timeNs);
  return pieces.map((piece) => ('literal' in piece ? piece.literal : fieldText(piece, time))).join('');
}

function fieldText({ field, width, isText = false, isTwoDigits = false }: FormatField, time: CalendarTime): string {
  switch (field) {
    case 'era':
      return 'AD';
    case 'half':
      return time.hour < 12 ? 'AM' : 'PM';
    case 'zone':
      return ['UTC', '+0000', '+00:00', 'UTC'][width] ?? 'UTC';
    case 'fraction':
      return String(Math.floor(time.nanosecond / 1_000_000))
        .padStart(3, '0')
        .padEnd(width, '0')
        .slice(0, width);
    default: {
      const value = numberOf(time, field);
      if (isText) {
        const name = (field === 'month' ? monthNames[value - 1] : dayNames[value - 1]) ?? '';
        return width <= 3 ? name.slice(0, 3) : name;
      }
      return isTwoDigits ? pad(Math.abs(value) % 100, 2) : pad(value, width);
    }
  }
}

interface ParsedFields {
  year?: number;
  month?: number;
  day?: number;
  dayOfYear?: number;
  hour?: number;
  hourOfHalf?: number;
  half?: number;
  minute?: number;
  second?: number;
  nanosecond?: number;
  offsetMinutes?: number;
  namedZone?: NamedZone | undefined;
}

/**
 * Reads a time by a format. What the format does not say is as on 1970-01-01 00:00:00; a day of the year without its year belongs to 2000.
 * @param maxDigits how many digits a number may have where no other number follows directly.
 * @throws {Error} where the text is not of the format.
 */
export function parseTime(pieces: readonly FormatPiece[], text: string, invalid: (at: number) => Error): bigint {
  const fields: ParsedFields = {};
  let at = 0;
  for (const [index, piece] of pieces.entries()) {
    if ('literal' in piece) {
      if (text.slice(at, at + piece.literal.length).toLowerCase() !== piece.literal.toLowerCase()) throw invalid(at);
      at += piece.literal.length;
    } else {
      const taken = readField(piece, pieces[index + 1], text, at, fields);
      if (taken === undefined) throw invalid(at);
      at = taken;
    }
  }
  if (at < text.length) throw invalid(at);
  const timeNs = timeOf(fields);
  if (timeNs === undefined) throw invalid(0);
  return timeNs;
}

/** The place behind the field, or undefined when it is not there. */
function readField(piece: FormatField, next: FormatPiece | undefined, text: string, at: number, fields: ParsedFields): number | undefined {
  const { field, width, isText = false } = piece;
  const rest = text.slice(at);
  if (isText && field === 'month') {
    const index = monthNames.findIndex((name) => rest.toLowerCase().startsWith(name.toLowerCase()));
    const short = monthNames.findIndex((name) => rest.toLowerCase().startsWith(name.slice(0, 3).toLowerCase()));
    if (short < 0) return undefined;
    fields.month = short + 1;
    return at + (index >= 0 ? (monthNames[index]?.length ?? 0) : 3);
  }
  if (field === 'half') {
    const half = ['am', 'pm'].indexOf(rest.slice(0, 2).toLowerCase());
    if (half < 0) return undefined;
    fields.half = half;
    return at + 2;
  }
  if (field === 'zone') return readZone(rest, at, fields);
  const isPacked = next !== undefined && !('literal' in next) && next.isText !== true && next.field !== 'half' && next.field !== 'zone';
  const most =
    field === 'fraction' ? 9 : field === 'year' && !isPacked && piece.isTwoDigits !== true ? 9 : Math.max(width, maxDigits[field] ?? 2);
  const digits = /^\d*/.exec(rest.slice(0, isPacked ? Math.max(width, 1) : most))?.[0] ?? '';
  if (digits === '') return undefined;
  const value = Number(digits);
  const set = setters[field];
  if (set?.(fields, value, digits, piece) !== true) return undefined;
  return at + digits.length;
}

const maxDigits: Partial<Record<FieldName, number>> = { year: 4, dayOfYear: 3 };

type Setter = (fields: ParsedFields, value: number, digits: string, piece: FormatField) => boolean;

const setWithin =
  (name: Exclude<keyof ParsedFields, 'namedZone'>, min: number, max: number): Setter =>
  (fields, value) => {
    fields[name] = value;
    return value >= min && value <= max;
  };

const setters: Partial<Record<FieldName, Setter>> = {
  year: (fields, value, digits, { isTwoDigits }) => {
    // Two digits mean a year from 1970 to 2069: fifty years around 2020.
    fields.year = isTwoDigits === true && digits.length === 2 ? (value < 70 ? 2000 + value : 1900 + value) : value;
    return true;
  },
  month: setWithin('month', 1, 12),
  day: setWithin('day', 1, 31),
  dayOfYear: setWithin('dayOfYear', 1, 366),
  hour: setWithin('hour', 0, 23),
  clockHour: (fields, value) => {
    fields.hour = value % 24;
    return value >= 1 && value <= 24;
  },
  hourOfHalf: setWithin('hourOfHalf', 0, 11),
  clockHourOfHalf: (fields, value) => {
    fields.hourOfHalf = value % 12;
    return value >= 1 && value <= 12;
  },
  minute: setWithin('minute', 0, 59),
  second: setWithin('second', 0, 59),
  fraction: (fields, _, digits) => {
    fields.nanosecond = Number(digits.padEnd(3, '0').slice(0, 3)) * 1_000_000;
    return true;
  },
};

/** Fields that a text can be read by. */
export function canParse({ field, isText = false }: FormatField): boolean {
  return field === 'half' || field === 'zone' || (isText ? field === 'month' : setters[field] !== undefined);
}

interface NamedZone {
  readonly timeZone: string;
  /** Summer time first: of a local time that there is twice, the engine's formatters take the earlier one. */
  readonly offsetsMinutes: readonly [summer: number, standard: number];
}

/** The zones that Joda knows by a short name. `PST` and `PDT` are both Los Angeles: the day decides which of them counts. */
const namedZones: Readonly<Record<string, NamedZone>> = Object.fromEntries(
  [
    ['E', 'America/New_York', -5],
    ['C', 'America/Chicago', -6],
    ['M', 'America/Denver', -7],
    ['P', 'America/Los_Angeles', -8],
  ].flatMap(([letter, timeZone, hours]) => {
    const zone: NamedZone = { timeZone: String(timeZone), offsetsMinutes: [(Number(hours) + 1) * 60, Number(hours) * 60] };
    return [
      [`${letter}ST`, zone],
      [`${letter}DT`, zone],
    ];
  }),
);

/** One for each zone: making one takes a thousand times as long as asking it. */
const clocks = new Map<string, Intl.DateTimeFormat>();

/** Minutes from UTC of a local time there; undefined for one that the zone's clocks leave out. */
function offsetMinutesOf({ timeZone, offsetsMinutes }: NamedZone, localMs: number): number | undefined {
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
    clocks.set(timeZone, clock);
  }
  const zoneClock = clock;
  return offsetsMinutes.find((minutes) => {
    const parts = zoneClock.formatToParts(localMs - minutes * 60_000);
    const name = parts.find(({ type }) => type === 'timeZoneName')?.value;
    return name === `GMT-${String(-minutes / 60).padStart(2, '0')}:00`;
  });
}

function readZone(rest: string, at: number, fields: ParsedFields): number | undefined {
  const [name = ''] = /^[A-Z]+/.exec(rest) ?? [];
  if (Object.hasOwn(namedZones, name)) {
    fields.namedZone = namedZones[name];
    return at + name.length;
  }
  const match = /^(?:Z|UTC?|GMT|([+-])(\d{2}):?(\d{2}))/.exec(rest);
  if (match === null) return undefined;
  const [whole, sign, hours = '0', minutes = '0'] = match;
  fields.offsetMinutes = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  return at + whole.length;
}

function timeOf(fields: ParsedFields): bigint | undefined {
  const { month, day, dayOfYear, minute = 0, second = 0, nanosecond = 0, namedZone } = fields;
  const hasDay = month !== undefined || day !== undefined || dayOfYear !== undefined;
  const year = fields.year ?? (hasDay ? 2000 : 1970);
  const days = dayOfYear === undefined ? daysOfDate(year, month ?? 1, day ?? 1) : ordinalDays(year, dayOfYear);
  if (days === undefined) return undefined;
  const hour = fields.hour ?? (fields.hourOfHalf ?? 0) + 12 * (fields.half ?? 0);
  const localSecond = hour * 3600 + minute * 60 + second;
  const localMs = Number(days) * 86_400_000 + localSecond * 1000;
  const offsetMinutes = namedZone === undefined ? (fields.offsetMinutes ?? 0) : offsetMinutesOf(namedZone, localMs);
  if (offsetMinutes === undefined) return undefined;
  const secondOfDay = BigInt(localSecond - offsetMinutes * 60);
  const timeNs = days * nsPerDay + secondOfDay * nsPerSecond + BigInt(nanosecond);
  return timeNs >= minInt64 && timeNs <= maxInt64 ? timeNs : undefined;
}

function ordinalDays(year: number, dayOfYear: number): bigint | undefined {
  const first = daysOfDate(year, 1, 1);
  const next = daysOfDate(year + 1, 1, 1);
  if (first === undefined || next === undefined) return undefined;
  const days = first + BigInt(dayOfYear - 1);
  return days < next ? days : undefined;
}
