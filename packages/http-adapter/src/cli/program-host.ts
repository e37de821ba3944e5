import type { DestinationStream } from 'pino';
import type { ServingConnector } from './start-serving.js';

/** What a command needs of the process that it runs in. */
export interface ProgramHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  writeOut(text: string): void;
  writeErr(text: string): void;
  /** One line from standard input, without its line end; a terminal shows the prompt and not what is typed. */
  readSecret(prompt: string): Promise<string>;
  /** Whether a person watches standard error: progress is shown then. */
  readonly isErrTerminal: boolean;
  readonly log: DestinationStream;
  /** Called once when the server listens; resolves when it is time to stop. */
  waitForStop(serving: ServingConnector): Promise<void>;
  /** Aborted when it is time to stop. */
  readonly stopSignal: AbortSignal;
}
