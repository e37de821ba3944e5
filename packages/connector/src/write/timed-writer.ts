import type { CallQueue } from '../concurrency/call-queue.js';
import type { CallTurn, Clock, RecordWriter } from '../ports.js';

/** The same writer, which tells the queue of calls how long each call takes: as long as it has its place. */
export function timedWriter(writer: RecordWriter, calls: Pick<CallQueue, 'noteCall'>, clock: Clock): RecordWriter {
  return {
    async write(batch, signal, turn) {
      const startMs = clock.nowMs();
      let pausedMs = 0;
      const timedTurn: CallTurn | undefined = turn && {
        async pause(wait) {
          const pausedAtMs = clock.nowMs();
          await turn.pause(wait);
          pausedMs += clock.nowMs() - pausedAtMs;
        },
      };
      try {
        return await writer.write(batch, signal, timedTurn);
      } finally {
        calls.noteCall(clock.nowMs() - startMs - pausedMs, signal.aborted);
      }
    },
  };
}
