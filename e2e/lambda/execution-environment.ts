import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { runtimeClientFile } from './runtime-client.js';

export interface EnvironmentOptions {
  /** Folder of the unpacked package. */
  readonly taskFolder: string;
  /** `index.handler` */
  readonly handler: string;
  /** Everything that the function's process has in its environment beside what Lambda itself puts there. */
  readonly env: Readonly<Record<string, string>>;
}

/** What came back of one invocation. */
export interface InvocationReport {
  /** `error`: the handler rejected, or the process ended. */
  readonly outcome: 'response' | 'error';
  readonly headers: IncomingHttpHeaders;
  readonly payload: Buffer;
  /** Of a stream that failed after it began: the runtime names the error in trailers, and Lambda breaks the connection. */
  readonly trailers: Readonly<Record<string, string | undefined>>;
}

/** One process that runs the function, as Lambda starts and keeps it: one invocation at a time, and no processor time in between. */
export interface ExecutionEnvironment {
  readonly pid: number;
  invoke(invocation: { readonly requestId: string; readonly event: string; readonly deadlineMs: number }): Promise<InvocationReport>;
  hasEnded(): boolean;
  /** What the function wrote to standard output and standard error. */
  output(): string;
  end(): Promise<void>;
}

interface Invocation {
  readonly requestId: string;
  readonly event: string;
  readonly deadlineMs: number;
  readonly settle: (report: InvocationReport) => void;
}

/** None outlives the test run, frozen or not. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts AWS' own runtime client with the function, against a Runtime API of its own on loopback ("Using the Lambda runtime API for custom
 * runtimes", Lambda guide). While there is nothing to do the process is stopped, as Lambda freezes it.
 */
export async function startExecutionEnvironment({ taskFolder, handler, env }: EnvironmentOptions): Promise<ExecutionEnvironment> {
  let waiting: ServerResponse | undefined;
  let invocation: Invocation | undefined;

  const hand = (response: ServerResponse, { requestId, event, deadlineMs }: Invocation): void => {
    response.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': requestId,
      'lambda-runtime-deadline-ms': String(deadlineMs),
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:us-east-1:123456789012:function:connector',
      'lambda-runtime-trace-id': 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0',
    });
    response.end(event);
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '';
    if (path.endsWith('/invocation/next')) {
      if (invocation === undefined) {
        waiting = response;
        child.kill('SIGSTOP');
      } else hand(response, invocation);
      return;
    }
    const payload = await buffer(request);
    response.writeHead(202, { 'content-type': 'application/json' }).end('{}');
    const outcome = path.endsWith('/response') ? 'response' : 'error';
    settle({ outcome, headers: request.headers, payload, trailers: request.trailers });
  };
  const settle = (report: InvocationReport): void => {
    const settled = invocation;
    invocation = undefined;
    settled?.settle(report);
  };
  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const child = spawn(process.execPath, [runtimeClientFile, handler], {
    cwd: taskFolder,
    env: {
      PATH: process.env['PATH'],
      LANG: 'en_US.UTF-8',
      TZ: ':UTC',
      _HANDLER: handler,
      LAMBDA_TASK_ROOT: taskFolder,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_LAMBDA_FUNCTION_NAME: 'connector',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/connector',
      AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  let hasEnded = false;
  const ended = once(child, 'close').then(() => {
    hasEnded = true;
    running.delete(child);
    server.closeAllConnections();
    server.close();
    settle({
      outcome: 'error',
      headers: {},
      payload: Buffer.from('{"errorType":"Runtime.ExitError","errorMessage":"Runtime exited"}'),
      trailers: {},
    });
  });

  return {
    pid: child.pid ?? -1,
    output: () => output,
    hasEnded: () => hasEnded,
    invoke: (asked) =>
      new Promise((resolve, reject) => {
        if (hasEnded || invocation !== undefined) {
          reject(new Error(`the execution environment has ${hasEnded ? `ended: ${output}` : 'an invocation already'}`));
          return;
        }
        invocation = { ...asked, settle: resolve };
        if (waiting === undefined) return;
        child.kill('SIGCONT');
        hand(waiting, invocation);
        waiting = undefined;
      }),
    async end() {
      // Lambda asks nobody either, unless an extension is registered.
      child.kill('SIGKILL');
      await ended;
    },
  };
}
