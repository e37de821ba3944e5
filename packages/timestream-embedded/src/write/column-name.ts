/** Names that passed: a table has few, and every record repeats them. Bounded, because a sender chooses them. */
const goodNames = new Set<string>();
const maxRememberedNames = 10_000;
const maxRememberedLength = 256;

/**
 * Why a name cannot be a column; undefined when it can. The naming rules contradict each other about `measure_name` and
 * `measure_value` (developer guide, "Naming constraints"): both are refused, as prefixes.
 */
export function dimensionNameFault(name: string): string | undefined {
  if (goodNames.has(name)) return undefined;
  const fault = columnNameFault(name);
  if (fault === undefined && name.length <= maxRememberedLength && goodNames.size < maxRememberedNames) goodNames.add(name);
  return fault;
}

function columnNameFault(name: string): string | undefined {
  // oxlint-disable-next-line no-control-regex -- the rule is about control characters
  if (/["\u0000-\u001f\u2028\u2029]/.test(name)) return 'must not contain a double quote, a control character or a line separator';
  return measureNameFault(name);
}

export function measureNameFault(name: string): string | undefined {
  if (name.includes(':')) return 'must not contain a colon';
  if (name.startsWith('ts_')) return "must not start with 'ts_'";
  if (name.startsWith('measure_name')) return "must not start with 'measure_name'";
  if (name.startsWith('measure_value')) return "must not start with 'measure_value'";
  if (name === 'time') return 'is a reserved name';
  return undefined;
}
