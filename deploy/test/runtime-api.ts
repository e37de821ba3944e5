import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What the runtime client reported of one invocation. */
export interface InvocationReport {
  /** `response`, or `error` when the handler rejected. */
  readonly outcome: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Of a stream that failed after it began: the runtime names the error in trailers, and Lambda breaks the connection. */
  readonly trailers: Readonly<Record<string, string | undefined>>;
}

export interface LambdaRuntime {
  invoke(event: unknown): Promise<InvocationReport>;
  /** What the function wrote to standard output and standard error. */
  readonly output: string[];
  close(): Promise<void>;
}

export interface LambdaRuntimeOptions {
  /** The program of aws-lambda-ric. */
  readonly clientFile: string;
  readonly taskFolder: string;
  /** `index.handler` */
  readonly handler: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Lambda's Runtime API on loopback ("Using the Lambda runtime API for custom runtimes", Lambda guide), and AWS' own runtime client running a function against it. */
export async function startLambdaRuntime({ clientFile, taskFolder, handler, env }: LambdaRuntimeOptions): Promise<LambdaRuntime> {
  const waitingEvents: unknown[] = [];
  let giveEvent: (() => void) | undefined;
  let report: ((report: InvocationReport) => void) | undefined;
  let invocation = 0;

  const server = createServer((request, response) => {
    void (async () => {
      if (request.url?.endsWith('/invocation/next') === true) {
        while (waitingEvents.length === 0) await new Promise<void>((resolve) => (giveEvent = resolve));
        invocation += 1;
        response.writeHead(200, {
          'content-type': 'application/json',
          'lambda-runtime-aws-request-id': `invocation-${invocation}`,
          'lambda-runtime-deadline-ms': String(Date.now() + 30_000),
          'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:us-east-1:123456789012:function:connector',
        });
        response.end(JSON.stringify(waitingEvents.shift()));
        return;
      }
      const body = await buffer(request);
      response.writeHead(202).end('{}');
      report?.({ outcome: request.url?.split('/').at(-1) ?? '', headers: request.headers, body, trailers: request.trailers });
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const output: string[] = [];
  const child = spawn(process.execPath, [clientFile, handler], {
    cwd: taskFolder,
    env: {
      PATH: process.env['PATH'],
      _HANDLER: handler,
      LAMBDA_TASK_ROOT: taskFolder,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_LAMBDA_FUNCTION_NAME: 'connector',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/connector',
      AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
      AWS_REGION: 'us-east-1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => output.push(text.toString()));
  const exited = once(child, 'exit');

  return {
    output,
    invoke: (event) =>
      new Promise((resolve, reject) => {
        report = resolve;
        void exited.then(() => reject(new Error(`the runtime client ended: ${output.join('')}`)));
        waitingEvents.push(event);
        giveEvent?.();
      }),
    async close() {
      child.kill();
      await exited;
      server.closeAllConnections();
      server.close();
    },
  };
}
