import { METRICS, type MetricsSink } from '@timestream-prometheus/connector';
import type { Logger } from 'pino';
import type { TlsSettings } from '../tls-settings.js';
import { watchFiles } from '../watch-file.js';
import { type TlsOptions, readTls } from './read-tls.js';

const watchIntervalMs = 1_000;

export interface TlsWatchOptions {
  readonly config: TlsOptions;
  readonly logger: Logger;
  readonly metrics: MetricsSink;
  /** Given what new connections shall use. */
  readonly onChange: (tls: TlsSettings) => void;
}

/**
 * Reads the files of TLS again whenever one changes. Files that cannot be read, or a key that is not that of the certificate (which is so for a
 * moment while both are replaced), change nothing: the ones before stay in use, with one line in the log and one count. Gives what ends it.
 */
export function watchTls({ config, logger, metrics, onChange }: TlsWatchOptions): () => void {
  const files = [config.tlsCertificate, config.tlsKey, config.tlsClientCa].filter((file) => file !== '');
  return watchFiles(files, watchIntervalMs, () => {
    let outcome: 'ok' | 'failed' = 'ok';
    try {
      const tls = readTls(config);
      if (tls !== undefined) onChange(tls);
      logger.info({}, 'the files of TLS have changed and were read again');
    } catch (error) {
      outcome = 'failed';
      logger.error({ err: error }, 'the files of TLS have changed and cannot be used: those that were read before stay in use');
    }
    metrics.add(METRICS.fileReloads, 1, { file: 'tls', outcome });
  });
}
