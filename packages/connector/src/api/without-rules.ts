/**
 * JSON of the answers of `/api/v1/rules` and `/api/v1/alerts`: what a Prometheus without rules says. The connector evaluates none, and Grafana
 * with its default settings asks for both whenever somebody looks at its list of alerts (`manageAlerts` of the data source).
 */
export function answerRules(): string {
  return JSON.stringify({ status: 'success', ['data']: { groups: [] } });
}

export function answerAlerts(): string {
  return JSON.stringify({ status: 'success', ['data']: { alerts: [] } });
}
