import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PROTOCOL_HEADERS, query, readBody } from '@timestream-prometheus/connector-testing';
import { bitsFromFloat, decodeReadResponse, decodeSnappy } from '@timestream-prometheus/prom-codec';
import type { Layout } from '@timestream-prometheus/timestream-translator';
import { createSeededRandom, type SeededRandom } from '../differential/seeded-random.js';
import { destinationArguments } from '../harness/destination-arguments.js';
import { freePort } from '../harness/free-port.js';
import { openRawTable } from '../harness/raw-table.js';
import { SESSION_KEYS, startSessionIssuer } from '../harness/session-issuer.js';
import { createTimestreamProcess } from '../harness/timestream-process.js';
import {
  accessKeyId,
  basicAuthorization,
  makeFolder,
  secretAccessKey,
  startConnector,
  type RunningConnector,
} from '../harness/start-connector.js';
import { post } from '../harness/remote-client.js';
import { startFaultProxy, type ProxyFault } from './fault-proxy.js';
import { badDay, badReads, createFaultSchedule } from './fault-schedule.js';
import {
  bitsOfHistogram,
  FIRST_EXEMPLAR_ID,
  generateRequests,
  LEDGER_HISTOGRAMS,
  LEDGER_METADATA,
  LEDGER_METRIC,
  SERIES_ID_LABEL,
  type LoadShape,
} from './generate-requests.js';
import { sendLikePrometheus, type PreparedRequest, type SenderTotals } from './prometheus-sender.js';
import { SampleLedger, type LedgerBalance, type StoredSample } from './sample-ledger.js';

const database = 'metrics';
const table = 'samples';

/** How many writes fail before a full disk has space again. */
const WRITES_ON_FULL_DISK = 5;

const DNS_OUTAGE_MS = 2_000;

/**
 * What a read asks for at a time. A page that is lost for good (its token has ended) loses the whole read: with a fault in every sixth page, one of
 * two hundred pages would never be answered, and of ten pages it would be answered in the fourth attempt.
 */
const SAMPLES_PER_READ = 3_000;

export type LedgerLoad = Omit<LoadShape, 'startMs' | 'hasNonFinite' | 'hasCompanions'>;

export interface LedgerRunOptions {
  readonly seed: number;
  readonly layout: Layout;
  readonly load: LedgerLoad;
  /** No request is begun any more after this time. */
  readonly loadDurationMs: number;
  readonly shards: number;
  /** The connector signs with temporary credentials of its own, and not with a key of the sender. */
  readonly hasOwnCredentials?: boolean;
  /** What happens besides the schedule of the proxy, each at its share of the load, evenly spread. */
  readonly incidents: readonly Incident[];
  /** Time for one write, and what Timestream hangs for, which is longer. */
  readonly writeTimeoutMs: number;
  readonly hangMs: number;
  /**
   * Calls of the connector that meet no fault, in each round of the schedule. In the faults, a request of a thousand samples needs ten attempts,
   * so this decides how long a run takes.
   */
  readonly calmRequests: number;
  /** The run is given up when it takes longer. */
  readonly maxDurationMs: number;
}

export type Incident =
  /** `kill -9` of the connector, and a new one. */
  | 'kill-connector'
  /** `kill -9` of Timestream, and a new one over the same files. */
  | 'kill-timestream'
  /** `kill -9` of both, at the same time. */
  | 'kill-both'
  /** For two seconds the host of Timestream has no address, while its connections break; Timestream is killed meanwhile. */
  | 'lose-dns'
  /** The session of the connector's credentials is ended before its time, in the middle of what is under way. Only with `hasOwnCredentials`. */
  | 'end-session'
  /** Timestream's disk is full until some writes have failed, and has space again after a `kill -9`. */
  | 'full-disk'
  /** Timestream's clock goes five hours ahead: what was inside the retention window is outside. A new process has the right clock again. */
  | 'move-window';

