/** Why the configuration was refused. The only error of `parseConfig`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** The option, by flag name without dashes. */
  readonly option: string;
  /** What the value must be. */
  readonly rule: string;
  /** The refused value; `***` for a secret, undefined when there is none. */
  readonly value: string | undefined;

  constructor(option: string, rule: string, value: string | undefined, origin?: string) {
    const got = value === undefined ? '' : `, got ${JSON.stringify(value)}${origin === undefined ? '' : ` (from ${origin})`}`;
    super(`--${option} ${rule}${got}`);
    this.option = option;
    this.rule = rule;
    this.value = value;
  }
}
