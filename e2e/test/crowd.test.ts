import { describe, expect, it } from 'vitest';
import { runCrowd } from '../crowd/run-crowd.js';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
/** `REQUESTS=10000` makes the long run. */
const requests = Number(process.env['REQUESTS'] ?? (process.env['PROPERTY_RUNS'] === 'few' ? 300 : 600));
const isLong = requests > 2_000;

describe(`several tenants in a crowd while their keys, tokens and passwords are replaced (SEED=${seed}, REQUESTS=${requests})`, () => {
  it(
    'see nothing of each other in any answer, row, call, log line or metric, and leave no secret behind',
    async () => {
      const report = await runCrowd({ seed, requests, inFlight: isLong ? 200 : 60 });
      const { leaks, byStatus, answersWithOwn, ...counts } = report;
      const statuses = Array.from(byStatus, ([status, count]) => `${status}: ${count}`).sort();
      process.stdout.write(
        `SEED=${seed}: ${statuses.join(', ')}; ${JSON.stringify({ ...counts, ...Object.fromEntries(answersWithOwn) })}\n`,
      );
      expect(leaks, leaks.join('\n')).toEqual([]);
      // A crowd of which nobody got in, or in which nothing was tried, has proved nothing.
      for (const entrance of ['account', 'token', 'password', 'gateway-header', 'gateway-path'] as const)
        expect(answersWithOwn.get(entrance) ?? 0, entrance).toBeGreaterThan(0);
      for (const status of [200, 204, 400, 401, 403]) expect(byStatus.get(status) ?? 0, String(status)).toBeGreaterThan(0);
      expect(counts.refusedRevoked).toBeGreaterThan(0);
      expect(counts.refusedCrossed).toBeGreaterThan(0);
      expect(counts.samplesAcknowledged).toBeGreaterThan(0);
      expect(counts.secretsInUse).toBeGreaterThan(0);
      // What is answered below 500 is answered for good; a crowd is not refused for being one.
      expect([...byStatus.keys()].filter((status) => status >= 500 && status !== 503)).toEqual([]);
    },
    isLong ? 3_600_000 : 300_000,
  );
});
