import { rmSync } from 'node:fs';
import { Agent, request as startRequest } from 'node:http';
import { decodeStreamedAnswer, PROTOCOL_HEADERS, query, readBody, STREAMED_FIRST } from '@timestream-prometheus/connector-testing';
import { afterEach, describe, expect, it } from 'vitest';
import { createSeededRandom } from '../differential/seeded-random.js';
import { destinationArguments } from '../harness/destination-arguments.js';
import { eventually } from '../harness/child-program.js';
import { freePort } from '../harness/free-port.js';
import { writeUntilStored } from '../harness/remote-client.js';
import { accessKeyId, basicAuthorization, secretAccessKey, startConnector, type RunningConnector } from '../harness/start-connector.js';
import { createTimestreamProcess, type TimestreamProcess } from '../harness/timestream-process.js';
import { series } from '../differential/series-text.js';
import { startFaultProxy, type FaultProxy, type ProxyFault } from '../ledger/fault-proxy.js';
import { generateRequests } from '../ledger/generate-requests.js';
import { sendLikePrometheus } from '../ledger/prometheus-sender.js';
import { readTable } from '../ledger/run-ledger.js';
import { SampleLedger } from '../ledger/sample-ledger.js';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const DATABASE = 'metrics';
const TABLE = 'samples';
const SENDERS = 6;
const READERS = 3;
const SAMPLES = 6_000;
const SAMPLES_PER_REQUEST = 100;
const STREAMED_SERIES = 3_000;
const authorization = basicAuthorization();

/** The stop of what is in flight has 25 s (docs/systemd.md), the end of the storage 4 s; as much again for a machine that is busy. */
const STOP_MS = 58_000;

/** A streamed answer that came whole, one that visibly did not, or a request that was not taken. */
type StreamOutcome = 'whole' | 'broken' | 'refused';

/** Prometheus tells by the end of the transfer whether an answer is whole; so does this, and then counts its series. */
function stream(url: string, agent: Agent): Promise<StreamOutcome> {
  const body = readBody([query(Date.now() - 3_600_000, Date.now(), ['__name__', '=', 'streamed'])], [...STREAMED_FIRST]);
  return new Promise((resolve, reject) => {
    let hasBegun = false;
    const isOver = () => resolve(hasBegun ? 'broken' : 'refused');
    const outgoing = startRequest(`${url}/read`, { agent, method: 'POST', headers: { ...PROTOCOL_HEADERS, authorization } }, (response) => {
      const parts: Buffer[] = [];
      hasBegun = response.statusCode === 200;
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', isOver);
      response.on('end', () => {
        if (response.statusCode !== 200) {
          if (response.statusCode === 503 && Number(response.headers['retry-after']) > 0) resolve('refused');
          else reject(new Error(`${response.statusCode}: ${Buffer.concat(parts).toString()}`));
          return;
        }
        const [all] = decodeStreamedAnswer(Buffer.concat(parts), 1);
        if (all?.length === STREAMED_SERIES) resolve('whole');
        else reject(new Error(`an answer that ended as if it were whole has ${all?.length ?? 0} of ${STREAMED_SERIES} series`));
      });
    });
    outgoing.on('error', isOver);
    outgoing.end(body);
  });
}

