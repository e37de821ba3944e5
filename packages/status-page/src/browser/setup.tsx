import { useState } from 'preact/hooks';
import type { StatusAnswer } from '../status-answer.js';

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
        <dd>{status.authentication === 'access-key' ? 'an access key with each request' : "the connector's own AWS credentials"}</dd>
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
