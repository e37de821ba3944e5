import { parseBoolean, parseInteger, type NewTable, type TableDescription } from '@timestream-prometheus/connector/operations';
import { DESTINATION_OPTIONS, MISUSE_EXIT, OUTPUT_OPTION, type CommandDefinition, type CommandOption } from '../command-definition.js';
import { workAtDestination } from '../open-destination.js';
import { wrapText } from '../wrap-text.js';

const TIMEOUT_MS = 60_000;

/** These commands make the table, or say that there is none: nothing else may make it before them. */
const workAtTable = (...[flags, host, work]: Parameters<typeof workAtDestination>): Promise<number> =>
  workAtDestination(flags, host, work, false);

const MEMORY_OPTION: CommandOption<number> = {
  flag: 'memory-store-retention-in-hours',
  defaultText: '12',
  kind: 'value',
  placeholder: '<hours>',
  help: 'MemoryStoreRetentionInHours of the template: samples that arrive later than this go to the magnetic store.',
  parse: parseInteger(1, 8766),
};
const MAGNETIC_OPTION: CommandOption<number> = {
  flag: 'magnetic-store-retention-in-days',
  defaultText: '365',
  kind: 'value',
  placeholder: '<days>',
  help: 'MagneticStoreRetentionInDays of the template: samples are deleted after this time.',
  parse: parseInteger(1, 73_000),
};
const MAGNETIC_WRITES_OPTION: CommandOption<boolean> = {
  flag: 'enable-magnetic-store-writes',
  defaultText: 'true',
  kind: 'boolean',
  placeholder: '<true|false>',
  help: 'Take samples that are older than the memory store keeps them. Without it an outage of the sender that lasts longer loses samples, and an import is refused.',
  parse: parseBoolean,
};
const PARTITION_OPTION: CommandOption<string> = {
  flag: 'partition-key',
  defaultText: '',
  kind: 'value',
  placeholder: '<label>',
  help: 'The label by which Timestream spreads series, for tables that are always asked with that label (cluster, tenant). It cannot be changed later. Default: the metric name.',
  parse: (text) => (/^[A-Za-z_][\w.-]{0,59}$|^$/.test(text) ? { value: text } : { rule: 'the name of a label of at most 60 bytes' }),
};
const REQUIRED_OPTION: CommandOption<boolean> = {
  flag: 'partition-key-required',
  defaultText: 'false',
  kind: 'boolean',
  placeholder: '<true|false>',
  help: 'Refuse samples that do not have the label of --partition-key.',
  parse: parseBoolean,
};

export const TABLE_CREATE: CommandDefinition = {
  name: 'table create',
  summary: 'Make the database and the table that the options name, unless they are there.',
  details: 'The options have the names and the defaults of the parameters of deploy/template.yml. What is there already is not changed.',
  args: [],
  connectorOptions: DESTINATION_OPTIONS,
  ownOptions: [OUTPUT_OPTION, MEMORY_OPTION, MAGNETIC_OPTION, MAGNETIC_WRITES_OPTION, PARTITION_OPTION, REQUIRED_OPTION],
  examples: [
    {
      line: 'table create --default-database=metrics --default-table=prometheus --region=eu-west-1',
      meaning: '12 hours in memory, a year in the magnetic store',
    },
    {
      line: 'table create --default-database=metrics --default-table=prometheus --partition-key=cluster',
      meaning: 'for dashboards that always name a cluster',
    },
  ],
  exitCodes: [
    { code: 0, meaning: 'database and table are there now' },
    { code: 1, meaning: 'Timestream refused; the line says why' },
    MISUSE_EXIT,
  ],
  run({ flags, own }, host) {
    const signal = AbortSignal.any([host.stopSignal, AbortSignal.timeout(TIMEOUT_MS)]);
    const name = own[PARTITION_OPTION.flag] as string;
    const table: NewTable = {
      memoryStoreRetentionHours: own[MEMORY_OPTION.flag] as number,
      magneticStoreRetentionDays: own[MAGNETIC_OPTION.flag] as number,
      magneticStoreWrites: own[MAGNETIC_WRITES_OPTION.flag] as boolean,
      partitionKey: name === '' ? { kind: 'measure' } : { kind: 'dimension', name, isRequired: own[REQUIRED_OPTION.flag] as boolean },
    };
    return workAtTable(flags, host, async ({ admin, config }) => {
      const isNewDatabase = await admin.createDatabase(signal);
      const isNewTable = await admin.createTable(table, signal);
      const description = await admin.describeTable(signal);
      if (own['output'] === 'json') {
        host.writeOut(
          `${JSON.stringify({ database: config.defaultDatabase, table: config.defaultTable, isNewDatabase, isNewTable, ...description }, undefined, 2)}\n`,
        );
      } else {
        host.writeOut(`database ${config.defaultDatabase}: ${isNewDatabase ? 'made' : 'was there'}\n`);
        host.writeOut(`table ${config.defaultTable}: ${isNewTable ? 'made' : 'was there, and is as it was'}\n\n${describe(description)}`);
      }
      return 0;
    });
  },
};

export const TABLE_DESCRIBE: CommandDefinition = {
  name: 'table describe',
  summary: 'Show retention, magnetic store and partition key of the table, in the words of deploy/template.yml.',
  args: [],
  connectorOptions: DESTINATION_OPTIONS,
  ownOptions: [OUTPUT_OPTION],
  examples: [
    { line: 'table describe --default-database=metrics --default-table=prometheus --region=eu-west-1', meaning: 'the table as it is' },
  ],
  exitCodes: [
    { code: 0, meaning: 'the table is there' },
    { code: 1, meaning: 'it is not, or may not be seen; the line says which' },
    MISUSE_EXIT,
  ],
  run({ flags, own }, host) {
    return workAtTable(flags, host, async ({ admin, config }) => {
      const description = await admin.describeTable(AbortSignal.any([host.stopSignal, AbortSignal.timeout(TIMEOUT_MS)]));
      host.writeOut(
        own['output'] === 'json'
          ? `${JSON.stringify({ database: config.defaultDatabase, table: config.defaultTable, ...description }, undefined, 2)}\n`
          : `${config.defaultDatabase}.${config.defaultTable}\n\n${describe(description)}`,
      );
      return 0;
    });
  },
};

function describe({ status, arn, partitionKey, ...table }: TableDescription): string {
  const key =
    partitionKey.kind === 'measure'
      ? 'the metric name'
      : `the label ${partitionKey.name}${partitionKey.isRequired ? ', without which a sample is refused' : ''}`;
  return [
    ['Status', status],
    ['Arn', arn],
    ['MemoryStoreRetentionInHours', String(table.memoryStoreRetentionHours)],
    ['MagneticStoreRetentionInDays', String(table.magneticStoreRetentionDays)],
    ['EnableMagneticStoreWrites', String(table.magneticStoreWrites)],
    ['PartitionKey', key],
  ]
    .map(([name = '', value = '']) => wrapText(`  ${name.padEnd(29)}`, value))
    .join('');
}
