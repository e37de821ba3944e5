import { Agent } from 'node:http';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contradictionOf } from '../fuzz/judge-answer.js';
import { KNOWN_CASES } from '../fuzz/known-cases.js';
import { describeCounts, describeFindings, ROUND_CASES, runFuzz, sendFuzzRequest } from '../fuzz/run-fuzz.js';
import { destinationArguments } from '../harness/destination-arguments.js';
import { startConnector, type RunningConnector } from '../harness/start-connector.js';
import { createTimestreamProcess, type TimestreamProcess } from '../harness/timestream-process.js';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const given = process.env['CASES'];
/** `CASES=1000000` makes the long run, `DURATION_MINUTES` ends it earlier. In a usual one the time decides when the machine is slow. */
const cases = Number(given ?? (process.env['PROPERTY_RUNS'] === 'few' ? 5_000 : 30_000));
const minutes = Number(process.env['DURATION_MINUTES'] ?? (given === undefined ? 25 / 60 : 24 * 60));
/** The timeouts of the connector, and as much again for a machine that is busy. */
const maxAnswerMs = 60_000;

describe(`broken requests of every kind against the running server (SEED=${seed}, CASES=${cases})`, () => {
  let timestream: TimestreamProcess;
  let connector: RunningConnector;

  beforeAll(async () => {
    timestream = await createTimestreamProcess({ database: 'metrics', table: 'samples' });
    connector = await startConnector({
      storage: 'aws',
      extraArguments: [
        ...destinationArguments({ url: timestream.url, database: 'metrics', table: 'samples' }),
        '--region=us-east-1',
        '--log.level=error',
        '--read-timeout=30s',
        '--write-timeout=25s',
      ],
    });
  });

  afterAll(async () => {
    await connector.program.stop();
    await timestream.stop();
    rmSync(connector.dataDir, { recursive: true, force: true });
  });

  it.each(KNOWN_CASES.map((known) => [known.name, known] as const))('answers as it should: %s', async (_name, known) => {
    const agent = new Agent();
    const answer = await sendFuzzRequest(connector.port, agent, known);
    agent.destroy();
    expect(answer.status, answer.text).toBe(known.status);
    expect(contradictionOf(known, answer, maxAnswerMs)).toBeUndefined();
  });

  it(
    'is answered within its time, never from inside, and leaves the server as it was',
    async () => {
      const startedMs = performance.now();
      const report = await runFuzz(connector, {
        seed,
        cases,
        maxDurationMs: minutes * 60_000,
        maxAnswerMs,
        // Names are mutated too, so the table gets another column with every few writes, and the slower each query becomes.
        async onRoundEnd(soFar) {
          expect(connector.program.hasExited(), connector.program.output()).toBe(false);
          await timestream.reset();
          const perSecond = Math.round((soFar.sent / (performance.now() - startedMs)) * 1000);
          if (soFar.sent % (ROUND_CASES * 10) === 0) process.stdout.write(`${describeCounts(soFar)}; ${perSecond} a second\n`);
        },
      });
      process.stdout.write(`SEED=${seed}: ${describeCounts(report)}\n`);
      expect(report.findings, describeFindings(report)).toEqual([]);
      expect(connector.program.hasExited(), connector.program.output()).toBe(false);
      // A defect that was caught is logged with its stack.
      expect(connector.program.output()).not.toContain('level=error');
      expect((await fetch(`${connector.url}/-/ready`)).status).toBe(200);
      // A run in which everything was refused at the door has tried nothing.
      for (const status of [200, 204, 400]) expect(report.byStatus.get(status) ?? 0, String(status)).toBeGreaterThan(0);
    },
    24 * 3_600_000,
  );
});
