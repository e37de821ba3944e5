import { parentPort } from 'node:worker_threads';
import { serveWrites } from '@timestream-prometheus/connector/write-worker';
import { loadNativeSnappy } from '../native-snappy.js';

/** What a worker thread runs. It imports no more than its work needs: each thread loads all of it anew. */
const port = parentPort;
if (port === null) throw new Error('this is no program: it runs in a worker thread of the server');
serveWrites(
  {
    post: (message, transferred) => {
      port.postMessage(message, transferred);
    },
    listen: (onMessage) => void port.on('message', onMessage),
  },
  { uncompressSnappy: await loadNativeSnappy() },
);
