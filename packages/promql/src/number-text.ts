/** The shortest digits that give the number back, without leading or trailing zeros, and where the decimal point stands before them. */
function decompose(value: number): { negative: boolean; digits: string; point: number } {
  return decomposeText(value, Math.abs(value).toExponential());
}

function decomposeText(value: number, text: string): { negative: boolean; digits: string; point: number } {
  const [mantissa = '', exponent = ''] = text.split('e');
  const digits = mantissa.replace('.', '').replace(/0+$/, '');
  return { negative: value < 0 || Object.is(value, -0), digits: digits === '' ? '0' : digits, point: Number(exponent) + 1 };
}

function special(value: number): string | null {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : null;
}

/** A number as Prometheus spells it in labels and scalars: Go's `strconv.FormatFloat(value, 'f', -1, 64)`. */
export function formatSampleValue(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return Object.is(value, -0) ? '-0' : String(value);
  const word = special(value);
  if (word !== null) return word;
  const text = String(value);
  if (!text.includes('e')) return text;
  const { negative, digits, point } = decompose(value);
  return (negative ? '-' : '') + plain(digits, point);
}

/** A number as the HTTP API spells the value of a sample: as above, with an exponent where the digits would be many. */
export function formatApiValue(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-6 && size < 1e21) || !Number.isFinite(value)) return formatSampleValue(value);
  const { negative, digits, point } = decompose(value);
  return (negative ? '-' : '') + scientific(digits, point);
}

function plain(digits: string, point: number): string {
  if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return digits + '0'.repeat(point - digits.length);
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}

function scientific(digits: string, point: number): string {
  const exponent = point - 1;
  const size = String(Math.abs(exponent)).padStart(2, '0');
  return `${digits.charAt(0)}${digits.length > 1 ? `.${digits.slice(1)}` : ''}e${exponent < 0 ? '-' : '+'}${size}`;
}

/** A number as Go's `%g` and `%v` write it. */
export function formatGeneral(value: number): string {
  const word = special(value);
  if (word !== null) return word;
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const { negative, digits, point } = decompose(value);
  // strconv writes shortest digits with an exponent below 1e-4 and from 1e6 on.
  const text = point - 1 < -4 || point - 1 >= 6 ? scientific(digits, point) : plain(digits, point);
  return (negative ? '-' : '') + text;
}

/**
 * Of a number in the middle between two spellings, Go takes the one with the even digit, and toExponential and toFixed the larger one
 * (ECMA-262, Number.prototype.toFixed: "if there are two such n, pick the larger n"). A hundred digits show the middle for certain: no double
 * comes that near to it without being it.
 */
function isTie(beyond: string): boolean {
  return /^50*$/.test(beyond);
}

function twoDigits(value: number): string {
  const exact = Math.abs(value).toExponential(99);
  const [mantissa = '', exponent = ''] = exact.split('e');
  const toEven = isTie(mantissa.slice(3)) && Number(mantissa.charAt(2)) % 2 === 0;
  return toEven ? `${mantissa.slice(0, 3)}e${exponent}` : Math.abs(value).toExponential(1);
}

/** A number as Go's `%.2g` writes it. */
export function formatTwoDigits(value: number): string {
  const word = special(value);
  if (word !== null) return word;
  if (value === 0) return '0';
  const { negative, digits, point } = decomposeText(value, twoDigits(value));
  const precision = 2 > digits.length && digits.length >= point ? digits.length : 2;
  const text = point - 1 < -4 || point - 1 >= precision ? scientific(digits, point) : plain(digits, point);
  return (negative ? '-' : '') + text;
}

/** A number as Go's `%f` writes it: six places after the point. */
export function formatFixed(value: number): string {
  const word = special(value);
  if (word !== null) return word;
  // toFixed gives up its places from 1e21 on; such a number has none.
  if (Math.abs(value) >= 1e21) return `${BigInt(value).toString()}.000000`;
  if (Object.is(value, -0)) return '-0.000000';
  const exact = value.toFixed(100);
  const end = exact.indexOf('.') + 7;
  return isTie(exact.slice(end)) && Number(exact.charAt(end - 1)) % 2 === 0 ? exact.slice(0, end) : value.toFixed(6);
}

/** A number as OpenMetrics writes it in a label: there is always a point or an exponent. */
export function formatOpenMetrics(value: number): string {
  if (value === 0) return '0.0';
  const text = formatGeneral(value);
  return /[.eNI]/.test(text) ? text : `${text}.0`;
}
