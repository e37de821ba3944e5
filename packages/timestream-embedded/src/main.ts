#!/usr/bin/env node
import { randomBytes } from 'node:crypto';

import { pino } from 'pino';

import { createCommand, type CommandOptions } from './command-options.js';
import { startEmbeddedTimestream } from './embedded-timestream.js';
import { randomBase32 } from './wire/request-id.js';
import type { EmbeddedCredential } from './wire/signature.js';

async function run(arguments_: readonly string[]): Promise<void> {
  const options = createCommand().parse(arguments_, { from: 'user' }).opts<CommandOptions>();
  const generated = { accessKeyId: `AKIA${randomBase32(16)}`, secretAccessKey: randomBytes(30).toString('base64url') };
  const isGenerated = options.credentials.length === 0;
  const server = await startEmbeddedTimestream({
    ...options.listenAddress,
    credentials: isGenerated ? [generated] : options.credentials,
    create: options.create,
    logger: pino({ level: options.logLevel }, pino.destination(2)),
    ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
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
