import { query, readBody } from '@timestream-prometheus/connector/testing';
import { bitsFromFloat, decodeReadResponse, decodeSnappy } from '@timestream-prometheus/prom-codec';
import { fileURLToPath } from 'node:url';
import { createSeededRandom } from '../differential/seeded-random.js';
import { eventually, startChildProgram, type ChildProgram } from '../harness/child-program.js';
import { freePort } from '../harness/free-port.js';
import { openRawTable } from '../harness/raw-table.js';
import {
  accessKeyId,
  basicAuthorization,
  makeFolder,
  secretAccessKey,
  startConnector,
  type RunningConnector,
} from '../harness/start-connector.js';
import { post } from '../lambda/remote-client.js';
import { startFaultProxy, type ProxyFault } from './fault-proxy.js';
import { badDay, createFaultSchedule } from './fault-schedule.js';
import { generateRequests, LEDGER_METRIC, SERIES_ID_LABEL, type LoadShape } from './generate-requests.js';
import { sendLikePrometheus, type PreparedRequest, type SenderTotals } from './prometheus-sender.js';
import { SampleLedger, type LedgerBalance, type StoredSample } from './sample-ledger.js';

const embeddedProgram = fileURLToPath(new URL('../../packages/timestream-embedded/dist/main.js', import.meta.url));
const database = 'metrics';
const table = 'samples';

/** Shorter than the hang of the schedule, so that a hang ends as a write that timed out. */
const WRITE_TIMEOUT_SECONDS = 3;
const HANG_MS = 5_000;

export interface LedgerRunOptions {
  readonly seed: number;
  readonly layout: 'multi-measure' | 'single-measure';
  readonly load: Omit<LoadShape, 'endMs' | 'hasNonFinite'>;
  readonly shards: number;
  /** How often each of the two programs is ended by `kill -9` and started again while the load runs. */
  readonly kills: number;
  /** The run fails when it takes longer. */
  readonly maxDurationMs: number;
}

export interface LedgerReport {
  /** The books against what the connector gives back. */
  readonly balance: LedgerBalance;
  /** The books against the rows of the table. */
  readonly tableBalance: LedgerBalance;
  readonly totals: SenderTotals;
  readonly appliedFaults: ReadonlyMap<ProxyFault['kind'], number>;
  readonly durationMs: number;
}

/**
 * One run: an embedded Timestream, a proxy that misbehaves in front of it, the connector with `--storage=aws`, and a sender like Prometheus.
 * When everything has been answered for good, the rows of the table are compared with the books.
 */
export async function runLedger(options: LedgerRunOptions): Promise<LedgerReport> {
  const random = createSeededRandom(options.seed);
  const startedMs = Date.now();
  const timestreamPort = await freePort();
  const timestreamUrl = `http://127.0.0.1:${timestreamPort}`;
  const dataDir = makeFolder('ledger');
  const startTimestream = async (): Promise<ChildProgram> => {
    const program = startChildProgram(process.execPath, [
      embeddedProgram,
      `--listen-address=127.0.0.1:${timestreamPort}`,
      `--data-dir=${dataDir}`,
      `--credentials=${accessKeyId}:${secretAccessKey}`,
      `--create=${database}.${table}`,
    ]);
    await eventually(`the embedded Timestream`, async () => (await fetch(timestreamUrl).catch(() => undefined)) !== undefined);
    return program;
  };

  let timestream = await startTimestream();
  const schedule = createFaultSchedule(badDay(HANG_MS), random);
  const proxy = await startFaultProxy(timestreamUrl, schedule.choose);
  const connectorPort = await freePort();
  const startTheConnector = (): Promise<RunningConnector> =>
    startConnector({
      storage: 'aws',
      port: connectorPort,
      extraArguments: [
        `--write-base-endpoint=${proxy.url}`,
        `--query-base-endpoint=${proxy.url}`,
        `--default-database=${database}`,
        `--default-table=${table}`,
        '--region=us-east-1',
        `--table-layout=${options.layout}`,
        `--write-timeout=${WRITE_TIMEOUT_SECONDS}s`,
      ],
    });
  let connector = await startTheConnector();
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), options.maxDurationMs);
  const ledger = new SampleLedger();
  try {
    const shape: LoadShape = {
      ...options.load,
      endMs: Math.floor(Date.now() / 1000) * 1000,
      hasNonFinite: options.layout === 'multi-measure',
    };
    const authorization = basicAuthorization();
    let letGo = 0;
    const isLoadOver = { value: false };
    const sending = sendLikePrometheus(withAuthorization(generateRequests(shape, random, ledger), authorization), {
      url: `${connector.url}/write`,
      shards: options.shards,
      timeoutMs: 30_000,
      signal: stop.signal,
      onFinal: (requestId, answer) => {
        letGo += 1;
        ledger.close(requestId, answer);
      },
    }).finally(() => {
      isLoadOver.value = true;
    });

    const requestCount = Math.ceil(shape.samples / shape.samplesPerRequest);
    const killing = (async () => {
      for (let round = 1; round <= options.kills; round += 1) {
        const dueAfter = Math.floor((requestCount * round) / (options.kills + 1));
        while (letGo < dueAfter && !isLoadOver.value) await new Promise((resolve) => setTimeout(resolve, 20));
        if (isLoadOver.value) return;
        if (round % 2 === 1) {
          await connector.program.kill();
          connector = await startTheConnector();
        } else {
          await timestream.kill();
          timestream = await startTimestream();
        }
      }
    })();
    const [totals] = await Promise.all([sending, killing]);
    schedule.stop();
    const balance = ledger.balance(await readThroughConnector(connector.url, shape));
    const tableBalance = ledger.balance(await readTable(timestreamUrl, options.layout), { mayRepeat: true });
    return { balance, tableBalance, totals, appliedFaults: proxy.applied, durationMs: Date.now() - startedMs };
  } finally {
    clearTimeout(timer);
    stop.abort();
    await connector.program.stop();
    await proxy.close();
    await timestream.stop();
  }
}

