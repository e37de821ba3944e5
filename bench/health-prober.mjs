/**
 * Asks a server over and over whether it is healthy, and measures how long the answers take. A program of its own, so that what else the sender does is not
 * counted. Argument: the address.
 */
import { request } from 'node:http';
import { clearInterval, setInterval } from 'node:timers';

const POLL_MS = 50;
const url = process.argv[2] ?? '';
/** @type {number[]} */
const delaysMs = [];

const probe = () => {
  const beforeMs = performance.now();
  // Of each question that is not answered it is known how long it has waited so far.
  const index = delaysMs.push(NaN) - 1;
  const note = (/** @type {boolean} */ isHealthy) => {
    delaysMs[index] = isHealthy ? performance.now() - beforeMs : Infinity;
  };
  request(url, (response) => {
    response.resume();
    response.on('end', () => note(response.statusCode === 200));
  })
    .on('error', () => note(false))
    .end();
};
const timer = setInterval(probe, POLL_MS);
process.on('message', () => {
  clearInterval(timer);
  const waitForAll = setInterval(() => {
    if (delaysMs.some(Number.isNaN)) return;
    clearInterval(waitForAll);
    process.send?.(delaysMs.sort((left, right) => left - right));
  }, POLL_MS);
});
process.on('disconnect', () => process.exit());
