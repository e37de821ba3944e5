import type { Clock } from '../../ports.js';
import type { Connector } from '../../seam.js';
import { failed, ok, skipped, warning, type Finding } from './finding.js';
import { writeAndReadSample } from './write-and-read-sample.js';

/** What an HTTPS connection showed of itself. */
export interface SeenCertificate {
  /** Why it is not trusted, in the words of TLS; undefined if it is. */
  readonly fault: string | undefined;
  readonly subject: string;
  readonly validUntilMs: number;
}

/** An answer, or why there was none. */
export type UrlAnswer =
  | { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array }
  | { readonly failure: string };

/** A running connector, or another server that speaks remote write and remote read. */
export interface RemoteServer {
  /** Without a slash, /write or /read at its end, e.g. `https://connector.example.com/dev`. */
  readonly baseUrl: string;
  get(path: string): Promise<UrlAnswer>;
  /** Undefined for http. */
  inspectCertificate(): Promise<SeenCertificate | undefined>;
  /** The same address, as the core sees a connector. */
  readonly connector: Pick<Connector, 'handle'>;
  readonly authorization: string | undefined;
  /** How requests say who they are, in words. */
  readonly authentication: string;
}

export interface UrlExamination extends RemoteServer {
  readonly writesSample: boolean;
  readonly clock: Clock;
  readonly wait: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
}

const DAY_MS = 86_400_000;
const CERTIFICATE_WARNING_DAYS = 21;
const NOTICEABLE_CLOCK_DIFFERENCE_MS = 20_000;

/** Looks at a connector from where its senders are. Never throws. */
export async function* examineUrl(examination: UrlExamination): AsyncGenerator<Finding, void, undefined> {
  const { baseUrl, clock } = examination;
  const certificate = await examination.inspectCertificate().catch(() => undefined);
  if (certificate !== undefined) {
    const daysLeft = Math.floor((certificate.validUntilMs - clock.nowMs()) / DAY_MS);
    if (certificate.fault !== undefined) {
      yield failed(
        'certificate',
        `it is not trusted: ${certificate.fault} (${certificate.subject})`,
        'If an authority of your own signed it: --ca-file=<its certificate>, and ca_file in the tls_config of Prometheus',
      );
      return;
    }
    yield daysLeft < CERTIFICATE_WARNING_DAYS
      ? warning('certificate', `${certificate.subject} ends in ${daysLeft} days`, 'Renew it')
      : ok('certificate', `${certificate.subject}, ${daysLeft} days left`);
  } else if (baseUrl.startsWith('http://') && !/^http:\/\/(localhost|127\.|\[::1\])/.test(baseUrl)) {
    yield warning('connection', 'access keys travel unencrypted over http', 'Use https');
  }

  const health = await examination.get('/-/healthy');
  if ('failure' in health) {
    const nothingListens = health.failure.includes('ECONNREFUSED');
    yield failed(
      'connection',
      `${baseUrl} does not answer: ${health.failure}`,
      ...(nothingListens ? ['Nothing listens at this address. Is the connector started? It prints its address when it is ready'] : []),
      `Does it answer? curl -v ${baseUrl}/-/healthy`,
    );
    return;
  }
  // API Gateway has routes for write and read only, and answers by itself to everything else.
  yield health.status === 200
    ? ok('connection', `${baseUrl} is healthy`)
    : ok('connection', `${baseUrl} answers (${health.status} to /-/healthy, which a gateway may not let through)`);
  const serviceMs = Date.parse(health.headers['date'] ?? '');
  if (Number.isFinite(serviceMs)) {
    const differenceMs = Math.abs(serviceMs - clock.nowMs());
    yield differenceMs > NOTICEABLE_CLOCK_DIFFERENCE_MS
      ? warning(
          'clock',
          `this machine and that server differ by ${Math.round(differenceMs / 1000)} s`,
          'Set the clocks: timedatectl set-ntp true',
        )
      : ok('clock', `within ${NOTICEABLE_CLOCK_DIFFERENCE_MS / 1000} s of that server's`);
  }
  yield await versionFinding(examination);
  if (!examination.writesSample) {
    yield skipped('sample', 'no sample was written (--write-sample=false), so nothing is known of credentials and permissions');
    return;
  }
  for await (const finding of writeAndReadSample({ ...examination, canRead: true })) {
    const isAboutAccess = finding.outcome === 'failed' && /status 40[13]/.test(finding.found);
    yield isAboutAccess
      ? failed('credentials', finding.found, `Requests were sent ${examination.authentication}`, ...finding.remedy)
      : finding;
  }
}

async function versionFinding(examination: UrlExamination): Promise<Finding> {
  const answer = await examination.get('/api/v1/status/buildinfo');
  if ('failure' in answer || answer.status !== 200) return skipped('version', 'it does not say its version');
  const text = Buffer.from(answer.body).toString();
  const version = /"version":"([^"]{1,60})"/.exec(text)?.[1];
  if (version === undefined) return skipped('version', 'it does not say its version');
  // `version` is that of Prometheus, for Grafana; ours stands beside it.
  const own = /"buildUser":"(timestream-prometheus [^"]{1,60})"/.exec(text)?.[1];
  return ok('version', own === undefined ? version : `${own}; it answers queries as Prometheus ${version}`);
}
