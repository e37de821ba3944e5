import type { Clock, Config, Logger } from '@timestream-prometheus/connector';

export interface JsonLoggerOptions {
  readonly level: Config['logLevel'];
  readonly isEnabled: boolean;
  readonly writeLine: (line: string) => void;
  readonly clock: Clock;
  /** Lambda's id of the invocation in progress; undefined outside of one. */
  readonly requestId: () => string | undefined;
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** Field names whose values never reach a log, whoever hands them over. */
const SECRET_FIELD = /secret|password|authorization|credential|sessiontoken|accesskey(?!id)/i;

/**
 * One JSON object a line, with the fields that Lambda's own JSON log format has (`timestamp`, `level`, `message`, `requestId`), so that
 * Logs Insights reads both alike.
 */
export function createJsonLogger({ level, isEnabled, writeLine, clock, requestId }: JsonLoggerOptions): Logger {
  const least = LEVELS.indexOf(level);
  const logAt = (name: (typeof LEVELS)[number]) => {
    if (!isEnabled || LEVELS.indexOf(name) < least) return () => undefined;
    return (fields: object, message: string): void => {
      const head = { timestamp: new Date(clock.nowMs()).toISOString(), level: name.toUpperCase(), message, requestId: requestId() };
      writeLine(encodeLine(fields, head));
    };
  };
  // oxlint-disable-next-line id-denylist -- the port has pino's method names
  return { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') };
}

function encodeLine(fields: object, head: object): string {
  try {
    return JSON.stringify({ ...fields, ...head }, toLoggable);
  } catch {
    // An object of someone else's that refers to itself. The message must not be lost over it.
    return JSON.stringify({ ...head, unloggableFields: Object.keys(fields) });
  }
}

function toLoggable(name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) {
    const { code } = value as { code?: unknown };
    return { name: value.name, message: value.message, ...(code === undefined ? {} : { code }), stack: value.stack, cause: value.cause };
  }
  return SECRET_FIELD.test(name) && typeof value === 'string' ? '***' : value;
}
