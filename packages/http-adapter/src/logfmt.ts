import type { DestinationStream } from 'pino';

/** A bare word needs no quotes: nothing in it could end the value, start a quote or break the line. */
const bareWord = /^[^\s"=\\\p{Cc}]+$/u;

function formatValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return bareWord.test(text) ? text : JSON.stringify(text);
}

function formatPairs(fields: object, prefix: string): string[] {
  return Object.entries(fields).flatMap(([key, value]: [string, unknown]) => {
    const name = `${prefix}${key.replace(/[\s"=\p{Cc}]/gu, '_')}`;
    if (value === null || value === undefined) return [];
    if (typeof value === 'object' && !Array.isArray(value)) return formatPairs(value, `${name}.`);
    return [`${name}=${formatValue(value)}`];
  });
}

/** One record as a logfmt line: `key=value` pairs, nested keys joined by dots, values quoted as JSON where they must be. */
export function formatLogfmt(record: object): string {
  return `${formatPairs(record, '').join(' ')}\n`;
}

/** A pino destination that writes logfmt, Prometheus' own default form, instead of JSON. */
export function createLogfmtStream(destination: DestinationStream): DestinationStream {
  return {
    write(line) {
      destination.write(formatLogfmt(JSON.parse(line) as object));
    },
  };
}
