import { useState } from 'preact/hooks';
import type { StatusAnswer } from '../status-answer.js';

const AUTHENTICATION: Readonly<Record<StatusAnswer['authentication'], string>> = {
  'access-key': 'an access key with each request',
  server: "the connector's own AWS credentials",
  users: 'the users of the users file',
};

/** What runs, and the lines to paste. */
export function Setup({ status }: { readonly status: StatusAnswer }) {
  const [copied, setCopied] = useState('');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(status.prometheusConfig);
      setCopied('Copied.');
    } catch {
      setCopied('The browser does not allow it: mark the lines and copy them.');
    }
  };
  return (
    <section aria-labelledby="setup">
      <h2 id="setup">What runs</h2>
      <dl>
        <dt>Storage</dt>
        <dd>{status.storage === 'embedded' ? 'embedded Timestream, on this machine' : `Amazon Timestream, ${status.region}`}</dd>
        <dt>Destination</dt>
        <dd>
          {status.database}.{status.table}
        </dd>
        <dt>Layout</dt>
        <dd>{status.tableLayout}</dd>
        <dt>Authentication</dt>
        <dd>{AUTHENTICATION[status.authentication]}</dd>
      </dl>
      <details>
        <summary>Lines for prometheus.yml</summary>
        <pre tabIndex={0}>{status.prometheusConfig}</pre>
        <button type="button" onClick={() => void copy()}>
          Copy
        </button>{' '}
        <span role="status">{copied}</span>
      </details>
    </section>
  );
}
