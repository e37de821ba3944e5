import { useEffect, useRef, useState } from 'preact/hooks';
import { labelNames, labelValues, queryRange, type RangeAnswer } from './connector-client.js';
import { ExpressionBox } from './expression-box.js';
import { Plot } from './plot.js';
import { columnsOf, seriesName, type RangeColumns } from './range-columns.js';
import { RequestError } from './request-error.js';
import { SignInForm } from './sign-in-form.js';
import { currentAuthorization, signOut } from './sign-in.js';

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
      readonly columns: RangeColumns;
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
      const columns = columnsOf(
        answer.series.map(({ metric, values }) => ({ label: seriesName(metric), values })),
        { startSeconds, endSeconds, stepSeconds },
      );
      setOutcome({ kind: 'answer', answer, columns, stepSeconds, tookMs: performance.now() - startedMs });
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
          {...outcome.columns}
        />
      )}
    </section>
  );
}
