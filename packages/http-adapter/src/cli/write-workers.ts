import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Config, ConnectorOptions, WorkerThread } from '@timestream-prometheus/connector';

const MEBIBYTE = 1024 * 1024;

/** Made by the build, beside this file. */
const workerFile = new URL('./write-worker.js', import.meta.url);

/** What a thread has before its first request, and a reserve. */
const BASE_MIB = 96;

/** How to start a thread for writes; undefined if there is none to be run, as in sources that were not built. */
export function writeWorkersOf(config: Config): ConnectorOptions['writeWorkers'] {
  return existsSync(workerFile) ? { start: () => startWriteWorker(config) } : undefined;
}

function startWriteWorker({ seriesCacheBytes, maxDecodedBytesInFlight, maxDecodedBytes, maxWriteConcurrency }: Config): WorkerThread {
  const inFlightBytes = Math.max(maxDecodedBytesInFlight, 4 * maxDecodedBytes);
  const worker = new Worker(workerFile, {
    name: 'write-worker',
    // All requests may be one thread's: then it has what docs/capacity.md gives to the process. Beyond that the thread ends, and not the process.
    resourceLimits: {
      maxOldGenerationSizeMb: BASE_MIB + Math.ceil((2 * (seriesCacheBytes + inFlightBytes)) / MEBIBYTE) + 2 * maxWriteConcurrency,
    },
  });
  return {
    post: (message, transferred) => {
      worker.postMessage(message, transferred);
    },
    listen: (onMessage) => void worker.on('message', onMessage),
    onEnd: (onEnd) => {
      worker.once('error', (error) => onEnd(error instanceof Error ? error : new Error(String(error))));
      worker.once('exit', (code) => onEnd(new Error(`the thread ended with code ${code}`)));
    },
    stop: () => void worker.terminate(),
  };
}
