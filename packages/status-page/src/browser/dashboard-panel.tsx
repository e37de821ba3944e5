import { useEffect, useMemo, useState } from 'preact/hooks';
import { queryRange, type RangeAnswer } from './connector-client.js';
import type { DashboardMoments } from './dashboard-address.js';
import { DRAWN_PANEL_TYPES, legendOf, metricNamesOf, thresholdIndexOf, unitOf, type DashboardPanel } from './dashboard-file.js';
import { formatNumber } from './format-number.js';
import type { ChartLook, PlotLine } from './line-chart.js';
import { Plot, lastOf } from './plot.js';
import type { QuestionQueue } from './question-queue.js';
import { columnsOf, seriesName, type NamedSeries, type RangeColumns } from './range-columns.js';
import { RequestError } from './request-error.js';
import { useOnScreen } from './use-on-screen.js';

export interface PanelProps {
  readonly panel: DashboardPanel;
  /** The PromQL of each target of the panel, without variables. */
  readonly expressions: readonly string[];
  readonly moments: DashboardMoments;
  readonly queue: QuestionQueue;
  /** The metrics that have series in the range; undefined while that is not known. */
  readonly presentMetrics: ReadonlySet<string> | undefined;
  readonly onRefused: (error: RequestError) => void;
}

interface Answered {
  readonly question: string;
  readonly columns: RangeColumns;
  readonly warnings: readonly string[];
}

/** One panel: asks while it is on the screen, keeps what it has until the next answer, and says in words what it cannot show. */
export function Panel({ panel, expressions, moments, queue, presentMetrics, onRefused }: PanelProps) {
  const { element, isOnScreen } = useOnScreen<HTMLDivElement>();
  const [answered, setAnswered] = useState<Answered>();
  const [isAsking, setAsking] = useState(false);
  const [problem, setProblem] = useState<string>();
  const isDrawn = DRAWN_PANEL_TYPES.has(panel.type);
  const question = JSON.stringify([expressions, moments]);
  const isAsked = isOnScreen && isDrawn && answered?.question !== question;

  useEffect(() => {
    if (!isAsked) return undefined;
    const stop = new AbortController();
    setAsking(true);
    const { startSeconds, endSeconds, stepSeconds } = moments;
    const ask = (expression: string): Promise<RangeAnswer> =>
      queue.ask((signal) => queryRange(expression, startSeconds, endSeconds, stepSeconds, signal), stop.signal);
    Promise.all(expressions.map(ask))
      .then((answers) => {
        if (stop.signal.aborted) return;
        setAnswered({
          question,
          columns: columnsOf(namedSeries(panel, answers), moments),
          warnings: answers.flatMap(({ warnings }) => warnings),
        });
        setProblem(undefined);
        setAsking(false);
      })
      .catch((error: unknown) => {
        if (stop.signal.aborted) return;
        stop.abort();
        setAsking(false);
        setProblem(error instanceof RequestError ? error.message : 'The connector does not answer.');
        if (error instanceof RequestError) onRefused(error);
      });
    return () => {
      stop.abort();
      setAsking(false);
    };
  }, [isAsked, question]);

  const { timesSeconds, lines } = answered?.columns ?? NOTHING;
  const look = useMemo(() => lookOf(panel), [panel]);
  return (
    <div ref={element} class="panel" style={{ '--column': `${panel.gridPos.x + 1} / span ${panel.gridPos.w}` }}>
      <Plot
        title={panel.title}
        description={descriptionOf(panel)}
        unit={unitOf(panel)}
        timesSeconds={timesSeconds}
        lines={lines}
        look={look}
        group="dashboard"
        isBusy={isAsking}
        whenEmpty={
          isDrawn ? (
            problem === undefined && <p class="quiet">{answered === undefined ? 'Asking …' : noSeriesText(panel, presentMetrics)}</p>
          ) : (
            <p class="quiet">This page draws no panel of the kind “{panel.type}”. Grafana does, from the same file.</p>
          )
        }
      >
        {problem !== undefined && (
          <p class="bad">
            {problem}
            {answered !== undefined && ' What is shown is the answer before.'}
          </p>
        )}
        {answered?.warnings.map((warning) => (
          <p key={warning}>{warning}</p>
        ))}
        {panel.type === 'stat' && <Stat panel={panel} lines={lines} />}
      </Plot>
    </div>
  );
}

const NOTHING: RangeColumns = { timesSeconds: [], lines: [] };

/** The newest value of each line in large figures, on the colour of its threshold, which is also said in words. */
function Stat({ panel, lines }: { readonly panel: DashboardPanel; readonly lines: readonly PlotLine[] }) {
  const steps = panel.fieldConfig?.defaults.thresholds?.steps ?? [];
  const unit = unitOf(panel);
  return lines.map(({ label, values }, index) => {
    const value = lastOf(values);
    if (value === null) return null;
    const reached = thresholdIndexOf(steps, value);
    const limit = steps[Math.max(1, reached)]?.value;
    return (
      <p key={index} class={`stat stat-${steps[reached]?.color ?? 'none'}`}>
        <b>{formatNumber(value, unit)}</b> {label}
        {limit !== undefined && limit !== null && (
          <span>
            {reached === 0 ? '✓ below the limit of ' : '✕ at or above the limit of '}
            {formatNumber(limit, unit)}
          </span>
        )}
      </p>
    );
  });
}

function namedSeries(panel: DashboardPanel, answers: readonly RangeAnswer[]): readonly NamedSeries[] {
  return answers.flatMap(({ series }, target) => {
    const format = panel.targets?.[target]?.legendFormat ?? '';
    return series.map(({ metric, values }) => ({ label: format === '' ? seriesName(metric) : legendOf(format, metric), values }));
  });
}

function lookOf({ type, fieldConfig, options }: DashboardPanel): ChartLook {
  const { lineWidth = 1, fillOpacity = 0, stacking } = fieldConfig?.defaults.custom ?? {};
  if (type === 'stat')
    return { height: 64, lineWidth: 1.5, fillOpacity: options?.graphMode === 'area' ? 25 : 0, isStacked: false, isBare: true };
  return { height: 200, lineWidth: Math.max(lineWidth, 1.5), fillOpacity, isStacked: stacking?.mode === 'normal', isBare: false };
}

/** The words of the file; the page that they point to is here as well. */
function descriptionOf({ description = '' }: DashboardPanel) {
  const [before = '', ...after] = description.split('docs/errors.md');
  return after.length === 0 ? before : [before, <a href="page/errors.html">docs/errors.md</a>, ...after];
}

/** A counter has no series before its first event, so an empty panel is often good news; a metric that is missing may not be. */
function noSeriesText({ targets = [] }: DashboardPanel, presentMetrics: ReadonlySet<string> | undefined): string {
  const names = [...new Set(targets.flatMap(({ expr }) => metricNamesOf(expr)))];
  const missing = presentMetrics === undefined ? [] : names.filter((name) => !presentMetrics.has(name));
  if (missing.length === 0) return 'Nothing of the kind in this range.';
  return `Nothing in this range. It has no samples of ${missing.join(', ')}: such a metric appears with its first event.`;
}
