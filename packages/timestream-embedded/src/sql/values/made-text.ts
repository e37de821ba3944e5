import { randomUUID } from 'node:crypto';
import { isScalar, type SqlType } from './sql-type.js';
import type { Emitter } from './typed-expression.js';

/**
 * Texts that a function makes longer: a statement of a few words could otherwise ask for more bytes than there is memory, which no limit of the
 * database counts. A value of a table has 2 KiB, so none comes near it.
 */
export const maxMadeTextLength = 16_777_216;
export const tooLongText = `The text is longer than ${maxMadeTextLength} characters`;

/** What a row may make without being counted: 2048 times this is little. */
export const uncountedBytes = 1024;

/** Random, so that no text of a statement has it. */
const partsMark = `parts_${randomUUID().replaceAll('-', '_')}`;

/**
 * The condition under which there is no room for what a function makes out of nothing. `ts_has_room` sees the rows that the database works on at
 * a time, adds up their bytes, and refuses them all where they are more than the statement's share of the memory: it fails, and never answers false.
 *
 * @param bytes  SQL for how many bytes the value of a row takes, about
 */
export const lacksRoom = (bytes: string): string => guarded(`${bytes} > ${uncountedBytes}`, `CAST(${bytes} AS DOUBLE)`, partsMark);

/** Whether a value asks for room. TRY would make NULL of it where there is none, and row by row each may have what all together may not. */
export const asksForRoom = (sql: string): boolean => sql.includes(partsMark);

/** The same for functions that copy: they share a room of their own, so that a statement of many of them has no less for what it makes. */
const copiesMark = `copies_${randomUUID().replaceAll('-', '_')}`;

/** The longest text that a table holds. */
export const storedTextBytes = 2048;

/** The condition under which there is no room for a copy of a text. What a table holds is copied without a look at the others. */
export const lacksRoomForCopy = (text: string, times: number): string =>
  guarded(`strlen(${text}) > ${storedTextBytes}`, `CAST(${times} * strlen(${text}) AS DOUBLE)`, copiesMark);

/**
 * Only of the rows that are large. With AND in its place the small ones would be counted too: a condition that stands twice in a statement
 * is computed once by DuckDB, as a column, and of a column it computes both sides of AND for all rows.
 */
function guarded(isLarge: string, bytes: string, parts: string): string {
  return `CASE WHEN ${isLarge} THEN NOT ts_has_room(${bytes}, ${parts}) ELSE FALSE END`;
}

/** The statement, in which each of the functions that make values knows how many they are: they share the memory. */
export function shareRoom(sql: string): string {
  return [partsMark, copiesMark].reduce((text, mark) => {
    const parts = text.split(mark);
    return parts.join(String(parts.length - 1));
  }, sql);
}

/**
 * @param longest  SQL for a length that the text cannot exceed
 * @param bytes  SQL for how many bytes it has
 */
export const refusingLong = (longest: string, bytes: string, text: string): string =>
  `CASE WHEN ${longest} > ${maxMadeTextLength} THEN error('${tooLongText}') WHEN ${longest} > ${uncountedBytes} AND ${lacksRoom(bytes)} THEN NULL ELSE ${text} END`;

/** SQL for about how many bytes a value has; undefined for one of a type whose values are all small. */
export function bytesOf(value: string, type: SqlType): string | undefined {
  if (isScalar(type, 'VARCHAR')) return `coalesce(strlen(${value}), 0)`;
  if (type.kind === 'array' && !canGrow(type.element)) return `coalesce(16 * len(${value}), 0)`;
  return canGrow(type) ? `coalesce(strlen(CAST(${value} AS VARCHAR)), 0)` : undefined;
}

function canGrow(type: SqlType): boolean {
  switch (type.kind) {
    case 'scalar':
      return isScalar(type, 'VARCHAR', 'UNKNOWN');
    case 'row':
      return type.fields.some(({ type: field }) => canGrow(field));
    default:
      return true;
  }
}

/** A value of which many may be made, refused where there is no room for them. */
export function inRoom(value: string, type: SqlType, emitter: Emitter): string {
  if (bytesOf('', type) === undefined) return value;
  return emitter.once(value, (made) => `CASE WHEN ${lacksRoom(bytesOf(made, type) ?? '0')} THEN NULL ELSE ${made} END`);
}

/** As many entries as a page can hold, each of at least 18 bytes. */
const answerableEntries = 58_254;

/**
 * A list that was collected, refused where it is longer than any answer and there is no room for it. It is only for functions to work on, and
 * what they make of it the database does not count: it counts what it collects. A shorter list passes as it is.
 *
 * @param lists  how many are collected beside one another: they share the memory
 */
export function refusingLargeList(list: string, type: SqlType, lists: number, emitter: Emitter): string {
  const entry = emitter.name('v');
  const ofEntry = type.kind === 'array' ? bytesOf(entry, type.element) : undefined;
  const bytes = ofEntry === undefined ? `16 * len(${list})` : `list_sum(list_transform(${list}, lambda ${entry}: 16 + ${ofEntry}))`;
  const inRoomOnly = `CASE WHEN ts_has_room_for_lists(CAST(${bytes} AS DOUBLE), ${lists}) THEN ${list} END`;
  return `CASE WHEN len(${list}) > ${answerableEntries} THEN ${inRoomOnly} ELSE ${list} END`;
}
