import { spawn } from 'node:child_process';
import { destinationArguments } from './destination-arguments.js';
import { accessKeyId, connectorProgram, secretAccessKey, type RunningConnector } from './start-connector.js';

export interface CommandRun {
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}

/** The built program, at a table of the Timestream that a running connector stores in. */
export function runConnectorCommand(
  { timestreamUrl = '' }: RunningConnector,
  { table, folder }: { readonly table: string; readonly folder: string },
  args: readonly string[],
): Promise<CommandRun> {
  const destination = [...destinationArguments({ url: timestreamUrl, database: 'PrometheusDatabase', table })];
  const child = spawn(process.execPath, [connectorProgram, ...args, ...destination], {
    cwd: folder,
    env: { ...process.env, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()));
  return new Promise((resolve) => child.once('close', (exitCode) => resolve({ exitCode, ...text })));
}
