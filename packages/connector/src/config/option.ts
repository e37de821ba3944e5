/** Which edge an option is for. `lambda` has no listener, no TLS and no embedded Timestream. */
export type OptionScope = 'server' | 'lambda' | 'both';

/** Shown in the help and in docs/configuration.md, in this order. */
export type OptionGroup =
  | 'Destination'
  | 'AWS'
  | 'Samples and layout'
  | 'Logging'
  | 'Server'
  | 'Storage on this machine'
  | 'Limits'
  | 'Lambda';

/** One option, as data: the command line, the environment, the documentation and the typed configuration all come from it. */
export interface Option<T> {
  /** Without dashes, e.g. `log.level`. The environment name is derived from it, see `environmentNameOf`. */
  readonly flag: string;
  readonly group: OptionGroup;
  readonly scope: OptionScope;
  /** Standard AWS variables that are read when neither the flag nor our own variable is given. */
  readonly fallbackEnv?: readonly string[];
  /** The default as a person would type it; where the edges differ, one for each. */
  readonly defaultText: string | { readonly server: string; readonly lambda: string };
  /** `boolean` options may be given without a value on a command line. */
  readonly kind: 'boolean' | 'value';
  /** The placeholder of the value in the help, e.g. `<duration>`. */
  readonly placeholder: string;
  readonly help: string;
  /** An empty variable is a value of its own; of every other option it counts as not given. */
  readonly emptyIsGiven?: boolean;
  /** The value must not be shown in a message or a log. */
  readonly secret?: boolean;
  readonly parse: ParseOption<T>;
}

/** Gives the value, or the rule that the text breaks. The rule completes the sentence "… must be". */
export type ParseOption<T> = (text: string) => { readonly value: T } | { readonly rule: string };

/** `log.level` -> `log_level`, `max-read-retries` -> `max_read_retries`: the names that the earlier connector reads in Lambda. */
export function environmentNameOf(flag: string): string {
  return flag.replaceAll(/[-.]/g, '_');
}

/** The default text of an option at one edge. */
export function defaultTextOf(option: Option<unknown>, edge: 'server' | 'lambda'): string {
  return typeof option.defaultText === 'string' ? option.defaultText : option.defaultText[edge];
}
