import { Agent, request as httpRequest } from 'node:http';
import { basicAuthorization, type RunningConnector } from '../harness/start-connector.js';
import type { FuzzRequest } from './fuzz-request.js';
import { generateFuzzRequest } from './generate-fuzz-request.js';
import { contradictionOf, type FuzzAnswer } from './judge-answer.js';

export interface FuzzOptions {
  readonly seed: number;
  readonly cases: number;
  /** Ends earlier when this time is over. */
  readonly maxDurationMs: number;
  /** Within this time each answer has to come. */
  readonly maxAnswerMs: number;
  /** Called with all that is known so far after every `roundCases` requests, when none is in flight. */
  readonly onRoundEnd?: (report: FuzzReport) => Promise<void>;
}

export interface Finding {
  readonly number: number;
  readonly request: FuzzRequest;
  readonly what: string;
}

export interface FuzzReport {
  readonly sent: number;
  readonly byStatus: ReadonlyMap<number, number>;
  /** The codes that answers of 500 and above begin with, and how often. */
  readonly serverErrors: ReadonlyMap<string, number>;
  readonly findings: readonly Finding[];
}

const SENDERS = 16;
export const ROUND_CASES = 5_000;
const MAX_FINDINGS = 20;

/** Sends the requests of a seed, by number, and judges each answer. */
export async function runFuzz(
  connector: Pick<RunningConnector, 'port'>,
  { seed, cases, maxDurationMs, maxAnswerMs, onRoundEnd }: FuzzOptions,
): Promise<FuzzReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: SENDERS });
  const byStatus = new Map<number, number>();
  const serverErrors = new Map<string, number>();
  const findings: Finding[] = [];
  const endMs = performance.now() + maxDurationMs;
  let sent = 0;
  const isOver = () => sent >= cases || performance.now() >= endMs || findings.length >= MAX_FINDINGS;
  async function work(upTo: number): Promise<void> {
    while (sent < upTo && !isOver()) {
      const number = sent++;
      const request = generateFuzzRequest(seed, number);
      const answer = await sendFuzzRequest(connector.port, agent, request);
      addOne(byStatus, answer.status);
      if (answer.status >= 500) addOne(serverErrors, codeOf(answer.text));
      const what = contradictionOf(request, answer, maxAnswerMs);
      if (what !== undefined) findings.push({ number, request, what });
    }
  }
  while (!isOver()) {
    const upTo = sent + ROUND_CASES;
    await Promise.all(Array.from({ length: SENDERS }, () => work(upTo)));
    await onRoundEnd?.({ sent, byStatus, serverErrors, findings });
  }
  agent.destroy();
  return { sent, byStatus, serverErrors, findings };
}

/** Of the text of an error, or of the JSON that the query API answers with. */
function codeOf(text: string): string {
  return /^([a-z-]+): /.exec(text)?.[1] ?? /"error":"([a-z-]+): /.exec(text)?.[1] ?? text.slice(0, 100);
}

function addOne<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Status 0: no answer, with the reason as text. */
export function sendFuzzRequest(port: number, agent: Agent, { method, path, headers, body }: FuzzRequest): Promise<FuzzAnswer> {
  const beforeMs = performance.now();
  return new Promise((resolve) => {
    const end = (answer: Omit<FuzzAnswer, 'durationMs'>) => resolve({ ...answer, durationMs: performance.now() - beforeMs });
    const fail = (error: Error) => end({ status: 0, retryAfter: undefined, text: String(error) });
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port,
        agent,
        method,
        path,
        headers: { ...headers, authorization: basicAuthorization(), 'content-length': body.length },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () =>
          end({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], text: Buffer.concat(chunks).toString() }),
        );
      },
    );
    request.on('error', fail);
    request.end(body);
  });
}

export function describeCounts({ sent, byStatus, serverErrors, findings }: FuzzReport): string {
  const counts = [...byStatus].sort(([one], [other]) => one - other).map(([status, count]) => `${status}: ${count}`);
  const errors = Array.from(serverErrors, ([code, count]) => `${code} ${count}`);
  return `${sent} requests, ${counts.join(', ')}; of 500 and above: ${errors.join(', ') || 'none'}; ${findings.length} findings`;
}

export function describeFindings({ findings }: FuzzReport): string {
  return findings
    .map(({ number, request: { method, path, headers, body }, what }) => {
      const type = headers['content-type'] ?? '';
      return `number ${number}: ${what}\n  ${method} ${path} ${type} ${Buffer.from(body).toString('base64')}`;
    })
    .join('\n');
}
