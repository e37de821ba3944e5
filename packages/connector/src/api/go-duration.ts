const UNITS: readonly (readonly [name: string, ns: bigint])[] = [
  ['s', 1_000_000_000n],
  ['ms', 1_000_000n],
  ['µs', 1_000n],
  ['ns', 1n],
];

/** Nanoseconds as Go's `time.Duration` prints them: `1h0m5s`, `1.5s`, `20ms`. */
export function formatGoDuration(ns: number): string {
  const sign = ns < 0 ? '-' : '';
  const size = BigInt(Math.abs(ns));
  if (size === 0n) return '0s';
  const [unit, unitNs] = UNITS.find(([, least]) => size >= least) ?? ['ns', 1n];
  const whole = size / unitNs;
  const fraction = String(unitNs + (size % unitNs))
    .slice(1)
    .replace(/0+$/, '');
  const rest = fraction === '' || unitNs === 1n ? '' : `.${fraction}`;
  if (unit !== 's' || whole < 60n) return `${sign}${whole}${rest}${unit}`;
  const minutes = whole / 60n;
  const hours = minutes < 60n ? '' : `${minutes / 60n}h`;
  return `${sign}${hours}${minutes % 60n}m${whole % 60n}${rest}s`;
}
