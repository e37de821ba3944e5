import { quoteGo } from '@timestream-prometheus/promql';

/** A form as Go's `net/url` reads it (`ParseQuery`), which is how Prometheus reads both address and body. */
export interface Form {
  readonly pairs: readonly (readonly [name: string, value: string])[];
  /** What is wrong with the first pair that was left out. */
  readonly fault: string | null;
}

const MALFORMED_ESCAPE = /%(?![\dA-Fa-f]{2}).{0,2}/su;

/** Reads each pair that is well formed, and leaves the others out. */
export function parseForm(text: string): Form {
  const pairs: (readonly [string, string])[] = [];
  let fault: string | null = null;
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const wrong = faultOf(pair);
    fault ??= wrong;
    if (wrong !== null) continue;
    const end = pair.indexOf('=');
    pairs.push(end === -1 ? [unescape(pair), ''] : [unescape(pair.slice(0, end)), unescape(pair.slice(end + 1))]);
  }
  return { pairs, fault };
}

function faultOf(pair: string): string | null {
  if (pair.includes(';')) return 'invalid semicolon separator in query';
  const end = pair.indexOf('=');
  const parts = end === -1 ? [pair] : [pair.slice(0, end), pair.slice(end + 1)];
  const escape = parts.map((part) => MALFORMED_ESCAPE.exec(part)).find((match) => match !== null);
  return escape ? `invalid URL escape ${quoteGo(escape[0])}` : null;
}

function unescape(text: string): string {
  if (!/[%+]/.test(text)) return text;
  const spaced = text.replaceAll('+', ' ');
  // Bytes that are no UTF-8 become U+FFFD, a run of escapes at a time: a character may take several.
  return spaced.replaceAll(/(?:%[\dA-Fa-f]{2})+/g, (escapes) => Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'));
}
