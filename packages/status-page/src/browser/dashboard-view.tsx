import { useEffect, useMemo, useState } from 'preact/hooks';
import type { StatusAnswer } from '../status-answer.js';
import { fetchDashboard, labelValuesOf } from './connector-client.js';
import { momentsOf, durationText, parseDuration, readChoice, writeChoice, type DashboardChoice } from './dashboard-address.js';
import { metricNamesOf, rowsOf, type DashboardFile, type DashboardRow, type DashboardVariable } from './dashboard-file.js';
import { Panel, type PanelProps } from './dashboard-panel.js';
import { labelQuestionOf, queryVariables, withVariables, type ChosenValues } from './dashboard-variables.js';
import { MissingMetrics } from './missing-metrics.js';
import { QuestionQueue } from './question-queue.js';
import { RequestError } from './request-error.js';
import { SignInForm } from './sign-in-form.js';
import { currentAuthorization, signOut } from './sign-in.js';
import { ValueChoice } from './value-choice.js';

const RANGES_SECONDS = [300, 900, 3_600, 21_600, 86_400, 604_800];
const REFRESHES_SECONDS = [0, 10, 30, 60, 300];
const SCRAPES_SECONDS = [10, 15, 30, 60, 120];
/** As Grafana takes it for a Prometheus of which nothing else is known. */
const DEFAULT_SCRAPE_SECONDS = 15;
/** A browser has six connections to a host; the state of the page needs one of them, and the server has other clients. */
const MAX_AT_ONCE = 3;

