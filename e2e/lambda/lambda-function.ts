import { randomUUID } from 'node:crypto';
import {
  startExecutionEnvironment,
  type EnvironmentOptions,
  type ExecutionEnvironment,
  type InvocationReport,
} from './execution-environment.js';

/** "Invocation payload (request and response): 6 MB each for request and response (synchronous)", Lambda quotas; the request's in bytes. */
export const MAX_INVOCATION_BYTES = 6 * 1024 * 1024;

/** What Invoke answers: the function's own result, its failure, or a refusal by Lambda before the function is asked. */
export type InvokeAnswer =
  | { readonly kind: 'result'; readonly payload: Buffer; readonly report: InvocationReport }
  | { readonly kind: 'function-error'; readonly payload: Buffer }
  | { readonly kind: 'request-too-large' }
  | { readonly kind: 'throttled' };

export interface LambdaFunctionOptions extends EnvironmentOptions {
  readonly timeoutMs: number;
  /** Most execution environments at a time: reserved concurrency, or what the account has left. */
  readonly maxConcurrency: number;
}

export interface InvocationCounts {
  readonly invocations: number;
  readonly coldStarts: number;
  readonly throttles: number;
}

export interface LambdaFunction {
  invoke(event: unknown): Promise<InvokeAnswer>;
  readonly counts: InvocationCounts;
  /** The processes that run the function now. */
  pids(): readonly number[];
  /** What all execution environments wrote, each after the other. */
  output(): string;
  close(): Promise<void>;
}

/** A function as Lambda keeps it: an environment for each invocation that finds all others busy, kept for later ones. */
export function createLambdaFunction(options: LambdaFunctionOptions): LambdaFunction {
  const { timeoutMs, maxConcurrency } = options;
  const environments = new Set<ExecutionEnvironment>();
  const idle: ExecutionEnvironment[] = [];
  const outputs: (() => string)[] = [];
  const counts = { invocations: 0, coldStarts: 0, throttles: 0 };
  let busy = 0;

  async function takeEnvironment(): Promise<ExecutionEnvironment> {
    for (let environment = idle.pop(); environment !== undefined; environment = idle.pop()) if (!environment.hasEnded()) return environment;
    counts.coldStarts += 1;
    const environment = await startExecutionEnvironment(options);
    environments.add(environment);
    outputs.push(() => environment.output());
    return environment;
  }

  async function run(event: string): Promise<InvokeAnswer> {
    const environment = await takeEnvironment();
    let timer: NodeJS.Timeout | undefined;
    const timedOut = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), timeoutMs)));
    const report = await Promise.race([
      environment.invoke({ requestId: randomUUID(), event, deadlineMs: Date.now() + timeoutMs }),
      timedOut,
    ]);
    clearTimeout(timer);
    if (report === undefined) {
      // Lambda ends a function that runs over its time, process and all.
      await environment.end();
      environments.delete(environment);
      return {
        kind: 'function-error',
        payload: Buffer.from(JSON.stringify({ errorMessage: `Task timed out after ${timeoutMs / 1000} seconds` })),
      };
    }
    if (environment.hasEnded()) environments.delete(environment);
    else idle.push(environment);
    if (report.outcome === 'error') return { kind: 'function-error', payload: report.payload };
    if (report.payload.length > MAX_INVOCATION_BYTES) {
      return { kind: 'function-error', payload: Buffer.from('{"errorType":"Function.ResponseSizeTooLarge"}') };
    }
    return { kind: 'result', payload: report.payload, report };
  }

  return {
    counts,
    pids: () => Array.from(environments, ({ pid }) => pid),
    output: () => outputs.map((text) => text()).join(''),
    async invoke(event) {
      const text = JSON.stringify(event);
      if (Buffer.byteLength(text) > MAX_INVOCATION_BYTES) return { kind: 'request-too-large' };
      if (busy >= maxConcurrency) {
        counts.throttles += 1;
        return { kind: 'throttled' };
      }
      busy += 1;
      counts.invocations += 1;
      try {
        return await run(text);
      } finally {
        busy -= 1;
      }
    },
    async close() {
      await Promise.all(Array.from(environments, (environment) => environment.end()));
    },
  };
}
