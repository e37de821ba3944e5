/** What this server needs of a logger; a pino logger is one. */
export interface EmbeddedLogger {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const ignore = (): void => undefined;

export const silentLogger: EmbeddedLogger = { debug: ignore, warn: ignore, error: ignore };
