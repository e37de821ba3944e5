import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { ThreadPort, WorkerThread, WriteWorkerOptions } from '../../src/index.js';
import { serveWrites } from '../../src/workers/serve-writes.js';

/** A worker of a test: everything goes over as it does between threads, but both ends are in this one, which runs the sources. */
export interface WorkerBeside {
  readonly thread: WorkerThread;
  /** Ends the thread as if it had run out of memory. */
  die(): void;
}

export function startWorkerBeside(): WorkerBeside {
  const { port1, port2 } = new MessageChannel();
  const listeners = new Set<(reason: Error) => void>();
  let hasEnded = false;
  const end = (reason: Error): void => {
    if (hasEnded) return;
    hasEnded = true;
    port1.close();
    for (const listener of listeners) listener(reason);
  };
  serveWrites(portOf(port2));
  return {
    thread: {
      ...portOf(port1),
      onEnd: (listener) => void listeners.add(listener),
      stop: () => {
        end(new Error('stopped'));
      },
    },
    die: () => {
      end(new Error('out of memory'));
    },
  };
}

/** For every write, however small. */
export const WORKERS_BESIDE: WriteWorkerOptions = { start: () => startWorkerBeside().thread, minBodyBytes: 0 };

function portOf(port: MessagePort): ThreadPort {
  return {
    post: (message, transferred) => {
      port.postMessage(message, transferred);
    },
    listen: (onMessage) => void port.on('message', onMessage),
  };
}
