import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { CallQueue } from '../../src/concurrency/call-queue.js';
import { deadlineError } from '../../src/concurrency/deadline.js';
import { asConnectorError } from '../../src/errors/connector-error.js';
import type { MetricsSink, RecordWriter } from '../../src/ports.js';
import { timedWriter } from '../../src/write/timed-writer.js';
import { writeBatches, type SourcedBatch } from '../../src/write/write-batches.js';
import { WriteTally } from '../../src/write/write-tally.js';
import { testConfig } from '../support/connector-fixture.js';

/** Time that passes only when all else waits. */
class VirtualTime {
  nowMs = 0;
  #alarms: { readonly atMs: number; readonly ring: () => void }[] = [];

  at(atMs: number, ring: () => void): void {
    const place = this.#alarms.findIndex((alarm) => alarm.atMs > atMs);
    this.#alarms.splice(place < 0 ? this.#alarms.length : place, 0, { atMs, ring });
  }

  sleep(durationMs: number): Promise<void> {
    return new Promise((resolve) => this.at(this.nowMs + durationMs, resolve));
  }

  async runTo(endMs: number): Promise<void> {
    for (;;) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const next = this.#alarms.shift();
      if (next === undefined || next.atMs > endMs) return;
      this.nowMs = next.atMs;
      next.ring();
    }
  }
}

const METRICS: MetricsSink = { add: () => undefined, move: () => undefined, observe: () => undefined };
const BATCH: SourcedBatch = {
  batch: { CommonAttributes: undefined, Records: [{ Time: '1' }], sources: [{ seriesIndex: 0, sampleIndex: 0 }] },
  columns: {
    labelSets: [],
    sampleEnds: new Uint32Array(),
    timestampsMs: new Float64Array(),
    values: new Float64Array(),
    valueBits: new BigUint64Array(),
    histograms: [],
    exemplars: [],
  },
};

const CALLS_IN_FLIGHT = 32;
const CALLS_OF_REQUEST_IN_FLIGHT = testConfig({}).maxWriteConcurrencyPerRequest;
const CALL_MS = 2_000;
const CALLS_PER_REQUEST = 20;
const WRITE_TIMEOUT_MS = 25_000;
const DURATION_MS = 60_000;
const SENDERS = 50;

describe('an overload', () => {
  it('leaves nine tenths of what the calls in flight can store acknowledged, and no request misses its deadline', async () => {
    const time = new VirtualTime();
    const clock = { nowMs: () => time.nowMs };
    const queue = new CallQueue({ maxConcurrency: CALLS_IN_FLIGHT, maxConcurrencyPerRequest: CALLS_OF_REQUEST_IN_FLIGHT, clock });
    const timestream: RecordWriter = {
      async write(_, signal) {
        await time.sleep(CALL_MS);
        signal.throwIfAborted();
        return { rejected: [] };
      },
    };
    const count = { acknowledged: 0, refused: 0, late: 0 };
    const write = async () => {
      const deadlineMs = time.nowMs + WRITE_TIMEOUT_MS;
      const aborting = new AbortController();
      setMaxListeners(0, aborting.signal);
      time.at(deadlineMs, () => aborting.abort(deadlineError(WRITE_TIMEOUT_MS, 'write-timeout')));
      queue.assertHope({ tenant: 'any', deadlineMs });
      const place = queue.reserve({ tenant: 'any', callCount: CALLS_PER_REQUEST, deadlineMs });
      if (!place.isNear()) await place.waitUntilNear(CALLS_PER_REQUEST, aborting.signal);
      const share = place.open({ callCount: CALLS_PER_REQUEST, deadlineMs });
      const tally = new WriteTally();
      await writeBatches(batches(), tally, {
        writer: timedWriter(timestream, queue, clock),
        calls: share,
        maxConcurrency: CALLS_OF_REQUEST_IN_FLIGHT,
        metrics: METRICS,
        signal: aborting.signal,
        expectAgain: () => undefined,
        onStored: () => undefined,
      });
      share.close();
      if (tally.failure !== undefined) throw tally.failure;
    };
    const send = async (sender: number) => {
      // They come one after the other, as bodies over a network do.
      await time.sleep(sender);
      for (;;) {
        try {
          await write();
          count.acknowledged += 1;
        } catch (error) {
          const { code, retryAfterSeconds = 1 } = asConnectorError(error);
          if (code === 'overloaded') count.refused += 1;
          else count.late += 1;
          await time.sleep(retryAfterSeconds * 1_000);
        }
        await time.sleep(10);
      }
    };
    for (let sender = 0; sender < SENDERS; sender++) void send(sender);
    await time.runTo(DURATION_MS);
    const storable = (CALLS_IN_FLIGHT * DURATION_MS) / CALL_MS / CALLS_PER_REQUEST;
    expect(count.acknowledged / storable).toBeGreaterThan(0.95);
    expect(count.refused).toBeGreaterThan(0);
    expect(count.late).toBe(0);
  });
});

// oxlint-disable-next-line typescript/require-await -- `writeBatches` takes what may have to wait
async function* batches(): AsyncGenerator<SourcedBatch, void, undefined> {
  for (let call = 0; call < CALLS_PER_REQUEST; call++) yield BATCH;
}
