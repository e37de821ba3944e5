import { connect } from 'node:net';
import { encodeSnappy, encodeWriteRequest } from '@timestream-prometheus/prom-codec';
import { requestsOfInput } from './inputs/requests.mjs';
import { samplesOf } from './inputs/series.mjs';
import { BASIC, mainThreadCpuMsOf, startNullTimestream, startServer, stop } from './processes.mjs';

/** @typedef {import('./cases.mjs').CrowdCase} CrowdCase */
/** @typedef {import('./programs.mjs').Programs} Programs */

const SETTLE_MS = 300;
const TIMEOUT_MS = 60_000;

/**
 * A health check behind a crowd: while the server stands still (SIGSTOP), senders connect, each over a connection of its own, and send a write; a probe comes last.
 * Then the server goes on. What it does before the probe has its answer is processor time of its event loop, which other programs of the machine disturb less
 * than they do the time on the clock. In fresh processes.
 *
 * @param {CrowdCase} crowdCase
 * @param {Programs} programs
 * @param {readonly string[]} flags of the server
 * @returns {Promise<Record<string, number>>}
 */
export async function runCrowdCase({ input, connections, latencyMs, flags: caseFlags = [], nodeFlags = [] }, programs, flags) {
  const storage = await startNullTimestream(latencyMs);
  const server = await startServer(programs.server, {
    writeUrl: storage.url,
    flags: ['--log.level=error', ...caseFlags, ...flags],
    nodeFlags,
  });
  const { child } = server;
  const { port } = new URL(server.url);
  try {
    const sets = requestsOfInput(input);
    const bodies = sets.map((series, number) =>
      Buffer.from(encodeSnappy(encodeWriteRequest({ timeseries: samplesOf(series, number, Date.now()), metadata: [] }))),
    );
    /** @type {(text: string, body?: Uint8Array) => import('node:net').Socket} */
    const open = (text, body) => {
      const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
      socket.write(text);
      if (body !== undefined) socket.write(body);
      return socket;
    };
    const write = (/** @type {Buffer} */ body) =>
      open(
        `POST /write HTTP/1.1\r\nhost: crowd\r\nauthorization: ${BASIC}\r\ncontent-type: application/x-protobuf\r\ncontent-encoding: snappy\r\ncontent-length: ${body.length}\r\n\r\n`,
        body,
      );
    // The code of a probe and of a write has run before.
    await firstAnswer(write(bodies[0] ?? Buffer.of()));
    await firstAnswer(open('GET /-/healthy HTTP/1.1\r\nhost: probe\r\n\r\n'));
    child.kill('SIGSTOP');
    let answered = 0;
    const crowd = Array.from({ length: connections }, (_, index) => {
      const socket = write(bodies[index % bodies.length] ?? Buffer.of());
      return firstAnswer(socket).then((status) => {
        answered += 1;
        return status;
      });
    });
    const probe = open('GET /-/healthy HTTP/1.1\r\nhost: probe\r\n\r\n');
    const healthy = firstAnswer(probe);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const startMs = performance.now();
    const startCpuMs = mainThreadCpuMsOf(child) ?? NaN;
    child.kill('SIGCONT');
    const status = await healthy;
    const healthyMs = performance.now() - startMs;
    const healthyCpuMs = (mainThreadCpuMsOf(child) ?? NaN) - startCpuMs;
    const answeredBefore = answered;
    const statuses = await Promise.all(crowd);
    return {
      isHealthy: status === 200 ? 1 : 0,
      answeredBefore,
      healthyCpuMs,
      healthyMs,
      crowdCpuMs: (mainThreadCpuMsOf(child) ?? NaN) - startCpuMs,
      crowdMs: performance.now() - startMs,
      acknowledged: statuses.filter((answer) => answer === 204).length,
      refused: statuses.filter((answer) => answer === 503).length,
      peakMib: server.peakMib() ?? NaN,
    };
  } finally {
    child.kill('SIGCONT');
    await Promise.all([stop(child), stop(storage.child)]);
  }
}

/**
 * The status of the answer; 0 if there was none. Ends the connection.
 *
 * @param {import('node:net').Socket} socket
 * @returns {Promise<number>}
 */
function firstAnswer(socket) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.destroy(), TIMEOUT_MS);
    socket.once('data', (chunk) => {
      resolve(Number(chunk.toString('latin1', 9, 12)));
      socket.destroy();
    });
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(0);
    });
  });
}
