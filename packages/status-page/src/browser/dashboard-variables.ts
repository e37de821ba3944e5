import type { DashboardVariable } from './dashboard-file.js';

/** The chosen values of each variable by its name; none: all of them. */
export type ChosenValues = Readonly<Record<string, readonly string[]>>;

export interface LabelQuestion {
  readonly selector: string;
  readonly label: string;
}

/** Those that ask for something; the data source is this connector. */
export function queryVariables(variables: readonly DashboardVariable[]): readonly DashboardVariable[] {
  return variables.filter(({ type }) => type === 'query');
}

/**
 * What a variable asks for: `label_values(selector, label)`.
 *
 * @throws Error for any other function of Grafana
 */
export function labelQuestionOf({ name, query }: DashboardVariable): LabelQuestion {
  const text = typeof query === 'string' ? query : query.query;
  const [, selector, label] = /^label_values\((.+),\s*(\w+)\)$/.exec(text) ?? [];
  if (selector === undefined || label === undefined) throw new Error(`the variable ${name} asks for ${text}, which this page cannot ask`);
  return { selector, label };
}

/**
 * The text with what its variables stand for, as Grafana sends it to a Prometheus: a regular expression for all of the chosen values, for
 * it stands behind `=~`. A name that is no variable stays as it is.
 */
export function withVariables(
  text: string,
  variables: readonly DashboardVariable[],
  chosen: ChosenValues,
  intervals: Readonly<Record<string, number>>,
): string {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced: string | undefined, bare: string | undefined) => {
    const name = braced ?? bare ?? '';
    const seconds = intervals[name];
    if (seconds !== undefined) return `${seconds}s`;
    const variable = variables.find((candidate) => candidate.name === name);
    if (variable === undefined) return whole;
    const values = chosen[name] ?? [];
    if (values.length === 0) return variable.allValue ?? '.*';
    const patterns = values.map((value) => inPromqlText(asPattern(value)));
    return patterns.length === 1 ? (patterns[0] ?? '') : `(${patterns.join('|')})`;
  });
}

/** A regular expression of RE2 that matches the value and nothing else. */
function asPattern(value: string): string {
  return value.replace(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
}

/** Between double quotes of PromQL a backslash starts an escape, as in Go. */
function inPromqlText(text: string): string {
  return text.replace(/["\\]/g, String.raw`\$&`).replace(/\n/g, String.raw`\n`);
}
