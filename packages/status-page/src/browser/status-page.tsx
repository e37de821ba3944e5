import { useEffect, useState } from 'preact/hooks';
import type { StatusAnswer } from '../status-answer.js';
import { fetchStatus } from './connector-client.js';
import { ErrorList } from './error-list.js';
import { Explorer } from './explorer.js';
import { HistoryPlots } from './history-plots.js';
import { Setup } from './setup.js';

const REFRESH_MS = 5_000;

/** The whole page. It asks for the state every few seconds and keeps what it has while the server does not answer. */
export function StatusPage() {
  const [status, setStatus] = useState<StatusAnswer>();
  const [problem, setProblem] = useState<string>();

  useEffect(() => {
    const stop = new AbortController();
    const refresh = async (): Promise<void> => {
      try {
        setStatus(await fetchStatus(stop.signal));
        setProblem(undefined);
      } catch (error) {
        if (!stop.signal.aborted) setProblem(`The connector does not answer: ${error instanceof Error ? error.message : String(error)}`);
      }
    };
    void refresh();
    const timer = setInterval(() => void refresh(), REFRESH_MS);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, []);

  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header>
        <h1>timestream-prometheus</h1>
        <p role="status" class={problem === undefined ? 'state' : 'state bad'}>
          {problem ??
            (status === undefined
              ? 'Asking the connector …'
              : `version ${status.version}, running for ${durationOf(status.nowMs - status.startedMs)}`)}
        </p>
      </header>
      <main id="main" tabIndex={-1}>
        {status !== undefined && (
          <>
            <Setup status={status} />
            <HistoryPlots history={status.history} />
            <ErrorList errors={status.errors} />
            <Explorer needsSignIn={status.authentication === 'access-key'} />
          </>
        )}
      </main>
    </>
  );
}

function durationOf(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return 'less than a minute';
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}
