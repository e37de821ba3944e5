/** A dashboard as it matters here: what it asks for. */
export interface Dashboard {
  readonly title: string;
  /** The variables, in the order in which they are filled: `label_values(…)` and `query_result(…)` as Grafana has them. */
  readonly variables: readonly DashboardVariable[];
  readonly panels: readonly DashboardPanel[];
}

export interface DashboardVariable {
  readonly name: string;
  readonly query: string;
  /** Of what `query_result` gives, the part that becomes the value. */
  readonly regex?: RegExp;
}

export interface DashboardPanel {
  readonly title: string;
  /** Tables and single numbers ask for one moment. */
  readonly instant?: boolean;
  readonly queries: readonly string[];
}

/** What Grafana puts in for the variables of a query; a regular expression matcher takes one value or several alike. */
export function withVariables(query: string, values: Readonly<Record<string, string>>): string {
  const own = { __rate_interval: '1m', __interval: '30s', __range: '15m', __range_s: '900', ...values };
  return query.replaceAll(/\$\{([A-Za-z_]\w*)(?::\w+)?\}|\$([A-Za-z_]\w*)/g, (whole: string, braced?: string, plain?: string) => {
    const value = (own as Readonly<Record<string, string>>)[braced ?? plain ?? ''];
    if (value === undefined) throw new Error(`${whole} of ${query} has no value`);
    return value;
  });
}

/** One panel for each of these names, all asked alike; `$m` stands for the name. */
export function panelsOf(title: string, query: string, names: string): DashboardPanel[] {
  return names
    .trim()
    .split(/\s+/)
    .map((name) => ({ title: `${title}: ${name}`, queries: [query.replaceAll('$m', name)] }));
}
