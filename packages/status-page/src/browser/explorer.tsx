import { useEffect, useRef, useState } from 'preact/hooks';
import { RequestError, labelNames, labelValues, queryRange, type RangeAnswer, type RangeSeries } from './connector-client.js';
import { ExpressionBox } from './expression-box.js';
import { Plot, type PlotLine } from './plot.js';
import { currentAuthorization, signIn, signOut } from './sign-in.js';

const RANGES = [
  ['15 min', 900],
  ['1 h', 3_600],
  ['6 h', 21_600],
  ['1 day', 86_400],
  ['1 week', 604_800],
] as const;

/** Points of a line: as many as a screen can show. */
const POINTS = 240;

type Outcome =
  | { readonly kind: 'idle' }
  | { readonly kind: 'asking' }
  | {
      readonly kind: 'answer';
      readonly answer: RangeAnswer;
      readonly startSeconds: number;
      readonly stepSeconds: number;
      readonly tookMs: number;
    }
  | { readonly kind: 'refused'; readonly text: string };

/** A place to look at data: a PromQL expression, its plot, and the words of the server where it refuses. */
export function Explorer({ needsSignIn }: { readonly needsSignIn: boolean }) {
  const [isSignedIn, setSignedIn] = useState(!needsSignIn || currentAuthorization() !== undefined);
  const [expression, setExpression] = useState('');
  const [rangeSeconds, setRangeSeconds] = useState<number>(3_600);
  const [outcome, setOutcome] = useState<Outcome>({ kind: 'idle' });
  const [metrics, setMetrics] = useState<readonly string[]>([]);
  const [labels, setLabels] = useState<readonly string[]>([]);
  const running = useRef<AbortController | undefined>(undefined);

  const refused = (error: unknown): void => {
    if (error instanceof RequestError && (error.status === 401 || error.status === 403)) {
      signOut();
      setSignedIn(!needsSignIn);
    }
    setOutcome({ kind: 'refused', text: error instanceof Error ? error.message : String(error) });
  };

  useEffect(() => {
    if (!isSignedIn) return undefined;
    const stop = new AbortController();
    labelValues('__name__', stop.signal).then(setMetrics, (error: unknown) => {
      if (!stop.signal.aborted) refused(error);
    });
    labelNames(stop.signal).then(setLabels, () => undefined);
    return () => stop.abort();
  }, [isSignedIn]);

  const run = async (text: string, seconds: number): Promise<void> => {
    if (text.trim() === '') return;
    running.current?.abort();
    const stop = new AbortController();
    running.current = stop;
    setOutcome({ kind: 'asking' });
    const startedMs = performance.now();
    const endSeconds = Math.floor(Date.now() / 1000);
    const stepSeconds = Math.max(1, Math.ceil(seconds / POINTS));
    const startSeconds = endSeconds - seconds;
    try {
      const answer = await queryRange(text, startSeconds, endSeconds, stepSeconds, stop.signal);
      setOutcome({ kind: 'answer', answer, startSeconds, stepSeconds, tookMs: performance.now() - startedMs });
    } catch (error) {
      if (!stop.signal.aborted) refused(error);
    }
  };

  return (
    <section aria-labelledby="explore">
      <h2 id="explore">Look at what is stored</h2>
      {isSignedIn ? (
        <form
          class="query"
          onSubmit={(event) => {
            event.preventDefault();
            void run(expression, rangeSeconds);
          }}
        >
          <ExpressionBox
            value={expression}
            metrics={metrics}
            labels={labels}
            onInput={setExpression}
            onRun={(text) => void run(text, rangeSeconds)}
          />
          <label>
            <span class="hidden">Time range</span>
            <select
              value={String(rangeSeconds)}
              onChange={(event) => {
                const seconds = Number(event.currentTarget.value);
                setRangeSeconds(seconds);
                void run(expression, seconds);
              }}
            >
              {RANGES.map(([name, seconds]) => (
                <option key={name} value={String(seconds)}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <button type="submit">Show</button>
        </form>
      ) : (
        <SignInForm onSignIn={() => setSignedIn(true)} />
      )}
      {isSignedIn && metrics.length === 0 && outcome.kind === 'idle' && (
        <p class="quiet">No metric in the last six hours. Paste the lines above into prometheus.yml, or start with --demo.</p>
      )}
      <div role="status" aria-live="polite">
        {outcome.kind === 'asking' && <p>Asking …</p>}
        {outcome.kind === 'refused' && <p class="bad">{outcome.text}</p>}
        {outcome.kind === 'answer' && outcome.answer.series.length === 0 && <p>No series matches in this range.</p>}
        {outcome.kind === 'answer' && outcome.answer.warnings.map((warning) => <p key={warning}>{warning}</p>)}
      </div>
      {outcome.kind === 'answer' && outcome.answer.series.length > 0 && (
        <Plot
          title={`${outcome.answer.series.length} series`}
          description={`one point each ${outcome.stepSeconds} s, answered in ${Math.round(outcome.tookMs)} ms`}
          unit=""
          {...columnsOf(outcome.answer.series, outcome.startSeconds, outcome.stepSeconds)}
        />
      )}
    </section>
  );
}

function SignInForm({ onSignIn }: { readonly onSignIn: () => void }) {
  const [accessKeyId, setAccessKeyId] = useState('');
  const [secretAccessKey, setSecretAccessKey] = useState('');
  return (
    <form
      class="query"
      onSubmit={(event) => {
        event.preventDefault();
        signIn(accessKeyId, secretAccessKey);
        onSignIn();
      }}
    >
      <p>Data is shown to whoever has an access key for it. The browser keeps it until this tab is closed.</p>
      <label>
        Access key id
        <input required autocomplete="username" value={accessKeyId} onInput={(event) => setAccessKeyId(event.currentTarget.value)} />
      </label>
      <label>
        Secret access key
        <input
          required
          type="password"
          autocomplete="current-password"
          value={secretAccessKey}
          onInput={(event) => setSecretAccessKey(event.currentTarget.value)}
        />
      </label>
      <button type="submit">Sign in</button>
    </form>
  );
}

/** One time axis for all series; a step without a value is a gap. */
function columnsOf(
  series: readonly RangeSeries[],
  startSeconds: number,
  stepSeconds: number,
): { readonly timesSeconds: number[]; readonly lines: PlotLine[] } {
  const timesSeconds: number[] = [];
  const last = Math.max(...series.map(({ values = [] }) => values.at(-1)?.[0] ?? startSeconds));
  for (let seconds = startSeconds; seconds <= last; seconds += stepSeconds) timesSeconds.push(seconds);
  const lines = series.map(({ metric, values = [] }) => {
    const column: (number | null)[] = timesSeconds.map(() => null);
    for (const [seconds, text] of values) {
      const value = Number(text === '+Inf' ? 'Infinity' : text === '-Inf' ? '-Infinity' : text);
      column[Math.round((seconds - startSeconds) / stepSeconds)] = Number.isFinite(value) ? value : null;
    }
    return { label: seriesName(metric), values: column };
  });
  return { timesSeconds, lines };
}

function seriesName({ __name__: name = '', ...labels }: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? name || '{}' : `${name}{${pairs.join(', ')}}`;
}
