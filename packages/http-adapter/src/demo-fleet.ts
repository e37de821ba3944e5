import type { OwnSample } from '@timestream-prometheus/connector';

/** Between two samples of a series. */
export const DEMO_STEP_MS = 30_000;
export const DEMO_HISTORY_MS = 6 * 3_600_000;

const HOSTS = ['web-1', 'web-2', 'db-1', 'cache-1'] as const;
const MODES = ['idle', 'user', 'system', 'iowait'] as const;
const CODES = ['200', '404', '500'] as const;
const BUCKETS = ['0.05', '0.1', '0.25', '0.5', '1', '+Inf'] as const;
const DAY_SECONDS = 86_400;

/**
 * What an invented fleet of four machines measures at a time: names and shapes as node_exporter and a web service have them. A pure function
 * of seed and time, so that a restart goes on where the last run ended and every counter only grows.
 */
export function demoSamplesAt(timestampMs: number, seed: number): OwnSample[] {
  const seconds = timestampMs / 1000;
  const samples: OwnSample[] = [];
  HOSTS.forEach((host, index) => {
    const phase = noise(seed, index) * 2 * Math.PI;
    const common = { instance: `${host}:9100`, job: 'demo-node' };
    const put = (name: string, value: number, labels: Readonly<Record<string, string>> = {}): void => {
      samples.push({ labels: { __name__: name, ...labels, ...common }, timestampMs, value });
    };
    const busyShare = 0.15 + 0.1 * index;
    // The integral of a wave that never falls below zero: what a counter of seconds shows.
    const busySeconds = busyShare * growth(seconds, phase);
    put('up', 1);
    put('node_cpu_seconds_total', 2 * seconds - busySeconds, { mode: MODES[0], cpu: '0' });
    put('node_cpu_seconds_total', busySeconds * 0.7, { mode: MODES[1], cpu: '0' });
    put('node_cpu_seconds_total', busySeconds * 0.25, { mode: MODES[2], cpu: '0' });
    put('node_cpu_seconds_total', busySeconds * 0.05, { mode: MODES[3], cpu: '0' });
    put('node_load1', round(busyShare * 4 * (1 + wave(seconds, phase)) + 0.2 * noise(seed, seconds + index)));
    put('node_memory_MemTotal_bytes', 8 * 2 ** 30);
    put('node_memory_MemAvailable_bytes', Math.round((5 - wave(seconds, phase) + 0.1 * noise(seed, seconds * 3 + index)) * 2 ** 30));
    put('node_filesystem_avail_bytes', Math.round(40e9 - ((seconds * 2_000) % 30e9)), { mountpoint: '/', fstype: 'ext4' });
    put('node_network_receive_bytes_total', Math.floor(growth(seconds, phase) * 40_000), { device: 'eth0' });
    put('node_network_transmit_bytes_total', Math.floor(growth(seconds, phase + 1) * 25_000), { device: 'eth0' });
    if (!host.startsWith('web')) return;
    const requests = growth(seconds, phase) * 12;
    CODES.forEach((code, at) => put('http_requests_total', Math.floor(requests * ([0.97, 0.025, 0.005][at] ?? 0)), { code, handler: '/' }));
    BUCKETS.forEach((le, at) =>
      put('http_request_duration_seconds_bucket', Math.floor(requests * ([0.6, 0.8, 0.92, 0.97, 0.99, 1][at] ?? 1)), { le, handler: '/' }),
    );
    put('http_request_duration_seconds_count', Math.floor(requests), { handler: '/' });
    put('http_request_duration_seconds_sum', round(requests * 0.11), { handler: '/' });
  });
  return samples;
}

/** Between 0 and 1, with a day's and a shorter rhythm. */
function wave(seconds: number, phase: number): number {
  return (
    0.5 + 0.35 * Math.sin((2 * Math.PI * seconds) / DAY_SECONDS + phase) + 0.15 * Math.sin((2 * Math.PI * seconds) / 1_800 + 2 * phase)
  );
}

/** The integral of {@link wave} since the Unix epoch: it only grows. */
function growth(seconds: number, phase: number): number {
  const day = DAY_SECONDS / (2 * Math.PI);
  const short = 1_800 / (2 * Math.PI);
  return 0.5 * seconds - 0.35 * day * Math.cos(seconds / day + phase) - 0.15 * short * Math.cos(seconds / short + 2 * phase);
}

/** A number in [0, 1) that depends on nothing but its arguments: SplitMix32 over both. */
function noise(seed: number, at: number): number {
  let state = (Math.imul(seed, 0x9e3779b9) ^ Math.floor(at)) >>> 0;
  state = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
  state = Math.imul(state ^ (state >>> 15), 0x735a2d97);
  return ((state ^ (state >>> 15)) >>> 0) / 0x1_0000_0000;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
