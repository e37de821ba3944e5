import { ConnectorError } from '../errors/connector-error.js';
import type { Storage } from '../ports.js';

/**
 * Storage with credentials that are not of the sender: the process' own, or a role or profile that a user is mapped to. If AWS takes them no longer (a session that
 * ended between two calls, a key that was replaced), nothing is wrong with what was sent, and its sender has nothing to put right: it is to come again. With a key of the
 * sender's own the same is final.
 */
export function withOwnCredentials(storage: Storage): Storage {
  return {
    async write(batch, signal, turn) {
      try {
        return await storage.write(batch, signal, turn);
      } catch (error) {
        throw meaningOf(error);
      }
    },
    async *query(sql, signal) {
      try {
        yield* storage.query(sql, signal);
      } catch (error) {
        throw meaningOf(error);
      }
    },
    close: () => storage.close(),
  };
}

function meaningOf(error: unknown): unknown {
  if (!(error instanceof ConnectorError) || error.code !== 'invalid-credentials') return error;
  return new ConnectorError('server-credentials-unavailable', error.message, { cause: error.cause });
}
