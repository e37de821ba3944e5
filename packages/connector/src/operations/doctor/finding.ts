/** What was looked at. */
export type CheckName =
  | 'credentials'
  | 'endpoint'
  | 'clock'
  | 'database'
  | 'table'
  | 'retention'
  | 'partition key'
  | 'permission'
  | 'dimensions'
  | 'metric names'
  | 'columns'
  | 'sample'
  | 'address'
  | 'connection'
  | 'certificate'
  | 'version';

/** One thing that a person cannot see, in words. */
export interface Finding {
  readonly check: CheckName;
  /** `warning`: it works today. `skipped`: it cannot be known, and why. */
  readonly outcome: 'ok' | 'warning' | 'failed' | 'skipped';
  /** What is, in one sentence. */
  readonly found: string;
  /** What to type, or to do, each a line; empty if nothing. */
  readonly remedy: readonly string[];
}

export function ok(check: CheckName, found: string): Finding {
  return { check, outcome: 'ok', found, remedy: [] };
}

export function warning(check: CheckName, found: string, ...remedy: readonly string[]): Finding {
  return { check, outcome: 'warning', found, remedy };
}

export function failed(check: CheckName, found: string, ...remedy: readonly string[]): Finding {
  return { check, outcome: 'failed', found, remedy };
}

export function skipped(check: CheckName, found: string): Finding {
  return { check, outcome: 'skipped', found, remedy: [] };
}
