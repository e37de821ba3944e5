/** The part of an SDK command that takes middleware; each command has a stack of its own. */
interface CommandWithMiddleware {
  readonly middlewareStack: {
    add(middleware: (next: (args: never) => Promise<unknown>) => (args: never) => Promise<unknown>, options: object): void;
  };
}

/**
 * Tells of every attempt of a call that fails, those included that the SDK makes again: when a call is given up in the middle, the SDK says only
 * that it was given up.
 */
export function noteAttempts(command: unknown, onFailure: (error: unknown) => void): void {
  (command as CommandWithMiddleware).middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        onFailure(error);
        throw error;
      }
    },
    // Of this step the SDK's retry middleware comes first, so this one is called for each attempt.
    { step: 'finalizeRequest', priority: 'low', name: 'noteAttempts' },
  );
}
