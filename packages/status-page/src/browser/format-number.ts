const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'];

/** A number as a person reads it, with its unit: `1.2 k`, `340 ms`, `2.5 MiB/s`. */
export function formatNumber(value: number | null, unit: string): string {
  if (value === null) return '–';
  if (!Number.isFinite(value)) return String(value);
  if (unit === 's') return value !== 0 && Math.abs(value) < 1 ? `${round(value * 1000)} ms` : `${round(value)} s`;
  const isBytes = unit.startsWith('B');
  const base = isBytes ? 1024 : 1000;
  let scaled = value;
  let power = 0;
  while (Math.abs(scaled) >= base && power < PREFIXES.length - 1) {
    scaled /= base;
    power += 1;
  }
  const prefix = PREFIXES[power] ?? '';
  return `${round(scaled)} ${isBytes && power > 0 ? `${prefix.toUpperCase()}i` : prefix}${unit}`.trim();
}

function round(value: number): string {
  return String(Number(value.toPrecision(3)));
}
