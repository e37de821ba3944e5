import { createMatcher, type Matcher } from '@timestream-prometheus/timestream-translator';
import type { VectorSelector } from '../syntax/expression.js';
import { compareGoText } from '../syntax/go-text.js';
import { FLOAT, GridCollector, type GridSeries, HISTOGRAM, NONE } from './grid.js';
import type { LabelSet } from './label-set.js';
import { isMetadataLabel, METRIC_NAME, partialKey } from './label-set.js';
import { executionError } from './query-error.js';

/** Labels by which a series finds its info series. In the order of Prometheus. */
const IDENTIFYING_LABELS = ['instance', 'job'] as const;

const equals = (name: string, value: string): Matcher => createMatcher({ type: '=', name, value });
const matchesRegex = (name: string, value: string): Matcher => createMatcher({ type: '=~', name, value });

/** What `info` was asked to add: matchers of data labels, and of the names of the info metrics. */
export interface InfoSelection {
  readonly nameMatchers: readonly Matcher[];
  readonly dataMatchers: ReadonlyMap<string, readonly Matcher[]>;
}

export function infoSelection(selector: VectorSelector | null): InfoSelection {
  const dataMatchers = new Map<string, Matcher[]>();
  const named: Matcher[] = [];
  for (const matcher of selector?.matchers ?? []) {
    if (matcher.name === METRIC_NAME) {
      named.push(matcher);
      continue;
    }
    const same = dataMatchers.get(matcher.name);
    if (same === undefined) dataMatchers.set(matcher.name, [matcher]);
    else same.push(matcher);
  }
  return { nameMatchers: effectiveNameMatchers(named), dataMatchers };
}

/** `target_info` unless a name is asked for; a name that is only excluded leaves every other info metric. */
function effectiveNameMatchers(matchers: readonly Matcher[]): readonly Matcher[] {
  if (matchers.some(({ type }) => type === '=' || type === '=~')) return matchers;
  return matchers.length === 0 ? [equals(METRIC_NAME, 'target_info')] : [matchesRegex(METRIC_NAME, '.+_info'), ...matchers];
}

/** Series that are info series themselves; they are left as they are. */
export function isInfoSeries({ metric }: GridSeries, { nameMatchers }: InfoSelection): boolean {
  const name = metric.get(METRIC_NAME);
  return nameMatchers.every((matcher) => matcher.matches(name));
}

/** One selection for each combination of identifying labels that the series have. */
export function infoSelections(series: readonly GridSeries[], selection: InfoSelection): Matcher[][] {
  const byPresence = new Map<number, Map<string, Set<string>>>();
  for (const one of series) {
    if (isInfoSeries(one, selection)) continue;
    const values = IDENTIFYING_LABELS.map((name) => [name, one.metric.get(name)] as const).filter(([, value]) => value !== '');
    if (values.length === 0) continue;
    const presence = (values.some(([name]) => name === 'job') ? 1 : 0) + (values.some(([name]) => name === 'instance') ? 2 : 0);
    const known = byPresence.get(presence) ?? new Map<string, Set<string>>();
    byPresence.set(presence, known);
    for (const [name, value] of values) known.set(name, (known.get(name) ?? new Set()).add(value));
  }
  return [...byPresence]
    .sort(([left], [right]) => left - right)
    .map(([, known]) => [
      ...IDENTIFYING_LABELS.map((name) => {
        const values = known.get(name);
        if (values === undefined) return equals(name, '');
        return matchesRegex(name, [...values].sort(compareGoText).map(escapeRegex).join('|'));
      }),
      ...[...selection.dataMatchers.values()].flat(),
      ...selection.nameMatchers,
    ]);
}

/** Go's `regexp.QuoteMeta`. */
function escapeRegex(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

const isIdentifying = (name: string): boolean => name === 'instance' || name === 'job';

/** Add the labels of the matching info series to each series. `infos` hold the times of their samples, in milliseconds. */
export function combineWithInfo(
  series: readonly GridSeries[],
  infos: readonly GridSeries[],
  selection: InfoSelection,
  steps: number,
): readonly GridSeries[] {
  const infoNames = [...new Set(infos.map(({ metric }) => metric.get(METRIC_NAME)))];
  const signature = (metric: LabelSet, name: string): string => `${name}\uD800${partialKey(metric, isIdentifying)}`;
  const infoSignatures = infos.map(({ metric }) => signature(metric, metric.get(METRIC_NAME)));
  const ignored = series.map((one) => isInfoSeries(one, selection));
  const signatures = series.map(({ metric }) => infoNames.map((name) => signature(metric, name)));
  const collector = new GridCollector(steps);
  for (let step = 0; step < steps; step++) {
    const latest = new Map<string, GridSeries>();
    infos.forEach((one, index) => {
      if (one.kinds[step] === NONE) return;
      if (one.kinds[step] === HISTOGRAM) throw executionError('info sample should be float');
      const key = infoSignatures[index]!;
      const other = latest.get(key);
      if (other === undefined) {
        latest.set(key, one);
        return;
      }
      const timeMs = one.floats[step]!;
      const otherMs = other.floats[step]!;
      if (otherMs < timeMs) latest.set(key, one);
      else if (otherMs === timeMs) {
        throw executionError(
          `found duplicate series for info metric: existing ${other.metric.text()} @ ${otherMs}, new ${one.metric.text()} @ ${timeMs}`,
        );
      }
    });
    series.forEach((one, index) => {
      const kind = one.kinds[step];
      if (kind === NONE) return;
      const metric = ignored[index]! ? one.metric : withInfoLabels(one.metric, signatures[index]!, latest, selection);
      if (metric !== null) collector.add(step, metric, kind === FLOAT ? one.floats[step]! : one.histograms![step]!);
    });
  }
  return collector.finish();
}

function withInfoLabels(
  metric: LabelSet,
  signatures: readonly string[],
  latest: ReadonlyMap<string, GridSeries>,
  { dataMatchers }: InfoSelection,
): LabelSet | null {
  const added = new Map<string, string>();
  let found = false;
  for (const key of signatures) {
    const source = latest.get(key);
    if (source === undefined) continue;
    found = true;
    for (const { name, value } of source.metric.labels) {
      if (isMetadataLabel(name) || (dataMatchers.size > 0 && !dataMatchers.has(name))) continue;
      const other = added.get(name);
      if (other !== undefined && other !== value) throw executionError(`conflicting label: ${name}`);
      if (metric.get(name) === '') added.set(name, value);
    }
  }
  if (!found && [...dataMatchers.values()].flat().some((matcher) => !matcher.matches(''))) return null;
  return metric.with(added);
}