function* withAuthorization(requests: Iterable<PreparedRequest>, authorization: string): Generator<PreparedRequest> {
  for (const request of requests) yield { ...request, headers: { ...request.headers, authorization } };
}

/** Everything that remote read gives, series by series so that no answer is large. */
async function readThroughConnector(connectorUrl: string, { seriesCount }: LoadShape): Promise<StoredSample[]> {
  const samples: StoredSample[] = [];
  const seriesPerRead = 250;
  for (let first = 0; first < seriesCount; first += seriesPerRead) {
    const ids = Array.from({ length: Math.min(seriesPerRead, seriesCount - first) }, (_none, index) => first + index);
    const answer = await post(
      `${connectorUrl}/read`,
      readBody([query(0, 253_402_300_799_000, ['__name__', '=', LEDGER_METRIC], [SERIES_ID_LABEL, '=~', ids.join('|')])]),
      { basic: { accessKeyId, secretAccessKey } },
    );
    if (answer.status !== 200) throw new Error(`reading back: ${answer.status} ${answer.text}`);
    const [result] = decodeReadResponse(decodeSnappy(answer.body, { maxBytes: 1e9 })).results;
    for (const { labels, samples: columns } of result?.timeseries ?? []) {
      const seriesId = Number(labels.find(({ name }) => name === SERIES_ID_LABEL)?.value);
      columns.timestampsMs.forEach((timestampMs, index) =>
        samples.push({ seriesId, timestampMs: Number(timestampMs), valueBits: columns.valueBits[index] ?? 0n }),
      );
    }
  }
  return samples;
}

/** The rows as somebody reads them who does not know of the connector. */
async function readTable(timestreamUrl: string, layout: LedgerRunOptions['layout']): Promise<StoredSample[]> {
  const raw = openRawTable(timestreamUrl, database, table);
  try {
    const value = layout === 'multi-measure' ? 'sample_value, sample_bits' : '"measure_value::double", NULL';
    const rows = await raw.query(
      `SELECT ${SERIES_ID_LABEL}, to_milliseconds(time), ${value} FROM "${database}"."${table}" WHERE measure_name = '${LEDGER_METRIC}'`,
    );
    return rows.map(([seriesId, timestampMs, finite, bits]) => ({
      seriesId: Number(seriesId),
      timestampMs: Number(timestampMs),
      valueBits: bits === null || bits === undefined ? bitsFromFloat(Number(finite)) : BigInt.asUintN(64, BigInt(bits)),
    }));
  } finally {
    raw.close();
  }
}

/** For the reader of a failed run. */
export function describeReport(report: LedgerReport): string {
  const { balance, tableBalance, totals, appliedFaults, durationMs } = report;
  const faults = Array.from(appliedFaults, ([kind, count]) => `${kind} ${count}`).join(', ');
  const finals = Array.from(totals.finalByStatus, ([status, count]) => `${status}: ${count}`).join(', ');
  return [
    `${balance.sent} samples: ${balance.stored} stored, ${balance.named} named in an answer, ${balance.contradictions.length} contradictions, in ${Math.round(durationMs / 1000)} s`,
    `requests: ${finals}; ${totals.attempts} attempts, ${totals.retries} retries`,
    `calls at Timestream: ${faults}`,
    `rows of the table that stand there once more, with another dimension: ${tableBalance.repeated}`,
    ...balance.contradictions.map((line) => `read: ${line}`),
    ...tableBalance.contradictions.map((line) => `table: ${line}`),
  ].join('\n');
}
