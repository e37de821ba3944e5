import { CONNECTOR_VERSION } from '../version.js';

/**
 * The version of Prometheus whose HTTP API and engine we answer like. Clients such as Grafana decide by it what they may ask for, so it is
 * Prometheus' and not ours.
 */
export const PROMETHEUS_VERSION = '3.16.0';

/** JSON of the answer of `/api/v1/status/buildinfo`. */
export function answerBuildInformation(): string {
  return JSON.stringify({
    status: 'success',
    ['data']: {
      application: 'timestream-prometheus',
      version: PROMETHEUS_VERSION,
      revision: '',
      branch: '',
      buildUser: `timestream-prometheus ${CONNECTOR_VERSION}`,
      buildDate: '',
      goVersion: '',
    },
  });
}
