import { readFileSync } from 'node:fs';
import { OPTIONS, defaultTextOf, environmentNameOf, type Option as ConnectorOption } from '@timestream-prometheus/connector';
import { Command, Option } from 'commander';

/** Flags as given on the command line, by name without dashes. */
export type Flags = Readonly<Record<string, string>>;

export interface ProgramOutput {
  writeOut(text: string): void;
  writeErr(text: string): void;
}

/** The version of the package, for `--version` and the banner. */
export function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  return manifest.version;
}

function describeOption(option: ConnectorOption<unknown>): string {
  const defaultText = defaultTextOf(option, 'server');
  const sources = [environmentNameOf(option.flag), ...(option.fallbackEnv ?? [])].join(', ');
  return `${option.help} (${defaultText === '' ? '' : `default: ${defaultText}; `}env: ${sources})`;
}

function commanderOption(option: ConnectorOption<unknown>): Option {
  const isSwitch = option.kind === 'boolean';
  const value = isSwitch ? '[true|false]' : option.placeholder;
  return new Option(`--${option.flag} ${value}`, describeOption(option)).helpGroup(`${option.group}:`);
}

const serveExamples = `
Examples:
  timestream-prometheus serve --storage=embedded
      everything on this machine, no AWS account needed
  timestream-prometheus serve --default-database=metrics --default-table=prometheus --region=eu-west-1
      Amazon Timestream, with the access key that Prometheus sends as username and password
`;

/**
 * The command line, made from the connector's option table. Parsing calls `serve` with what was given; commander's own errors are thrown as
 * CommanderError.
 */
export function createProgram(serve: (flags: Flags) => Promise<void>, output: ProgramOutput): Command {
  const program = new Command('timestream-prometheus')
    .description('Prometheus remote storage on Amazon Timestream for LiveAnalytics.')
    .version(packageVersion(), '--version', 'Show the version.')
    .helpOption('-h, --help', 'Show this help.')
    .helpCommand(false)
    .configureOutput(output)
    .exitOverride();
  const serveCommand = program
    .command('serve', { isDefault: true })
    .description('Serve remote write and remote read over HTTP. An option wins over its environment variable, which wins over the default.')
    .helpOption('-h, --help', 'Show this help.')
    .addHelpText('after', serveExamples)
    .allowExcessArguments(false)
    .exitOverride();
  for (const option of Object.values<ConnectorOption<unknown>>(OPTIONS)) {
    if (option.scope !== 'lambda') serveCommand.addOption(commanderOption(option));
  }
  // Commander gives `true` for a switch without a value; everything else is text, which the connector parses.
  serveCommand.action((given: Readonly<Record<string, string | true>>) => {
    const flagByAttribute = new Map(serveCommand.options.map((option) => [option.attributeName(), option.name()]));
    const flags = Object.entries(given).map(([attribute, value]) => [flagByAttribute.get(attribute) ?? attribute, String(value)]);
    return serve(Object.fromEntries(flags) as Flags);
  });
  return program;
}
