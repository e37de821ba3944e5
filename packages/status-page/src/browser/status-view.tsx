import type { StatusAnswer } from '../status-answer.js';
import { ErrorList } from './error-list.js';
import { Explorer } from './explorer.js';
import { HistoryPlots } from './history-plots.js';
import { Setup } from './setup.js';

/** What runs, what to paste, the last hour, errors, and a place to look at data. */
export function StatusView({ status }: { readonly status: StatusAnswer }) {
  return (
    <>
      <Setup status={status} />
      <HistoryPlots history={status.history} />
      <ErrorList errors={status.errors} />
      <Explorer needsSignIn={status.authentication === 'access-key'} />
    </>
  );
}
