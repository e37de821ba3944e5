import { startCandidate, stop } from './processes.mjs';

/** @typedef {import('./programs.mjs').Programs} Programs */

/** V8 collects what the start has left behind when nothing has happened for a while. */
const REST_MS = 60_000;

/**
 * The memory of a server that nobody asks anything. In a fresh process.
 *
 * @param {Programs} programs
 * @param {readonly string[]} flags of the server
 * @returns {Promise<Record<string, number>>}
 */
export async function runRestCase(programs, flags) {
  // Nothing listens there, and nothing calls it.
  const server = await startCandidate(programs, { writeUrl: 'http://127.0.0.1:9', flags });
  try {
    const startMib = server.restMib();
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    const restMib = server.restMib();
    if (startMib === undefined || restMib === undefined) throw new Error('only Linux says how much memory a process has');
    return { startMib, restMib };
  } finally {
    await stop(server.child);
  }
}
