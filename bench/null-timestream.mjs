/**
 * A Timestream that stores nothing: it answers each WriteRecords call after a fixed time, and says that all of its records were stored. It is a
 * program of its own, so that its work is not counted as the connector's. Argument: the time in milliseconds.
 */
import { createServer } from 'node:http';
import { countRecords } from './count-records.mjs';

const latencyMs = Number(process.argv[2] ?? 0);
let calls = 0;
let records = 0;
let bytes = 0;

const server = createServer((request, response) => {
  /** @type {Buffer[]} */
  const chunks = [];
  request.on('data', (/** @type {Buffer} */ chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    const isWrite = String(request.headers['x-amz-target']).endsWith('WriteRecords');
    const answer = () => {
      response.setHeader('content-type', 'application/x-amz-json-1.0');
      if (!isWrite) {
        response.statusCode = 403;
        response.end('{"__type":"AccessDeniedException","message":"this Timestream only takes writes"}');
        return;
      }
      calls += 1;
      bytes += body.length;
      const count = countRecords(body);
      records += count;
      response.end(`{"RecordsIngested":{"Total":${count},"MemoryStore":${count},"MagneticStore":0}}`);
    };
    if (latencyMs > 0) setTimeout(answer, latencyMs);
    else answer();
  });
});
server.listen(0, '127.0.0.1', () => process.send?.(server.address()));
process.on('message', () => process.send?.({ calls, records, bytes }));
process.on('disconnect', () => process.exit());