export interface LedgerReport {
  /** The books against what the connector gives back. */
  readonly balance: LedgerBalance;
  /** The books against the rows of the table. */
  readonly tableBalance: LedgerBalance;
  /** Reads while the load ran: how many were answered, and what was wrong with the answers. */
  readonly readsAnswered: number;
  readonly readContradictions: readonly string[];
  readonly totals: SenderTotals;
  /** Histograms and exemplars that were read back. */
  readonly companions: number;
  /** How many times the connector asked for credentials of its own. */
  readonly sessionsIssued: number;
  readonly appliedFaults: ReadonlyMap<ProxyFault['kind'], number>;
  /** Writes that Timestream could not keep because its disk was full. */
  readonly writesOnFullDisk: number;
  readonly durationMs: DurationsMs;
}

/** How long the parts of a run took. */
export interface DurationsMs {
  readonly writing: number;
  readonly readingBack: number;
  readonly readingTable: number;
}

/**
 * One run: an embedded Timestream, a proxy that misbehaves in front of it, the connector with `--storage=aws`, a sender like Prometheus, and
 * somebody who reads all the while. When everything has been answered for good, the rows of the table and what a read gives are compared
 * with the books.
 */
export async function runLedger(options: LedgerRunOptions): Promise<LedgerReport> {
  const random = createSeededRandom(options.seed);
  const startedMs = Date.now();
  const dataDir = makeFolder('ledger');
  const folders = [dataDir];
  const timestream = await createTimestreamProcess({ dataDir, database, table, otherCredentials: SESSION_KEYS });
  const schedule = createFaultSchedule({ writes: badDay(options), queries: badReads }, random);
  const issuer = await startSessionIssuer();
  const endedSession: ProxyFault = { kind: 'ended-session' };
  const proxy = await startFaultProxy(timestream.url, (request) =>
    options.hasOwnCredentials === true && request.sessionToken !== issuer.currentToken() ? endedSession : schedule.choose(request),
  );
  const failingDnsFile = path.join(dataDir, 'failing-dns');
  const connectorPort = await freePort();
  const startTheConnector = (): Promise<RunningConnector> =>
    startConnector({
      storage: 'aws',
      port: connectorPort,
      extraArguments: [
        ...destinationArguments({ url: proxy.url.replace('127.0.0.1', 'timestream.test'), database, table }),
        '--region=us-east-1',
        `--enable-sigv4-auth=${String(options.hasOwnCredentials === true)}`,
        `--workers=${process.env['WORKERS'] ?? '0'}`,
        `--table-layout=${options.layout}`,
        `--write-timeout=${options.writeTimeoutMs}ms`,
      ],
      env: {
        NODE_OPTIONS: `--import=${new URL('../harness/failing-dns.mjs', import.meta.url).href}`,
        FAILING_DNS_FILE: failingDnsFile,
        AWS_CONTAINER_CREDENTIALS_FULL_URI: issuer.url,
      },
    });
  let connector = await startTheConnector();
  folders.push(connector.dataDir);
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), options.maxDurationMs);
  const ledger = new SampleLedger();
  try {
    const shape: LoadShape = {
      ...options.load,
      startMs: Math.floor(Date.now() / 1000) * 1000 - 3 * 3_600_000,
      hasNonFinite: options.layout !== 'single-measure',
      hasCompanions: options.layout !== 'single-measure',
    };
    const progress = { letGo: 0, isOver: false };
    const sending = sendLikePrometheus(untilTime(generateRequests(shape, random, ledger), startedMs + options.loadDurationMs), {
      url: `${connector.url}/write`,
      shards: options.shards,
      timeoutMs: 30_000,
      maxPauseMs: 250,
      signal: stop.signal,
      onFinal: (requestId, answer) => {
        progress.letGo += 1;
        ledger.close(requestId, answer);
      },
    }).finally(() => {
      progress.isOver = true;
    });
    const shareDone = (): number =>
      Math.max((progress.letGo * shape.samplesPerRequest) / shape.samples, Math.min(1, (Date.now() - startedMs) / options.loadDurationMs));

    async function bringAboutIncidents(): Promise<void> {
      for (const [index, incident] of options.incidents.entries()) {
        while (shareDone() < (index + 1) / (options.incidents.length + 1)) {
          if (progress.isOver) return;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        if (incident === 'kill-connector') {
          await connector.program.kill();
          connector = await startTheConnector();
          folders.push(connector.dataDir);
        } else if (incident === 'kill-timestream') await timestream.killAndStart();
        else if (incident === 'kill-both') {
          await Promise.all([connector.program.kill(), timestream.killAndStart()]);
          connector = await startTheConnector();
          folders.push(connector.dataDir);
        } else if (incident === 'lose-dns') {
          writeFileSync(failingDnsFile, '');
          proxy.breakConnections();
          await Promise.all([timestream.killAndStart(), new Promise((resolve) => setTimeout(resolve, DNS_OUTAGE_MS))]);
          rmSync(failingDnsFile);
        } else if (incident === 'end-session') issuer.endSession();
        else if (incident === 'full-disk') {
          await timestream.killAndStart({ isDiskFull: true });
          const before = timestream.failedForFullDisk();
          while (!progress.isOver && timestream.failedForFullDisk() < before + WRITES_ON_FULL_DISK)
            await new Promise((resolve) => setTimeout(resolve, 50));
          await timestream.killAndStart();
        } else await timestream.advanceClock(5 * 3_600_000);
      }
    }

    const reads = { answered: 0, contradictions: [] as string[] };
    async function readAllTheWhile(readRandom: SeededRandom): Promise<void> {
      while (!progress.isOver) {
        const first = readRandom.below(shape.seriesCount);
        const samples = await readSeries(connector.url, first, Math.min(first + 20, shape.seriesCount)).catch((error: unknown) => {
          if (error instanceof FinalReadError) reads.contradictions.push(error.message);
        });
        if (samples !== undefined) {
          reads.answered += 1;
          reads.contradictions.push(...ledger.contradictionsOf(samples));
        }
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }

    const [totals] = await Promise.all([sending, bringAboutIncidents(), readAllTheWhile(createSeededRandom(options.seed + 1))]);
    const writesOnFullDisk = timestream.failedForFullDisk();
    const writtenMs = Date.now();
    // Whatever the last incident was, its end has come.
    await timestream.killAndStart();
    const balanceOptions = { movesWindows: options.incidents.includes('move-window') };
    const samples = await readEverything(connector.url, shape.seriesCount, ledger.size, stop.signal);
    const companions = shape.hasCompanions ? await readCompanions(connector.url, shape, stop.signal) : [];
    const balance = ledger.balance([...samples, ...companions], balanceOptions);
    const readBackMs = Date.now();
    schedule.stop();
    const rows = await readTable(timestream.url, options.layout);
    // Histograms and exemplars are texts in the table, which only the connector reads.
    const tableBalance = ledger.balance([...rows, ...companions], { ...balanceOptions, mayRepeat: true });
    return {
      sessionsIssued: issuer.countOfIssued(),
      companions: companions.length,
      balance,
      tableBalance,
      readsAnswered: reads.answered,
      readContradictions: reads.contradictions.slice(0, 20),
      totals,
      appliedFaults: proxy.applied,
      writesOnFullDisk,
      durationMs: { writing: writtenMs - startedMs, readingBack: readBackMs - writtenMs, readingTable: Date.now() - readBackMs },
    };
  } finally {
    clearTimeout(timer);
    stop.abort();
    await connector.program.stop();
    await proxy.close();
    await issuer.close();
    await timestream.stop();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}

function* untilTime(requests: Iterable<PreparedRequest>, endMs: number): Generator<PreparedRequest> {
  const authorization = basicAuthorization();
  for (const request of requests) {
    yield { ...request, headers: { ...request.headers, authorization } };
    // The next one would be written into the books as it is made.
    if (Date.now() > endMs) return;
  }
}

/** A read was refused for good: what Timestream and the network do is no reason for that. */
class FinalReadError extends Error {}

export async function readSeries(connectorUrl: string, from: number, to: number): Promise<StoredSample[]> {
  const ids = Array.from({ length: to - from }, (_none, index) => from + index);
  const body = readBody([query(0, 253_402_300_799_000, ['__name__', '=', LEDGER_METRIC], [SERIES_ID_LABEL, '=~', ids.join('|')])]);
  const answer = await post(`${connectorUrl}/read`, body, { basic: { accessKeyId, secretAccessKey } });
  if (answer.status >= 500) throw new Error(`reading: ${answer.status} ${answer.text}`);
  if (answer.status !== 200) throw new FinalReadError(`reading: ${answer.status} ${answer.text}`);
  const [result] = decodeReadResponse(decodeSnappy(answer.body, { maxBytes: 1e9 })).results;
  return (result?.timeseries ?? []).flatMap(({ labels, samples: { timestampsMs, valueBits } }) => {
    const seriesId = Number(labels.find(({ name }) => name === SERIES_ID_LABEL)?.value);
    return Array.from(timestampsMs, (timestampMs, index) => ({
      seriesId,
      timestampMs: Number(timestampMs),
      valueBits: valueBits[index] ?? 0n,
    }));
  });
}

/** Asks until there is an answer: what Timestream and the network do is no reason for a final refusal. */
async function untilAnswered(ask: () => Promise<Response>, signal: AbortSignal): Promise<Uint8Array> {
  for (;;) {
    const answer = await ask();
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (answer.status === 200) return bytes;
    if (answer.status < 500 || signal.aborted) throw new FinalReadError(`${answer.status} ${Buffer.from(bytes).toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The histograms and exemplars of a run as entries of the books. @throws if the metadata are not those that were sent */
async function readCompanions(connectorUrl: string, { startMs, seriesCount }: LoadShape, signal: AbortSignal): Promise<StoredSample[]> {
  const headers = { authorization: basicAuthorization() };
  const body = Buffer.from(readBody([query(0, 253_402_300_799_000, ['__name__', '=', LEDGER_HISTOGRAMS])]));
  const read = await untilAnswered(
    () => fetch(`${connectorUrl}/read`, { method: 'POST', headers: { ...headers, ...PROTOCOL_HEADERS }, body }),
    signal,
  );
  const [result] = decodeReadResponse(decodeSnappy(read, { maxBytes: 1e9 })).results;
  const histograms = (result?.timeseries ?? []).flatMap(({ labels, histograms: found }) =>
    found.map((histogram) => ({
      seriesId: Number(labels.find(({ name }) => name === SERIES_ID_LABEL)?.value),
      timestampMs: Number(histogram.timestampMs),
      valueBits: bitsOfHistogram(histogram),
    })),
  );
  const ask = async (address: string, parameters: Readonly<Record<string, string>>): Promise<unknown> => {
    const answered = await untilAnswered(
      () => fetch(`${connectorUrl}/api/v1/${address}?${new URLSearchParams(parameters).toString()}`, { headers }),
      signal,
    );
    return (JSON.parse(Buffer.from(answered).toString()) as { readonly data: unknown }).data; // oxlint-disable-line id-denylist -- Prometheus' own name
  };
  const { metricFamilyName, ...metadata } = LEDGER_METADATA;
  const known = await ask('metadata', { metric: metricFamilyName });
  if (JSON.stringify(known) !== JSON.stringify({ [metricFamilyName]: [metadata] }))
    throw new Error(`metadata were given as ${JSON.stringify(known)}`);
  const exemplars: StoredSample[] = [];
  const seriesPerQuestion = 200;
  for (let first = 0; first < seriesCount; first += seriesPerQuestion) {
    const ids = Array.from({ length: seriesPerQuestion }, (_none, index) => first + index).join('|');
    const found = (await ask('query_exemplars', {
      query: `${LEDGER_METRIC}{${SERIES_ID_LABEL}=~"${ids}"}`,
      start: String(startMs / 1000),
      end: String(Date.now() / 1000 + 86_400),
    })) as readonly {
      readonly seriesLabels: Readonly<Record<string, string>>;
      readonly exemplars: readonly { readonly value: string; readonly timestamp: number }[];
    }[];
    for (const { seriesLabels, exemplars: ofSeries } of found) {
      for (const { value, timestamp } of ofSeries)
        exemplars.push({
          seriesId: FIRST_EXEMPLAR_ID + Number(seriesLabels[SERIES_ID_LABEL]),
          timestampMs: Math.round(timestamp * 1000),
          valueBits: bitsFromFloat(Number(value)),
        });
    }
  }
  return [...histograms, ...exemplars];
}

/** Everything that remote read gives, some series at a time so that no answer is large; asked again while it may succeed later. */
async function readEverything(
  connectorUrl: string,
  seriesCount: number,
  sampleCount: number,
  signal: AbortSignal,
): Promise<StoredSample[]> {
  const seriesPerRead = Math.max(1, Math.floor((SAMPLES_PER_READ * seriesCount) / Math.max(1, sampleCount)));
  const samples: StoredSample[] = [];
  for (let first = 0; first < seriesCount; first += seriesPerRead) {
    for (;;) {
      try {
        for (const sample of await readSeries(connectorUrl, first, Math.min(first + seriesPerRead, seriesCount))) samples.push(sample);
        break;
      } catch (error) {
        if (error instanceof FinalReadError || signal.aborted) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }
  return samples;
}

/** As SQL names them. */
const FINITE_COLUMNS: Readonly<Record<LedgerRunOptions['layout'], string>> = {
  'multi-measure': 'v',
  'sample-value': 'sample_value',
  compact: '"measure_value::double"',
  'single-measure': '"measure_value::double"',
};

/** The rows as somebody reads them who does not know of the connector. */
export async function readTable(timestreamUrl: string, layout: LedgerRunOptions['layout']): Promise<StoredSample[]> {
  const raw = openRawTable(timestreamUrl, database, table);
  try {
    const finite = FINITE_COLUMNS[layout];
    const value = `${finite}, ${layout === 'single-measure' ? 'NULL' : 'sample_bits'}`;
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

const seconds = (durationMs: number): number => Math.round(durationMs / 1000);

/** For the reader of a run: all that is known of it. */
export function describeReport(report: LedgerReport): string {
  const { balance, tableBalance, totals, appliedFaults, durationMs } = report;
  const faults = Array.from(appliedFaults, ([kind, count]) => `${kind} ${count}`).join(', ');
  const finals = Array.from(totals.finalByStatus, ([status, count]) => `${status}: ${count}`).join(', ');
  return [
    `${balance.sent} samples: ${balance.stored} stored, ${balance.named} named in an answer, ${balance.contradictions.length} contradictions, in ${seconds(durationMs.writing)} s of writing, ${seconds(durationMs.readingBack)} s of reading back and ${seconds(durationMs.readingTable)} s of reading the table`,
    `of these ${report.companions} histograms and exemplars; credentials were asked for ${report.sessionsIssued} times`,
    `requests: ${finals}; ${totals.attempts} attempts, ${totals.retries} retries; ${report.readsAnswered} reads meanwhile`,
    `calls at Timestream: ${faults}; writes on a full disk: ${report.writesOnFullDisk}`,
    `rows of the table that stand there once more, with another dimension: ${tableBalance.repeated}`,
    ...balance.contradictions.map((line) => `read: ${line}`),
    ...report.readContradictions.map((line) => `read meanwhile: ${line}`),
    ...tableBalance.contradictions.map((line) => `table: ${line}`),
  ].join('\n');
}
