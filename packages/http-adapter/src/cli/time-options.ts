import type { CommandOption } from './command-definition.js';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const RULE = 'a time such as 2026-01-31T12:00:00Z, seconds since 1970, now, or an age such as 90m, 6h or 7d';

/** Milliseconds since the Unix epoch; NaN if the text is no time. */
export function parseTimeMs(text: string, nowMs: number): number {
  if (text === 'now') return nowMs;
  const age = /^(\d{1,6})([smhd])$/.exec(text);
  if (age !== null) return nowMs - Number(age[1]) * (UNIT_MS[age[2] ?? ''] ?? Number.NaN);
  if (/^\d{1,12}(\.\d{1,3})?$/.test(text)) return Math.round(Number(text) * 1_000);
  return /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
}

const parse: CommandOption<string>['parse'] = (text) => (Number.isNaN(parseTimeMs(text, 0)) ? { rule: RULE } : { value: text });

export const TIME_OPTIONS: readonly CommandOption[] = [
  { flag: 'start', defaultText: '1h', kind: 'value', placeholder: '<time>', help: `Begin of what is read: ${RULE}.`, parse },
  { flag: 'end', defaultText: 'now', kind: 'value', placeholder: '<time>', help: 'End of what is read.', parse },
];
