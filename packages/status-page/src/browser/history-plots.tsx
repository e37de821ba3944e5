import type { StatusHistory } from '../status-answer.js';
import type { PlotLine } from './line-chart.js';
import { Plot } from './plot.js';

interface PlotDefinition {
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  /** Columns of the history: a name, or a prefix that ends with a colon. */
  readonly columns: Readonly<Record<string, string>>;
}

const PLOTS: readonly PlotDefinition[] = [
  { title: 'Samples in', description: 'per second', unit: '/s', columns: { received: 'received', stored: 'stored' } },
  { title: 'Refused or dropped', description: 'samples per second, by reason', unit: '/s', columns: { 'refused:': '' } },
  { title: 'Samples out', description: 'per second', unit: '/s', columns: { read: 'read' } },
  { title: 'Answers', description: 'per second, by path and status', unit: '/s', columns: { 'answers:': '' } },
  {
    title: 'Time of a request',
    description: '99 of 100 are faster',
    unit: 's',
    columns: { 'latency:write': 'write', 'latency:read': 'read', 'latency:query': 'query' },
  },
  { title: 'Timestream calls', description: 'per second, by operation and outcome', unit: '/s', columns: { 'calls:': '' } },
  {
    title: 'What it costs',
    description: 'bytes per second as Timestream meters them',
    unit: 'B/s',
    columns: { 'metered:write': 'written', 'metered:query': 'scanned' },
  },
];

/** The last hour as pictures. */
export function HistoryPlots({ history }: { readonly history: StatusHistory }) {
  const timesSeconds = history.timesMs.map((timeMs) => timeMs / 1000);
  return (
    <section aria-labelledby="hour">
      <h2 id="hour">The last hour</h2>
      <div class="plots">
        {PLOTS.map(({ title, description, unit, columns }) => (
          <Plot
            key={title}
            title={title}
            description={description}
            unit={unit}
            timesSeconds={timesSeconds}
            lines={linesOf(history, columns)}
          />
        ))}
      </div>
    </section>
  );
}

function linesOf({ columns }: StatusHistory, wanted: Readonly<Record<string, string>>): PlotLine[] {
  return Object.entries(wanted).flatMap(([name, label]) => {
    if (!name.endsWith(':')) return columns[name] === undefined ? [] : [{ label, values: columns[name] }];
    return Object.entries(columns)
      .filter(([column]) => column.startsWith(name))
      .map(([column, values]) => ({ label: column.slice(name.length), values }));
  });
}
