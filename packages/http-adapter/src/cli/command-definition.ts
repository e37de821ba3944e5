import type { OPTIONS, Option } from '@timestream-prometheus/connector';
import type { ProgramHost } from './program-host.js';

/** Flags as given on the command line, by name without dashes. */
export type Flags = Readonly<Record<string, string>>;

export interface CommandOption<T = unknown> extends Pick<Option<T>, 'flag' | 'defaultText' | 'kind' | 'placeholder' | 'help' | 'parse'> {
  readonly defaultText: string;
  /** The values that it has, where these are few: for completion. */
  readonly choices?: readonly string[];
}

export interface CommandArgument {
  readonly name: string;
  readonly help: string;
  readonly isRequired: boolean;
  /** What completion offers. */
  readonly completes: 'file' | 'nothing' | readonly string[];
}

export interface CommandInput {
  readonly args: readonly string[];
  /** Of the connector's options. */
  readonly flags: Flags;
  /** Of the command's own options, parsed. */
  readonly own: Readonly<Record<string, unknown>>;
}

/** A command as data: its help, its completion and its page in docs/commands.md come from it. */
export interface CommandDefinition {
  /** One word, or two: a group and its member. */
  readonly name: string;
  readonly summary: string;
  readonly details?: string;
  readonly args: readonly CommandArgument[];
  readonly connectorOptions: readonly (keyof typeof OPTIONS)[];
  readonly ownOptions: readonly CommandOption[];
  readonly examples: readonly { readonly line: string; readonly meaning: string }[];
  readonly exitCodes: readonly { readonly code: number; readonly meaning: string }[];
  run(input: CommandInput, host: ProgramHost): Promise<number>;
}

/** The connector's options that say where the data are. */
export const DESTINATION_OPTIONS = [
  'defaultDatabase',
  'defaultTable',
  'region',
  'queryBaseEndpoint',
  'writeBaseEndpoint',
  'storage',
  'embeddedDataDir',
  'embeddedListenAddress',
  'embeddedCredentials',
] as const satisfies readonly (keyof typeof OPTIONS)[];

export type OutputFormat = 'text' | 'json';

export const OUTPUT_OPTION: CommandOption<OutputFormat> = {
  flag: 'output',
  defaultText: 'text',
  kind: 'value',
  placeholder: '<format>',
  choices: ['text', 'json'],
  help: 'text for people, json for programs: then standard output has JSON and nothing else.',
  parse: (text) => (text === 'text' || text === 'json' ? { value: text } : { rule: 'one of text, json' }),
};

export const MISUSE_EXIT = { code: 2, meaning: 'a wrong command, option or environment variable; the line says which' } as const;
