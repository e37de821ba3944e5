import { existsSync, openSync, readSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded into a program by `--import`: writes into the file that LONGEST_TURN_FILE names how many milliseconds of processor time the longest turn
 * of its event loop has taken so far. A timer that is due runs in every turn, so between two of its runs there is no more than one long turn. The
 * time is what the thread itself ran (`/proc/<pid>/task/<tid>/schedstat`, the first number, nanoseconds): other programs on a busy machine
 * do not count.
 */
const file = process.env['LONGEST_TURN_FILE'];
if (file !== undefined && isMainThread) {
  const schedstat = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  const bytes = Buffer.alloc(128);
  const ranNs = () => Number.parseInt(bytes.toString('latin1', 0, readSync(schedstat, bytes, 0, bytes.length, 0)), 10);
  let lastNs = ranNs();
  let longestNs = 0;
  // Whoever removes the file begins anew.
  setInterval(() => {
    if (!existsSync(file)) longestNs = 0;
  }, 50).unref();
  setInterval(() => {
    const nowNs = ranNs();
    if (nowNs - lastNs > longestNs) {
      longestNs = nowNs - lastNs;
      writeFileSync(file, String(longestNs / 1e6));
    }
    lastNs = ranNs();
  }, 1).unref();
}
