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
}

export interface Finding {
  readonly number: number;
  readonly request: FuzzRequest;
  readonly what: string;
}

export interface FuzzReport {
  readonly sent: number;
  readonly byStatus: ReadonlyMap<number, number>;
  readonly findings: readonly Finding[];
}

const SENDERS = 8;
const MAX_FINDINGS = 20;

/** Sends the requests of a seed, by number, and judges each answer. */
export async function runFuzz(
  connector: Pick<RunningConnector, 'port'>,
  { seed, cases, maxDurationMs, maxAnswerMs }: FuzzOptions,
): Promise<FuzzReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: SENDERS });
  const byStatus = new Map<number, number>();
  const findings: Finding[] = [];
  const endMs = performance.now() + maxDurationMs;
  let sent = 0;
  const work = async () => {
    while (sent < cases && performance.now() < endMs && findings.length < MAX_FINDINGS) {
      const number = sent++;
      const request = generateFuzzRequest(seed, number);
      const answer = await sendFuzzRequest(connector.port, agent, request);
      byStatus.set(answer.status, (byStatus.get(answer.status) ?? 0) + 1);
      const what = contradictionOf(request, answer, maxAnswerMs);
      if (what !== undefined) findings.push({ number, request, what });
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, work));
  agent.destroy();
  return { sent, byStatus, findings };
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

export function describeFindings({ findings }: FuzzReport): string {
  return findings
    .map(({ number, request: { method, path, headers, body }, what }) => {
      const type = headers['content-type'] ?? '';
      return `number ${number}: ${what}\n  ${method} ${path} ${type} ${Buffer.from(body).toString('base64')}`;
    })
    .join('\n');
}