describe(`the connector with --storage=aws, told to stop while it is written to and read from (SEED=${seed})`, () => {
  const closing: (() => Promise<void> | void)[] = [];

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  interface Stage {
    readonly timestream: TimestreamProcess;
    readonly proxy: FaultProxy;
    readonly connector: RunningConnector;
    readonly start: () => Promise<RunningConnector>;
    /** What happens to calls of WriteRecords from now on. */
    answerWrites(fault: ProxyFault): void;
  }

  async function setUp(): Promise<Stage> {
    const timestream = await createTimestreamProcess({ database: DATABASE, table: TABLE });
    closing.push(() => timestream.stop());
    let ofWrites: ProxyFault = { kind: 'pass' };
    const proxy = await startFaultProxy(timestream.url, ({ operation }) => {
      if (operation === 'WriteRecords') return ofWrites;
      // A stream of several pages is under way for some time.
      return operation === 'Query' ? { kind: 'late', delayMs: 100 } : { kind: 'pass' };
    });
    closing.push(() => proxy.close());
    const port = await freePort();
    async function start(): Promise<RunningConnector> {
      const connector = await startConnector({
        storage: 'aws',
        port,
        extraArguments: [...destinationArguments({ url: proxy.url, database: DATABASE, table: TABLE }), '--region=us-east-1'],
      });
      closing.push(() => rmSync(connector.dataDir, { recursive: true, force: true }));
      closing.push(() => connector.program.kill());
      return connector;
    }
    const connector = await start();
    const streamed = Array.from({ length: STREAMED_SERIES }, (_, index) =>
      series(
        [
          ['__name__', 'streamed'],
          ['index', String(index)],
        ],
        [[Date.now() - 60_000, BigInt(index)]],
      ),
    );
    for (let from = 0; from < STREAMED_SERIES; from += 500)
      await writeUntilStored(`${connector.url}/write`, streamed.slice(from, from + 500), { basic: { accessKeyId, secretAccessKey } });
    return { timestream, proxy, connector, start, answerWrites: (fault) => (ofWrites = fault) };
  }

  /** Sends until all is answered for good, and reads until nobody answers. */
  function beginLoad({ connector }: Stage) {
    const ledger = new SampleLedger();
    const progress = { letGo: 0, unanswered: 0 };
    const stop = new AbortController();
    closing.push(() => stop.abort());
    const shape = {
      samples: SAMPLES, samplesPerRequest: SAMPLES_PER_REQUEST, seriesCount: 300, labelNames: 10, startMs: Math.floor(Date.now() / 1000) * 1000 - 1_800_000,
      stepMs: 1_000, refusedShare: 0, conflicts: false, hasCompanions: false,
      hasNonFinite: true,
    }; // oxfmt-ignore
    const requests = [...generateRequests(shape, createSeededRandom(seed), ledger)];
    const sending = sendLikePrometheus(
      requests.map((each) => ({ ...each, headers: { ...each.headers, authorization } })),
      {
        url: `${connector.url}/write`,
        shards: SENDERS,
        timeoutMs: 60_000,
        maxPauseMs: 250,
        signal: stop.signal,
        onFinal: (requestId, answer) => {
          progress.letGo += 1;
          ledger.close(requestId, answer);
        },
      },
    );
    const streams: StreamOutcome[] = [];
    const agent = new Agent({ keepAlive: true });
    closing.push(() => agent.destroy());
    const reading = Promise.all(
      Array.from({ length: READERS }, async () => {
        while (streams.at(-1) !== 'refused') streams.push(await stream(connector.url, agent));
      }),
    );
    return { ledger, progress, sending, streams, reading };
  }

  async function assertBalance({ timestream }: Stage, ledger: SampleLedger): Promise<void> {
    const { sent, stored, contradictions } = ledger.balance(await readTable(timestream.url, 'multi-measure'));
    expect(contradictions).toEqual([]);
    expect(sent).toBe(SAMPLES);
    expect(stored).toBe(SAMPLES);
  }

  it('answers what is in flight, ends streams or breaks them so that it is seen, ends in time with 0, and loses nothing', async () => {
    const stage = await setUp();
    stage.answerWrites({ kind: 'late', delayMs: 150 });
    const { ledger, progress, sending, streams, reading } = beginLoad(stage);
    await eventually('some answers', () => Promise.resolve(progress.letGo >= SENDERS && streams.includes('whole')), 60_000);
    process.kill(stage.connector.program.pid, 'SIGTERM');
    await eventually('the end of the connector', () => Promise.resolve(stage.connector.program.hasExited()), STOP_MS);
    expect(await stage.connector.program.stop(), stage.connector.program.output()).toBe(0);
    expect(stage.connector.program.output()).not.toContain('at the end of the grace period');
    expect(stage.connector.program.output()).not.toContain('level=error');
    await reading;
    // The signal came in the middle: not all had been let go.
    expect(progress.letGo).toBeLessThan(SAMPLES / SAMPLES_PER_REQUEST);
    await stage.start();
    const totals = await sending;
    const countOf = (outcome: StreamOutcome) => streams.filter((each) => each === outcome).length;
    process.stdout.write(
      `SEED=${seed}: ${totals.attempts} attempts, ${totals.retries} retries; streams: ${countOf('whole')} whole, ${countOf('broken')} broken, ${countOf('refused')} refused\n`,
    );
    expect([...totals.finalByStatus.keys()]).toEqual([204]);
    expect(totals.retries).toBeGreaterThan(0);
    expect(streams).toContain('whole');
    await assertBalance(stage, ledger);
  }, 180_000);

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends at once at a second signal, %s, while Timestream answers nobody, and what was not answered is sent again and lost by nobody',
    async (second) => {
      const stage = await setUp();
      const { ledger, progress, sending, reading } = beginLoad(stage);
      await eventually('some answers', () => Promise.resolve(progress.letGo >= SENDERS), 60_000);
      stage.answerWrites({ kind: 'hang', durationMs: 600_000 });
      await eventually('calls that nobody answers', () => Promise.resolve((stage.proxy.applied.get('hang') ?? 0) >= 3), 60_000);
      process.kill(stage.connector.program.pid, 'SIGTERM');
      await eventually('the word of the stop', () => Promise.resolve(stage.connector.program.output().includes('stopping')));
      expect(stage.connector.program.hasExited()).toBe(false);
      process.kill(stage.connector.program.pid, second);
      await eventually('the end of the connector', () => Promise.resolve(stage.connector.program.hasExited()));
      // 128 + SIGINT is the code of an end that did not wait; one that did has 0.
      expect(await stage.connector.program.stop(), stage.connector.program.output()).toBe(130);
      await reading;
      stage.answerWrites({ kind: 'pass' });
      await stage.start();
      const totals = await sending;
      expect([...totals.finalByStatus.keys()]).toEqual([204]);
      expect(totals.retries).toBeGreaterThan(0);
      await assertBalance(stage, ledger);
    },
    180_000,
  );
});
