import type { StatusAnswer } from '../status-answer.js';

export interface MissingMetricsProps {
  readonly status: StatusAnswer;
  readonly missing: readonly string[];
  /** As a person reads it: `6 h`. */
  readonly range: string;
}

/** What to type when the connector's own metrics are not stored. */
export function MissingMetrics({ status, missing, range }: MissingMetricsProps) {
  return (
    <section class="notice" aria-labelledby="missing">
      <h2 id="missing">There is nothing to draw yet</h2>
      <p>
        The panels show the connector&apos;s own metrics, and in the last {range} there are none of <code>{missing[0]}</code>, which every
        connector has from its start.
      </p>
      {missing.length > 1 && (
        <details>
          <summary>All metrics that are missing: {missing.length}</summary>
          <ul>
            {missing.map((name) => (
              <li key={name}>
                <code>{name}</code>
              </li>
            ))}
          </ul>
        </details>
      )}
      {status.selfScrape ? (
        <p>
          The connector stores its own metrics every 10 s (<code>--self-scrape=true</code>), the first time at its start. If it has been
          running for longer than that, look at the errors on the <a href="./">status page</a> and in its log.
        </p>
      ) : (
        <>
          <p>
            The connector does not store its own metrics (<code>--self-scrape=false</code>). There are two ways to get them. Either start it
            with
          </p>
          <pre tabIndex={0}>
            {status.authentication === 'access-key' && status.storage === 'aws'
              ? '--self-scrape=true --enable-sigv4-auth=true'
              : '--self-scrape=true'}
          </pre>
          {status.authentication === 'access-key' && status.storage === 'aws' && (
            <p>
              The second option lets it use its own AWS credentials: put authentication in front of it then, or use{' '}
              <code>--users-file</code> instead.
            </p>
          )}
          <p>Or let the Prometheus that writes here scrape it, by these lines in prometheus.yml:</p>
          <pre tabIndex={0}>{scrapeLines(status)}</pre>
        </>
      )}
    </section>
  );
}

function scrapeLines({ authentication, metricsPath }: StatusAnswer): string {
  return [
    'scrape_configs:',
    '  - job_name: timestream-prometheus',
    ...(location.protocol === 'https:' ? ['    scheme: https'] : []),
    ...(metricsPath === '/metrics' ? [] : [`    metrics_path: ${metricsPath}`]),
    ...(authentication === 'users'
      ? ['    authorization: # or basic_auth, of a user in the users file', '      credentials: <token>']
      : []),
    '    static_configs:',
    `      - targets: ['${location.host}']`,
  ].join('\n');
}
