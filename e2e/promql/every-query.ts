import { withVariables } from '../dashboards/dashboard.js';
import { kubernetesCluster, kubernetesWorkloads } from '../dashboards/kubernetes.js';
import { nodeExporter } from '../dashboards/node-exporter.js';
import { createPromqlCorpus } from '../differential/promql-corpus.js';
import { fixedQueries } from './promql-queries.js';

/** The queries of all suites: functions and operators, matchers, dashboards. */
export function everyQuery(): readonly string[] {
  const dashboards = [nodeExporter, kubernetesCluster, kubernetesWorkloads];
  const asked = dashboards.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries));
  // What a variable stands for does not matter here.
  const filled = asked.map((query) => withVariables(query.replaceAll(/\$(?!\{?__)\{?\w+\}?/g, 'x'), {}));
  return [...fixedQueries(), ...createPromqlCorpus(), ...filled];
}
