export { buildServer } from './build-server.js';
export type { ServerOptions } from './build-server.js';
export { createLogger } from './logger.js';
export type { LogFormat, LogLevel, LoggerOptions } from './logger.js';
export { createPrometheusMetrics } from './prometheus-metrics.js';
export type { MetricsPage, PrometheusMetrics } from './prometheus-metrics.js';
