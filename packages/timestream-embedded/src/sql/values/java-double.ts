/**
 * A double as Java's `Double.toString` writes it, which is how Timestream prints a DOUBLE: the shortest decimal that reads back as the same
 * double, but with at least two digits (`35.0`, `4.9E-324`); plain from 1e-3 up to 1e7, `d.dddE±n` outside.
 *
 * Where Java versions differ (before 19 some texts were longer than needed) this is the newer, shortest form.
 */
export function javaDoubleText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const absolute = Math.abs(value);
  if (absolute === 0) return `${sign}0.0`;
  const [mantissa = '', exponentText = ''] = shortestWithTwoDigits(absolute).split('e');
  const digits = mantissa.replace('.', '');
  const exponent = Number(exponentText);
  if (absolute >= 1e-3 && absolute < 1e7) {
    if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits.replace(/0+$/, '')}`;
    const padded = digits.padEnd(exponent + 2, '0');
    return `${sign}${padded.slice(0, exponent + 1)}.${padded.slice(exponent + 1).replace(/(?<=.)0+$/, '')}`;
  }
  return `${sign}${digits.charAt(0)}.${digits.slice(1)}E${exponent}`;
}

/** `d.ddde±n`: JavaScript's shortest digits; where one digit would do, the two digits nearest to the value (9.9e-324, not 1e-323). */
function shortestWithTwoDigits(value: number): string {
  const shortest = value.toExponential();
  if (shortest.includes('.')) return shortest;
  const twoDigits = value.toExponential(1);
  return Number(twoDigits) === value ? twoDigits : shortest.replace('e', '.0e');
}
