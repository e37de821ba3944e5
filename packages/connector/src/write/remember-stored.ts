import type { RecordWriter } from '../ports.js';
import type { StoredBatches } from './stored-batches.js';

/** The same writer, which makes no call for a batch that is known to be stored. */
export function rememberStored(writer: RecordWriter, stored: StoredBatches): RecordWriter {
  return {
    async write(batch, signal, turn) {
      if (stored.has(batch)) return { rejected: [], wasStored: true };
      const outcome = await writer.write(batch, signal, turn);
      if (outcome.rejected.length === 0) stored.note(batch);
      return outcome;
    },
  };
}