/** The dashboard of deploy/monitoring, drawn from what the connector itself answers. */
export function DashboardView({ status }: { readonly status: StatusAnswer }) {
  const needsSignIn = status.authentication === 'access-key';
  const [file, setFile] = useState<DashboardFile>();
  const [problem, setProblem] = useState<string>();
  const [isSignedIn, setSignedIn] = useState(!needsSignIn || currentAuthorization() !== undefined);

  useEffect(() => {
    const stop = new AbortController();
    fetchDashboard(stop.signal).then(setFile, (error: unknown) => {
      if (!stop.signal.aborted)
        setProblem(`The file of the dashboard cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    });
    return () => stop.abort();
  }, []);

  const onRefused = (error: RequestError): void => {
    if (error.status !== 401 && error.status !== 403) return;
    signOut();
    setSignedIn(!needsSignIn);
    setProblem(error.message);
  };

  return (
    <>
      <div role="status">{problem !== undefined && <p class="bad">{problem}</p>}</div>
      {!isSignedIn && (
        <section aria-labelledby="sign-in">
          <h2 id="sign-in">Sign in</h2>
          <SignInForm
            onSignIn={() => {
              setProblem(undefined);
              setSignedIn(true);
            }}
          />
        </section>
      )}
      {isSignedIn && file === undefined && problem === undefined && <p>Asking …</p>}
      {isSignedIn && file !== undefined && <Dashboard file={file} status={status} onRefused={onRefused} />}
    </>
  );
}

interface DashboardProps {
  readonly file: DashboardFile;
  readonly status: StatusAnswer;
  readonly onRefused: (error: RequestError) => void;
}

/** What is known of the metrics in the range: the names that have series, and the values of each variable. */
interface Known {
  /** Undefined when the question for them was refused: then each panel is asked, and says what it gets. */
  readonly names: ReadonlySet<string> | undefined;
  readonly values: Readonly<Record<string, readonly string[]>>;
}

function Dashboard({ file, status, onRefused }: DashboardProps) {
  const { storage } = status;
  const variables = useMemo(() => queryVariables(file.templating.list), [file]);
  const rows = useMemo(() => rowsOf(file), [file]);
  const [choice, setChoice] = useState<DashboardChoice>(() =>
    readChoice(
      location.search,
      variables.map(({ name }) => name),
      {
        rangeSeconds: parseDuration(file.time.from.replace(/^now-/, '')) ?? 3_600,
        // Each query of Amazon Timestream costs; nobody should pay for a page that was left open.
        refreshSeconds: storage === 'aws' ? 0 : (parseDuration(file.refresh) ?? 0),
        scrapeSeconds: DEFAULT_SCRAPE_SECONDS,
        chosen: {},
      },
    ),
  );
  const [nowMs, setNowMs] = useState(() => Date.now());
  const [pausedUntilMs, setPausedUntilMs] = useState<number>();
  const [known, setKnown] = useState<Known>();
  const queue = useMemo(
    () =>
      new QuestionQueue({
        maxAtOnce: MAX_AT_ONCE,
        onPause: setPausedUntilMs,
        nowMs: () => Date.now(),
        wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      }),
    [],
  );
  const { rangeSeconds, refreshSeconds, scrapeSeconds, chosen } = choice;
  const moments = useMemo(() => momentsOf(nowMs, { rangeSeconds, scrapeSeconds }), [nowMs, rangeSeconds, scrapeSeconds]);

  const choose = (changed: Partial<DashboardChoice>): void => {
    const next = { ...choice, ...changed };
    setChoice(next);
    if (changed.rangeSeconds !== undefined) setNowMs(Date.now());
    history.replaceState(undefined, '', location.pathname + writeChoice(next));
  };

  // A round is begun when the one before has its answers and somebody looks; a slow server is not asked faster than it answers.
  useEffect(() => {
    if (refreshSeconds === 0) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden && queue.isIdle && Date.now() - nowMs >= refreshSeconds * 1000) setNowMs(Date.now());
    }, 1000);
    return () => clearInterval(timer);
  }, [refreshSeconds, nowMs]);

  // What there is to choose changes seldom: it is asked for again with another range, and until there is something.
  const names = known?.names;
  const missing = names === undefined ? [] : metricNamesIn(file).filter((name) => !names.has(name));
  const isEmpty = sourceNamesOf(variables).some((name) => missing.includes(name));
  useEffect(() => {
    const stop = new AbortController();
    const ask = (selector: string, label: string): Promise<readonly string[]> =>
      queue.ask((signal) => labelValuesOf(selector, label, moments, signal), stop.signal);
    askKnown(file, variables, chosen, ask).then(setKnown, (error: unknown) => {
      if (stop.signal.aborted) return;
      setKnown({ names: undefined, values: {} });
      if (error instanceof RequestError) onRefused(error);
    });
    return () => stop.abort();
  }, [rangeSeconds, JSON.stringify(chosen), names === undefined || isEmpty ? nowMs : 0]);

  return (
    <div class="dashboard">
      <h2>{file.title}</h2>
      <div class="toolbar">
        <DurationChoice
          label="Time range"
          prefix="last "
          seconds={rangeSeconds}
          offered={RANGES_SECONDS}
          onChoose={(seconds) => choose({ rangeSeconds: seconds })}
        />
        <DurationChoice
          label="Asked again"
          prefix="every "
          seconds={refreshSeconds}
          offered={REFRESHES_SECONDS}
          onChoose={(seconds) => choose({ refreshSeconds: seconds })}
        />
        <DurationChoice
          label="Scraped"
          prefix="every "
          seconds={scrapeSeconds}
          offered={SCRAPES_SECONDS}
          onChoose={(seconds) => choose({ scrapeSeconds: seconds })}
        />
        <button type="button" onClick={() => setNowMs(Date.now())}>
          Ask now
        </button>
        {variables.map(({ name, label = name }) => (
          <ValueChoice
            key={name}
            label={label}
            values={known?.values[name]}
            chosen={chosen[name] ?? []}
            onChoose={(values) => choose({ chosen: { ...chosen, [name]: values } })}
          />
        ))}
      </div>
      <p class="quiet">
        Until {new Date(moments.endSeconds * 1000).toLocaleTimeString()}, a point each {moments.stepSeconds} s, rates over{' '}
        {moments.intervals['__rate_interval']} s.{' '}
        {storage === 'aws' && 'Each round asks Amazon Timestream, which costs: it is not asked again by itself unless you choose so. '}
        <a href="page/dashboard.json" download="timestream-prometheus.json">
          The file for Grafana
        </a>
      </p>
      <div role="status">
        {pausedUntilMs !== undefined && (
          <p class="bad">The connector has too much to do (503). It is asked again at {new Date(pausedUntilMs).toLocaleTimeString()}.</p>
        )}
      </div>
      {known === undefined && <p>Asking which metrics there are …</p>}
      {isEmpty ? (
        <MissingMetrics status={status} missing={missing} range={durationWords(rangeSeconds)} />
      ) : (
        known !== undefined &&
        rows.map((row) => (
          <Row
            key={row.title}
            row={row}
            panelProps={{ moments, queue, presentMetrics: names, onRefused }}
            resolve={(expression) => withVariables(expression, variables, chosen, moments.intervals)}
          />
        ))
      )}
    </div>
  );
}

/** All metrics that the file asks for. */
function metricNamesIn({ panels, templating }: DashboardFile): readonly string[] {
  const asked = panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => metricNamesOf(expr)));
  return [...new Set([...sourceNamesOf(queryVariables(templating.list)), ...asked])];
}

/** The metrics that the variables are read from: without these there is nothing to choose, and nothing to draw. */
function sourceNamesOf(variables: readonly DashboardVariable[]): readonly string[] {
  return [...new Set(variables.flatMap((variable) => metricNamesOf(`${labelQuestionOf(variable).selector}{`)))];
}

/** Which of the metrics there are, and the values of the variables, each with the chosen ones of the others in its selector. */
async function askKnown(
  file: DashboardFile,
  variables: readonly DashboardVariable[],
  chosen: ChosenValues,
  ask: (selector: string, label: string) => Promise<readonly string[]>,
): Promise<Known> {
  const [names, ...lists] = await Promise.all([
    ask(`{__name__=~"${metricNamesIn(file).join('|')}"}`, '__name__'),
    ...variables.map((variable) => {
      const { selector, label } = labelQuestionOf(variable);
      return ask(withVariables(selector, variables, chosen, {}), label);
    }),
  ]);
  return { names: new Set(names), values: Object.fromEntries(variables.map(({ name }, index) => [name, lists[index] ?? []])) };
}

interface RowProps {
  readonly row: DashboardRow;
  readonly panelProps: Pick<PanelProps, 'moments' | 'queue' | 'presentMetrics' | 'onRefused'>;
  readonly resolve: (expression: string) => string;
}

/** A row that can be closed; its panels are not asked then. */
function Row({ row, panelProps, resolve }: RowProps) {
  const panels = (
    <div class="grid">
      {row.panels.map((panel) => (
        <Panel key={panel.id} panel={panel} expressions={(panel.targets ?? []).map(({ expr }) => resolve(expr))} {...panelProps} />
      ))}
    </div>
  );
  if (row.title === '') return panels;
  return (
    <details class="row" open={!row.collapsed}>
      <summary>
        <h3>{row.title}</h3>
      </summary>
      {panels}
    </details>
  );
}

interface DurationChoiceProps {
  readonly label: string;
  readonly prefix: string;
  readonly seconds: number;
  readonly offered: readonly number[];
  readonly onChoose: (seconds: number) => void;
}

function DurationChoice({ label, prefix, seconds, offered, onChoose }: DurationChoiceProps) {
  // One that came with the address is offered, too.
  const all = [...new Set([...offered, seconds])].sort((left, right) => left - right);
  return (
    <label>
      {label}
      <select value={String(seconds)} onChange={(event) => onChoose(Number(event.currentTarget.value))}>
        {all.map((choice) => (
          <option key={choice} value={String(choice)}>
            {choice === 0 ? 'not by itself' : prefix + durationWords(choice)}
          </option>
        ))}
      </select>
    </label>
  );
}

const UNIT_WORDS: Readonly<Record<string, string>> = { s: 's', m: 'min', h: 'h', d: 'days' };

/** `15 min`, `6 h`, `7 days`. */
function durationWords(seconds: number): string {
  const text = seconds === 86_400 ? '24h' : durationText(seconds);
  return `${text.slice(0, -1)} ${UNIT_WORDS[text.slice(-1)] ?? ''}`;
}
