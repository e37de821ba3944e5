import { ConfigError, OPTIONS, defaultTextOf, environmentNameOf, type Option as ConnectorOption } from '@timestream-prometheus/connector';
import { Command, Option } from 'commander';
import type { CommandDefinition, CommandInput, CommandOption, Flags } from './command-definition.js';
import { packageVersion, PROGRAM_NAME } from './package-version.js';

export interface ProgramOutput {
  writeOut(text: string): void;
  writeErr(text: string): void;
}

/** A command with what is to be done when it was given. */
export interface RunnableCommand {
  readonly definition: CommandDefinition;
  readonly run: (input: CommandInput) => Promise<void>;
}

export const SERVE = 'serve';

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

function ownCommanderOption(option: CommandOption): Option {
  const value = option.kind === 'boolean' ? '[true|false]' : option.placeholder;
  const defaultText = option.defaultText === '' ? '' : ` (default: ${option.defaultText})`;
  return new Option(`--${option.flag} ${value}`, `${option.help}${defaultText}`);
}

const serveExamples = `
Examples:
  timestream-prometheus serve --storage=embedded
      everything on this machine, no AWS account needed
  timestream-prometheus serve --default-database=metrics --default-table=prometheus --region=eu-west-1
      Amazon Timestream, with the access key that Prometheus sends as username and password

Exit codes:
  0    told to stop, and everything in flight was answered
  1    it cannot start; one line says why
  2    a wrong command, option or environment variable; the line says which
  130  told twice to stop
`;

function afterHelp({ examples, exitCodes }: CommandDefinition): string {
  const exampleLines = examples.flatMap(({ line, meaning }) => [`  ${PROGRAM_NAME} ${line}`, `      ${meaning}`]);
  const exitLines = exitCodes.map(({ code, meaning }) => `  ${String(code).padEnd(4)} ${meaning}`);
  return ['', 'Examples:', ...exampleLines, '', 'Exit codes:', ...exitLines, ''].join('\n');
}

/** Commander's errors are one or two lines, the second one a suggestion in brackets: a person and a log get one. */
function oneLine(text: string): string {
  return `${PROGRAM_NAME}: ${text
    .trim()
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ')} (see ${PROGRAM_NAME} --help)\n`;
}

/** Commander looks for the nearest option with the value as part of the name, and so finds none. */
class ProgramCommand extends Command {
  override createCommand(name?: string): Command {
    return new ProgramCommand(name);
  }

  // Not among Commander's types, but what it calls; a test sees when it no longer does.
  unknownOption(flag: string): void {
    const { unknownOption } = Command.prototype as unknown as { readonly unknownOption: (this: Command, flag: string) => void };
    unknownOption.call(this, flag.split('=', 1)[0] ?? flag);
  }
}

/**
 * The command line, made from the connector's option table and the definitions of the commands. Parsing calls what was given; commander's own
 * errors are thrown as CommanderError.
 *
 * @param isServeDefault whether a command line that names no command serves; without it an unknown command is one
 */
export function createProgram(
  serve: (flags: Flags) => Promise<void>,
  output: ProgramOutput,
  commands: readonly RunnableCommand[] = [],
  isServeDefault = true,
): Command {
  const program = new ProgramCommand(PROGRAM_NAME)
    .description('Prometheus remote storage on Amazon Timestream for LiveAnalytics.')
    .version(packageVersion(), '--version', 'Show the version.')
    .helpOption('-h, --help', 'Show this help.')
    .helpCommand(false)
    .configureOutput({ ...output, outputError: (text, write) => write(oneLine(text)) })
    .exitOverride();
  const serveCommand = addCommand(program, SERVE, { isDefault: isServeDefault })
    .description('Serve remote write and remote read over HTTP. An option wins over its environment variable, which wins over the default.')
    .addHelpText('after', serveExamples);
  for (const option of Object.values<ConnectorOption<unknown>>(OPTIONS)) {
    if (option.scope !== 'lambda') serveCommand.addOption(commanderOption(option));
  }
  serveCommand.action((given: Readonly<Record<string, string | true>>) => serve(flagsOf(serveCommand, given)));
  for (const { definition, run } of commands) addDefinedCommand(program, definition, run);
  return program;
}

function addCommand(parent: Command, name: string, options: { readonly isDefault?: boolean } = {}): Command {
  return parent
    .command(name, options)
    .helpOption('-h, --help', 'Show this help.')
    .helpCommand(false)
    .allowExcessArguments(false)
    .exitOverride();
}

function addDefinedCommand(program: Command, definition: CommandDefinition, run: RunnableCommand['run']): void {
  const [first = '', second] = definition.name.split(' ');
  let command: Command;
  if (second === undefined) command = addCommand(program, first);
  else {
    const group = program.commands.find((each) => each.name() === first) ?? addCommand(program, first).description(`Commands: ${first} …`);
    command = addCommand(group, second);
  }
  command.summary(definition.summary);
  command.description([definition.summary, ...(definition.details === undefined ? [] : [definition.details])].join('\n\n'));
  command.addHelpText('after', afterHelp(definition));
  for (const { name, help, isRequired } of definition.args) command.argument(isRequired ? `<${name}>` : `[${name}]`, help);
  for (const option of definition.ownOptions) command.addOption(ownCommanderOption(option).helpGroup('Options:'));
  for (const key of definition.connectorOptions) command.addOption(commanderOption(OPTIONS[key]));
  command.action(async (...received: readonly unknown[]) => {
    const given = received.at(-2) as Readonly<Record<string, string | true>>;
    const args = received.slice(0, -2).filter((arg): arg is string => typeof arg === 'string');
    const all = flagsOf(command, given);
    const ownFlags = new Set(definition.ownOptions.map(({ flag }) => flag));
    const flags = Object.fromEntries(Object.entries(all).filter(([flag]) => !ownFlags.has(flag)));
    await run({ args, flags, own: parseOwn(definition.ownOptions, all) });
  });
}

/** Commander gives `true` for a switch without a value; everything else is text, which is parsed later. */
function flagsOf(command: Command, given: Readonly<Record<string, string | true>>): Flags {
  const flagByAttribute = new Map(command.options.map((option) => [option.attributeName(), option.name()]));
  return Object.fromEntries(
    Object.entries(given).map(([attribute, value]) => [flagByAttribute.get(attribute) ?? attribute, String(value)]),
  );
}

/** @throws ConfigError as for the connector's options */
function parseOwn(options: readonly CommandOption[], flags: Flags): Readonly<Record<string, unknown>> {
  const entries = options.map(({ flag, defaultText, parse }) => {
    const text = flags[flag] ?? defaultText;
    const parsed = parse(text);
    if ('value' in parsed) return [flag, parsed.value];
    throw new ConfigError(flag, `must be ${parsed.rule}`, text);
  });
  return Object.fromEntries(entries) as Readonly<Record<string, unknown>>;
}
