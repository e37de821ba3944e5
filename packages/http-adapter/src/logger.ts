import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';
import { createLogfmtStream } from './logfmt.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFormat = 'logfmt' | 'json';

export interface LoggerOptions {
  /** False silences everything. */
  readonly enabled: boolean;
  readonly level: LogLevel;
  readonly format: LogFormat;
}

/** Longest chain of causes that is written; a cycle ends here too. */
const maxCauses = 4;

/**
 * An error as a closed set of fields. pino's own serializer copies every property of an error, and those of the AWS SDK carry whole
 * requests: what is not named here is never written.
 */
function serializeError(error: unknown, depth = 0): object | string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : typeof error;
  const code: unknown = 'code' in error ? error.code : undefined;
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(depth === 0 && error.stack !== undefined ? { stack: error.stack } : {}),
    ...(error.cause !== undefined && depth < maxCauses ? { cause: serializeError(error.cause, depth + 1) } : {}),
  };
}

/** Field names whose values are never written, at the top of a record or one level down. */
const secretFields = ['authorization', 'Authorization', 'secretAccessKey', 'password', 'credentials', 'sessionToken'];

/** A pino logger for the connector and for Fastify. `destination` is standard error in the program. */
export function createLogger(options: LoggerOptions, destination: DestinationStream): Logger {
  return pino(
    {
      enabled: options.enabled,
      level: options.level,
      base: null,
      timestamp: () => stdTimeFunctions.isoTime().replace('"time"', '"ts"'),
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => serializeError(error), error: (error: unknown) => serializeError(error) },
      redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
    },
    options.format === 'logfmt' ? createLogfmtStream(destination) : destination,
  );
}
