import { parseBoolean, parseFileName, parseInteger } from '@timestream-prometheus/connector/operations';
import { MISUSE_EXIT, type CommandOption } from './command-definition.js';
import { TIME_OPTIONS } from './time-options.js';

const HOUR_MS = 3_600_000;

/** What import and export have in common. */
export const MATCH_OPTION: CommandOption<string> = {
  flag: 'match',
  defaultText: '{__name__=~".+"}',
  kind: 'value',
  placeholder: '<selector>',
  help: 'Which series are read from a table or a server.',
  parse: parseFileName,
};
export const WINDOW_OPTION: CommandOption<number> = {
  flag: 'window',
  defaultText: '1h',
  kind: 'value',
  placeholder: '<duration>',
  help: 'How much of time one read asks for, such as 10m or 6h: less takes less memory, more takes fewer queries.',
  parse: (text) => {
    const match = /^(\d{1,4})([mh])$/.exec(text);
    const value = match === null ? 0 : Number(match[1]) * (match[2] === 'm' ? 60_000 : HOUR_MS);
    return value > 0 ? { value } : { rule: 'a duration such as 10m or 6h' };
  },
};
export const RATE_OPTION: CommandOption<number> = {
  flag: 'max-samples-per-second',
  defaultText: '0',
  kind: 'value',
  placeholder: '<count>',
  help: 'No faster than this on average; 0: as fast as it goes.',
  parse: parseInteger(0, 10_000_000),
};
export const VERIFY_OPTION: CommandOption<boolean> = {
  flag: 'verify',
  defaultText: 'true',
  kind: 'boolean',
  placeholder: '<true|false>',
  help: 'Afterwards read both sides again and compare every sample, bit for bit. On Amazon Timestream these queries are charged like any other.',
  parse: parseBoolean,
};
export const DRY_RUN_OPTION: CommandOption<boolean> = {
  flag: 'dry-run',
  defaultText: 'false',
  kind: 'boolean',
  placeholder: '<true|false>',
  help: 'Show the estimate and end.',
  parse: parseBoolean,
};
export function stateFileOption(defaultText: string): CommandOption<string> {
  return {
    flag: 'state-file',
    defaultText,
    kind: 'value',
    placeholder: '<file>',
    help: 'Where it notes how far it has come. If the file is there, it goes on where the last run ended; it is removed when everything is done.',
    parse: parseFileName,
  };
}
/** The options of both commands, but for the state file. */
export const TRANSFER_OPTIONS: readonly CommandOption[] = [
  MATCH_OPTION,
  ...TIME_OPTIONS,
  WINDOW_OPTION,
  DRY_RUN_OPTION,
  VERIFY_OPTION,
  RATE_OPTION,
];
export const PARTLY_EXIT = { code: 3, meaning: 'done, but something was left out, or differs: the lines say what' } as const;
export const STOPPED_EXIT = { code: 130, meaning: 'stopped by a signal; run it again to go on' } as const;

/** The exit codes of both commands, given what 0 means. */
export const transferExitCodes = (doneMeaning: string) => [
  { code: 0, meaning: doneMeaning },
  { code: 1, meaning: 'it could not go on: the line says why; run it again to go on' },
  MISUSE_EXIT,
  PARTLY_EXIT,
  STOPPED_EXIT,
];
