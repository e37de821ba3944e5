import { useEffect, useState } from 'preact/hooks';
import type { StatusAnswer } from '../status-answer.js';
import { fetchStatus } from './connector-client.js';
import { DashboardView } from './dashboard-view.js';
import { RequestError } from './request-error.js';
import { StatusView } from './status-view.js';

const REFRESH_MS = 5_000;

/** The whole page, of two views with an address each. It asks for the state every few seconds and keeps what it has while the server does not answer. */
export function StatusPage() {
  const [status, setStatus] = useState<StatusAnswer>();
  const [problem, setProblem] = useState<string>();
  const isDashboard = location.pathname.endsWith('/dashboard');

  useEffect(() => {
    const stop = new AbortController();
    const refresh = async (): Promise<void> => {
      try {
        setStatus(await fetchStatus(stop.signal));
        setProblem(undefined);
      } catch (error) {
        if (stop.signal.aborted) return;
        const text = error instanceof Error ? error.message : String(error);
        setProblem(
          `${error instanceof RequestError ? 'The connector refuses to show its state' : 'The connector does not answer'}: ${text}`,
        );
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
        <nav aria-label="Views">
          <a href="./" aria-current={isDashboard ? undefined : 'page'}>
            Status
          </a>
          <a href="dashboard" aria-current={isDashboard ? 'page' : undefined}>
            Dashboard
          </a>
        </nav>
      </header>
      <main id="main" tabIndex={-1}>
        {status !== undefined && (isDashboard ? <DashboardView status={status} /> : <StatusView status={status} />)}
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
