import { Command, InvalidArgumentError, Option } from 'commander';
import { memoryBytes } from './memory-shares.js';

import type { EmbeddedTable } from './embedded-timestream.js';
import type { EmbeddedCredential } from './wire/signature.js';

export interface CommandOptions {
  readonly listenAddress: ListenAddress;
  readonly dataDir?: string;
  readonly bucketsDir?: string;
  readonly credentials: readonly EmbeddedCredential[];
  readonly region?: string;
  readonly create: readonly EmbeddedTable[];
  readonly logLevel: string;
  /** DuckDB's bound, in its notation. */
  readonly memoryLimit: string;
  /** Files with seeds. */
  readonly load: readonly string[];
  readonly control: boolean;
  /** Milliseconds since the epoch that the clock starts at; undefined: the machine's time. */
  readonly clock?: number;
  readonly freezeClock: boolean;
}

/** What `timestream-embedded control` sends to a server that runs with --control. */
export interface ControlCommandOptions {
  readonly endpoint: string;
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

/** An ISO 8601 time. */
export function parseClock(text: string): number {
  const timestampMs = Date.parse(text);
  if (Number.isNaN(timestampMs)) throw new InvalidArgumentError(`'${text}' is not a time such as 2024-01-01T00:00:00Z.`);
  return timestampMs;
}

/** A number with a unit that DuckDB has, at least 64 MB: with less it opens, but hardly anything runs. */
export function parseMemoryLimit(text: string): string {
  const bytes = memoryBytes(text);
  if (bytes === undefined || bytes < minMemoryLimitBytes)
    throw new InvalidArgumentError(`'${text}' is not an amount of memory such as 512MB or 2GiB, of 64 MB at least.`);
  return text;
}

const minMemoryLimitBytes = 64_000_000;

const collect = (text: string, earlier: readonly string[]): readonly string[] => [...earlier, text];

export function createCommand(): Command {
  return new Command('timestream-embedded')
    .description(
      "Amazon Timestream's wire protocol on this machine, over DuckDB: for the AWS SDKs, the aws command, and anything built on them.",
    )
    .addOption(
      new Option('--listen-address <host:port>', 'where to listen; without a host: loopback')
        .argParser(parseListenAddress)
        .default({ host: '127.0.0.1', port: 8086 }, '127.0.0.1:8086'),
    )
    .option('--data-dir <directory>', 'where the data lives; without it they are in memory and gone at the end')
    .option(
      '--buckets-dir <directory>',
      'where UNLOAD, batch load and error reports find S3: s3://bucket/key is bucket/key. Default: buckets in the data directory',
    )
    .addOption(
      new Option('--credentials <access:secret>', 'an access key that may sign requests; may be given again')
        .argParser(parseCredential)
        .default([], 'one is made and shown'),
    )
    .option('--region <region>', 'the only region that requests may be signed for. Default: any')
    .addOption(
      new Option('--create <database.table>', 'a table to create if it is missing; may be given again')
        .argParser(parseTable)
        .default([], 'none'),
    )
    .addOption(
      new Option('--load <file>', 'WriteRecords requests in JSON, one a line, to store at the start; may be given again')
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--control', 'take faults, clock, reset and load over HTTP under /_timestream/, unsigned; for tests', false)
    .option('--clock <time>', "the time to begin at, such as 2024-01-01T00:00:00Z. Default: the machine's", parseClock)
    .option('--freeze-clock', 'let the clock stand still', false)
    .option(
      '--memory-limit <amount>',
      'what the database may hold in memory; the process needs up to twice that, and 350 MB',
      parseMemoryLimit,
      '2GB',
    )
    .option('--log-level <level>', 'debug, warn or error', 'warn');
}
