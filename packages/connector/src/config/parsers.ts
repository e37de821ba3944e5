import type { ParseOption } from './option.js';

const TRUE_SPELLINGS = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE_SPELLINGS = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** The spellings of Go's `strconv.ParseBool`, no more and no fewer: what worked with the earlier connector keeps its meaning. */
export const parseBoolean: ParseOption<boolean> = (text) => {
  if (TRUE_SPELLINGS.has(text)) return { value: true };
  if (FALSE_SPELLINGS.has(text)) return { value: false };
  return { rule: 'a boolean: 1, t, T, TRUE, true, True, 0, f, F, FALSE, false or False' };
};

/** A whole number in decimal digits, both ends included. */
export function parseInteger(minimum: number, maximum: number): ParseOption<number> {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= minimum && value <= maximum) return { value };
    return { rule: `a whole number from ${minimum} to ${maximum}` };
  };
}

const BYTES_BY_UNIT: Readonly<Record<string, number>> = { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** A size such as `33554432` or `32MiB`, in bytes. */
export function parseByteSize(minimumBytes: number, maximumBytes: number): ParseOption<number> {
  return (text) => {
    const match = /^(\d{1,15})(KiB|MiB|GiB|)$/.exec(text);
    const value = match === null ? Number.NaN : Number(match[1]) * (BYTES_BY_UNIT[match[2] ?? ''] ?? Number.NaN);
    if (value >= minimumBytes && value <= maximumBytes) return { value };
    return { rule: `a size from ${minimumBytes} to ${maximumBytes} bytes, such as 1048576 or 1MiB (units: KiB, MiB, GiB)` };
  };
}

const MILLISECONDS_BY_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A duration such as `500ms`, `30s`, `2m`, in milliseconds. */
export function parseDurationMs(minimumMs: number, maximumMs: number): ParseOption<number> {
  return (text) => {
    const match = /^(\d{1,12})(ms|s|m|h)$/.exec(text);
    const value = match === null ? Number.NaN : Number(match[1]) * (MILLISECONDS_BY_UNIT[match[2] ?? ''] ?? Number.NaN);
    if (value >= minimumMs && value <= maximumMs) return { value };
    return { rule: `a duration from ${minimumMs}ms to ${maximumMs}ms, such as 500ms, 30s or 2m` };
  };
}

export function parseChoice<const T extends string>(...choices: readonly T[]): ParseOption<T> {
  return (text) => {
    const value = choices.find((choice) => choice === text);
    return value === undefined ? { rule: `one of ${choices.join(', ')}` } : { value };
  };
}

/** Names of databases and tables: `[a-zA-Z0-9_.-]+`, at most 256 bytes (API model; "Quotas", naming constraints). Empty: not given. */
export const parseTimestreamName: ParseOption<string> = (text) =>
  text === '' || /^[a-zA-Z0-9_.-]{1,256}$/.test(text)
    ? { value: text }
    : { rule: 'a Timestream name: 1 to 256 of the characters a-z A-Z 0-9 _ . -' };

export const parseRegion: ParseOption<string> = (text) =>
  /^[a-z]{2,}(-[a-z0-9]+)+$/.test(text) ? { value: text } : { rule: 'the code of an AWS region, such as us-east-1' };

/** An absolute http(s) URL without path; empty: not given. */
export const parseBaseEndpoint: ParseOption<string> = (text) => {
  if (text === '') return { value: '' };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOrigin = url !== undefined && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '' && url.hash === '';
  return isOrigin && url.username === ''
    ? { value: url.origin }
    : { rule: 'an http or https address without a path, such as https://vpce-0.example.com' };
};

export interface ListenAddress {
  /** Undefined: all addresses of the machine, IPv4 and IPv6. */
  readonly host: string | undefined;
  /** 0: any free port. */
  readonly port: number;
}

/** `host:port`, `[v6]:port` or `:port`, as Go's `net.Listen` takes it. */
export const parseListenAddress: ParseOption<ListenAddress> = (text) => {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3] ?? Number.NaN);
  if (match === null || port > 65_535) return { rule: 'an address such as :9201, 127.0.0.1:9201 or [::1]:9201' };
  return { value: { host: match[1] ?? (match[2] === '' ? undefined : match[2]), port } };
};

export const parseUrlPath: ParseOption<string> = (text) =>
  /^\/[A-Za-z0-9._~/-]+$/.test(text) ? { value: text } : { rule: 'a path that starts with /, such as /metrics' };

/** A path without a slash at its end; empty, or `/`: none. */
export const parseBasePath: ParseOption<string> = (text) => {
  if (text === '' || text === '/') return { value: '' };
  return /^(\/[A-Za-z0-9._~-]+)+$/.test(text)
    ? { value: text }
    : { rule: 'a path that starts with / and does not end with one, such as /prom' };
};

/** "Namespace … 1 to 255 characters: 0-9 A-Z a-z . - _ / # :" and not AWS/ ("Concepts", CloudWatch guide). Empty: none. */
export const parseMetricsNamespace: ParseOption<string> = (text) =>
  text === '' || (/^[\w.\-/#:]{1,255}$/.test(text) && !text.startsWith('AWS/'))
    ? { value: text }
    : { rule: 'a CloudWatch namespace: up to 255 of the characters a-z A-Z 0-9 . - _ / # : and not AWS/…' };

/** A file or directory name; empty: not given. */
export const parseFileName: ParseOption<string> = (text) => ({ value: text });

export interface StaticKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** `id:secret`, several joined by commas; empty: not given. */
export const parseStaticKeys: ParseOption<readonly StaticKey[]> = (text) => {
  if (text === '') return { value: [] };
  const keys = text.split(',').map((pair) => {
    const colon = pair.indexOf(':');
    return { accessKeyId: pair.slice(0, Math.max(colon, 0)).trim(), secretAccessKey: pair.slice(colon + 1).trim() };
  });
  const isComplete = keys.every((key) => /^[\w-]+$/.test(key.accessKeyId) && key.secretAccessKey !== '');
  return isComplete ? { value: keys } : { rule: 'one or more pairs id:secret, joined by commas' };
};
