import { Command, InvalidArgumentError } from 'commander';

import type { EmbeddedTable } from './embedded-timestream.js';
import type { EmbeddedCredential } from './wire/signature.js';

export interface CommandOptions {
  readonly listenAddress: ListenAddress;
  readonly dataDir?: string;
  readonly credentials: readonly EmbeddedCredential[];
  readonly region?: string;
  readonly create: readonly EmbeddedTable[];
  readonly logLevel: string;
}

interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `host:port` or `:port`; an IPv6 address in brackets. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new InvalidArgumentError(`'${text}' is not host:port, such as 127.0.0.1:8086.`);
  const host = match[1] ?? match[2] ?? '';
  return { host: host === '' ? '127.0.0.1' : host, port };
}

/** `ACCESS:SECRET` or `ACCESS:SECRET:SESSION_TOKEN`. */
export function parseCredential(text: string, earlier: readonly EmbeddedCredential[]): readonly EmbeddedCredential[] {
  const [accessKeyId = '', secretAccessKey = '', ...rest] = text.split(':');
  // What was given holds a secret: the message does not repeat it.
  if (accessKeyId === '' || secretAccessKey === '') throw new InvalidArgumentError('Give it as ACCESS:SECRET.');
  const sessionToken = rest.join(':');
  return [...earlier, { accessKeyId, secretAccessKey, ...(sessionToken === '' ? {} : { sessionToken }) }];
}

/** `DB.TABLE`; what follows the first dot is the table. */
export function parseTable(text: string, earlier: readonly EmbeddedTable[]): readonly EmbeddedTable[] {
  const match = /^([a-zA-Z0-9_-]+)\.([a-zA-Z0-9_.-]+)$/.exec(text);
  const [, databaseName, tableName] = match ?? [];
  if (databaseName === undefined || tableName === undefined) throw new InvalidArgumentError(`'${text}' is not DATABASE.TABLE.`);
  return [...earlier, { databaseName, tableName }];
}

export function createCommand(): Command {
  return new Command('timestream-embedded')
    .description(
      "Amazon Timestream's wire protocol on this machine, over DuckDB: for the AWS SDKs, the aws command, and anything built on them.",
    )
    .option('--listen-address <host:port>', 'where to listen; without a host: loopback', parseListenAddress, {
      host: '127.0.0.1',
      port: 8086,
    })
    .option('--data-dir <directory>', 'where the data lives; without it they are in memory and gone at the end')
    .option(
      '--credentials <access:secret>',
      'an access key that may sign requests; may be given again. Default: one is made and shown',
      parseCredential,
      [],
    )
    .option('--region <region>', 'the only region that requests may be signed for. Default: any')
    .option('--create <database.table>', 'a table to create if it is missing; may be given again', parseTable, [])
    .option('--log-level <level>', 'debug, warn or error', 'warn');
}
