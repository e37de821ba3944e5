#!/usr/bin/env node
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { pino } from 'pino';

import { AdjustableClock } from './clock.js';
import { createCommand, type CommandOptions, type ControlCommandOptions } from './command-options.js';
import { startEmbeddedTimestream } from './embedded-timestream.js';
import { randomBase32 } from './wire/request-id.js';
import type { EmbeddedCredential } from './wire/signature.js';

async function run(arguments_: readonly string[]): Promise<void> {
  const command = createCommand();
  command
    .command('control <name> [body]')
    .description('send a control request to a server that runs with --control: faults, clock, reset, load (body: a file), usage, health')
    .option('--endpoint <url>', 'where the server listens', 'http://127.0.0.1:8086')
    .action((name: string, body: string | undefined, { endpoint }: ControlCommandOptions) => sendControl(name, body, endpoint));
  command.action(() => serve(command.opts<CommandOptions>()));
  await command.parseAsync(arguments_, { from: 'user' });
}

/** One request to `/_timestream/<name>`; what it answers is printed. */
async function sendControl(name: string, body: string | undefined, endpoint: string): Promise<void> {
  const isQuestion = name === 'health' || name === 'usage';
  const text = name === 'load' && body !== undefined ? await readFile(body, 'utf8') : (body ?? '');
  const response = await fetch(`${endpoint}/_timestream/${name}`, {
    method: isQuestion ? 'GET' : 'POST',
    ...(isQuestion ? {} : { headers: { 'content-type': 'application/json' }, body: text }),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${response.status}: ${answer}`);
  process.stdout.write(`${answer}\n`);
}

async function serve(options: CommandOptions): Promise<void> {
  const clock = new AdjustableClock();
  if (options.clock !== undefined) clock.set(options.clock);
  if (options.freezeClock) clock.freeze();
  const generated = { accessKeyId: `AKIA${randomBase32(16)}`, secretAccessKey: randomBytes(30).toString('base64url') };
  const isGenerated = options.credentials.length === 0;
  const server = await startEmbeddedTimestream({
    ...options.listenAddress,
    credentials: isGenerated ? [generated] : options.credentials,
    create: options.create,
    load: await Promise.all(options.load.map((file) => readSeed(file))),
    control: options.control,
    bounds: { duckdbMemoryLimit: options.memoryLimit },
    clock,
    logger: pino({ level: options.logLevel }, pino.destination(2)),
    ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
    ...(options.bucketsDir === undefined ? {} : { bucketsDir: options.bucketsDir }),
    ...(options.region === undefined ? {} : { region: options.region }),
  });
  const key = options.credentials[0] ?? generated;
  process.stdout.write(welcome(server.url, key, isGenerated, options));
  const stop = (): void => {
    // A second signal ends the process the hard way: nothing that was acknowledged is lost by it.
    process.removeAllListeners('SIGTERM').removeAllListeners('SIGINT');
    void server.close();
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
}

async function readSeed(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(`--load: ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function welcome(url: string, key: EmbeddedCredential, isGenerated: boolean, { dataDir, region }: CommandOptions): string {
  return [
    `Timestream listens on ${url}; data ${dataDir === undefined ? 'are in memory and gone at the end' : `in ${dataDir}`}.`,
    '',
    'The aws command, in another terminal:',
    `  export AWS_ACCESS_KEY_ID=${key.accessKeyId}`,
    `  export AWS_SECRET_ACCESS_KEY=${isGenerated ? key.secretAccessKey : '<the secret you gave>'}`,
    `  export AWS_DEFAULT_REGION=${region ?? 'us-east-1'}`,
    `  aws timestream-write list-databases --endpoint-url ${url}`,
    `  aws timestream-query query --query-string 'SHOW DATABASES' --endpoint-url ${url}`,
    '',
  ].join('\n');
}

run(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`timestream-embedded: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
