import { callback, type Callback } from './callback.js';

type Entry = string | bigint | number | boolean | null;
type Entries = readonly Entry[];

/** Equal entries have equal keys: 0.0 is -0.0, NULL is NULL. */
const keyOf = (entry: Entry): Entry => (entry === 0 ? 0 : entry);

function distinct<T extends Entry>(list: readonly T[]): T[] {
  const seen = new Set<Entry>();
  return list.filter((entry) => {
    const key = keyOf(entry);
    if (typeof key === 'number' && Number.isNaN(key)) throw new Error('NaN in a function on sets is not supported');
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function overlaps(a: Entries, b: Entries): boolean | null {
  const keys = new Set(distinct(b).map(keyOf));
  if (distinct(a).some((entry) => entry !== null && keys.has(keyOf(entry)))) return true;
  const canBeUnknown = a.length > 0 && b.length > 0 && (a.includes(null) || b.includes(null));
  return canBeUnknown ? null : false;
}

function within<T extends Entry>(a: readonly T[], b: readonly T[], isWanted: boolean): T[] {
  const keys = new Set(distinct(b).map(keyOf));
  return distinct(a).filter((entry) => keys.has(keyOf(entry)) === isWanted);
}

/** Types of entries that these functions take; the names of the callbacks end in one. */
export const setEntryTypes = ['VARCHAR', 'BIGINT', 'INTEGER', 'DOUBLE', 'BOOLEAN'] as const;

export const arrayCallbacks: readonly Callback[] = setEntryTypes.flatMap((type): Callback[] => {
  const list = `${type}[]` as const;
  const pair = [list, list] as const;
  const of =
    (combine: (a: Entries, b: Entries) => Entries): Callback['call'] =>
    ([a, b]) =>
      combine(a as Entries, b as Entries);
  return [
    { name: `ts_array_distinct_${type}`, parameters: [list], result: list, call: of((a) => distinct(a)) },
    { name: `ts_array_union_${type}`, parameters: pair, result: list, call: of((a, b) => distinct([...a, ...b])) },
    { name: `ts_array_intersect_${type}`, parameters: pair, result: list, call: of((a, b) => within(a, b, true)) },
    { name: `ts_array_except_${type}`, parameters: pair, result: list, call: of((a, b) => within(a, b, false)) },
    { name: `ts_arrays_overlap_${type}`, parameters: pair, result: 'BOOLEAN', call: ([a, b]) => overlaps(a as Entries, b as Entries) },
  ];
});

export const joinCallback = callback('ts_array_join', ['VARCHAR[]', 'VARCHAR'], 'VARCHAR', (texts, separator) =>
  texts.filter((text) => text !== null).join(separator),
);
