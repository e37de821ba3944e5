import type { CallQueue } from '../concurrency/call-queue.js';
import type { Clock, RecordWriter } from '../ports.js';

/** The same writer, which tells the queue of calls how long each call takes. */
export function timedWriter(writer: RecordWriter, calls: Pick<CallQueue, 'noteCall'>, clock: Clock): RecordWriter {
  return {
    async write(batch, signal) {
      const startMs = clock.nowMs();
      try {
        return await writer.write(batch, signal);
      } finally {
        calls.noteCall(clock.nowMs() - startMs, signal.aborted);
      }
    },
  };
}
