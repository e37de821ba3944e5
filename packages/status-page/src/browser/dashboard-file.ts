/**
 * What this page reads of deploy/monitoring/dashboard.json, in the words of Grafana's dashboard model:
 * https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
 */
export interface DashboardFile {
  readonly title: string;
  /** Only from `now-<duration>` to `now`. */
  readonly time: { readonly from: string; readonly to: string };
  /** A duration; empty: not by itself. */
  readonly refresh: string;
  readonly templating: { readonly list: readonly DashboardVariable[] };
  readonly panels: readonly DashboardPanel[];
}

export interface DashboardVariable {
  readonly name: string;
  /** `datasource` is the connector itself here; `query` asks for the values of a label. */
  readonly type: string;
  readonly label?: string;
  readonly query: string | { readonly query: string };
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  /** A regular expression that stands for all values. */
  readonly allValue?: string;
}

export interface DashboardPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  /** In a grid of 24 columns. */
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly collapsed?: boolean;
  readonly fieldConfig?: { readonly defaults: PanelDefaults };
  readonly options?: PanelOptions;
  readonly targets?: readonly PanelTarget[];
}

export interface PanelDefaults {
  readonly unit?: string;
  readonly custom?: {
    readonly lineWidth?: number;
    /** Percent. */
    readonly fillOpacity?: number;
    readonly stacking?: { readonly mode: string };
  };
  readonly thresholds?: { readonly steps: readonly ThresholdStep[] };
}

export interface ThresholdStep {
  readonly color: string;
  /** From here on; null: from the beginning. */
  readonly value: number | null;
}

export interface PanelOptions {
  readonly reduceOptions?: { readonly calcs: readonly string[] };
  readonly graphMode?: string;
}

export interface PanelTarget {
  readonly refId: string;
  readonly expr: string;
  /** Text with `{{label}}` in it. */
  readonly legendFormat?: string;
}

export interface DashboardRow {
  readonly title: string;
  readonly collapsed: boolean;
  readonly panels: readonly DashboardPanel[];
}

/** The kinds of panels that this page draws. */
export const DRAWN_PANEL_TYPES: ReadonlySet<string> = new Set(['timeseries', 'stat']);

/** Grafana's name of a unit, and what `formatNumber` calls it. */
const UNITS: Readonly<Record<string, string>> = { cps: '/s', reqps: 'req/s', s: 's', Bps: 'B/s', bytes: 'B', short: '', none: '' };

/** The unit as it stands behind a number. One that this page does not know stands there under Grafana's name. */
export function unitOf(panel: DashboardPanel): string {
  const unit = panel.fieldConfig?.defaults.unit ?? '';
  return UNITS[unit] ?? unit;
}

/** The panels under the rows that they stand below. Those above the first row stand in one without a title. */
export function rowsOf({ panels }: Pick<DashboardFile, 'panels'>): readonly DashboardRow[] {
  const rows: { title: string; collapsed: boolean; panels: DashboardPanel[] }[] = [];
  for (const panel of panels) {
    if (panel.type === 'row') rows.push({ title: panel.title, collapsed: panel.collapsed === true, panels: [] });
    else {
      if (rows.length === 0) rows.push({ title: '', collapsed: false, panels: [] });
      rows.at(-1)?.panels.push(panel);
    }
  }
  return rows;
}

/** The names of the metrics that an expression selects: in a dashboard each stands before its braces. */
export function metricNamesOf(expression: string): readonly string[] {
  return [...new Set(Array.from(expression.matchAll(/[a-zA-Z_:][\w:]*(?=\{)/g), ([name]) => name))];
}

/** What stands in the legend for a series. */
export function legendOf(format: string, metric: Readonly<Record<string, string>>): string {
  return format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_text, label: string) => metric[label] ?? '').trim();
}

/** The threshold that a value has reached, from 0. */
export function thresholdIndexOf(steps: readonly ThresholdStep[], value: number): number {
  return Math.max(
    0,
    steps.findLastIndex((step) => step.value === null || value >= step.value),
  );
}
