import { metricNames, NODE_METRICS } from './node-metrics.mjs';
import { createRandom } from './random.mjs';

/**
 * A series as its target exposes it, with the way its value goes: most series of a scrape repeat the value of the one before.
 *
 * @typedef {{ readonly labels: Readonly<Record<string, string>>; readonly kind: 'constant' | 'counter' | 'gauge' }} InputSeries
 */
/** @typedef {Readonly<Record<string, string>>} LabelRecord */
/** @typedef {import('@timestream-prometheus/prom-codec').TimeSeries} TimeSeries */

const MODES = ['idle', 'iowait', 'irq', 'nice', 'softirq', 'steal', 'system', 'user'];

const SCRAPE_INTERVAL_MS = 15_000;

/**
 * One scrape of node_exporter on a server, without the labels of its target: about 720 series with 8 processors.
 *
 * @param {number} [cpuCount]
 * @returns {readonly InputSeries[]}
 */
export function nodeExporterSeries(cpuCount = 8) {
  /** @type {InputSeries[]} */
  const series = [];
  /** @type {(list: string, labelSets: readonly LabelRecord[]) => void} */
  const add = (list, labelSets) => {
    for (const name of metricNames(list)) {
      for (const labels of labelSets) series.push({ labels: { __name__: name, ...labels }, kind: kindOf(name, series.length) });
    }
  };
  const cpus = Array.from({ length: cpuCount }, (_, cpu) => String(cpu));
  add(
    NODE_METRICS.perCpuAndMode,
    cpus.flatMap((cpu) => MODES.map((mode) => ({ cpu, mode }))),
  );
  add(
    NODE_METRICS.perCpu,
    cpus.map((cpu) => ({ cpu })),
  );
  add(
    NODE_METRICS.perDisk,
    ['nvme0n1', 'nvme1n1'].map((device) => ({ device })),
  );
  add(
    NODE_METRICS.perInterface,
    ['eth0', 'eth1', 'lo'].map((device) => ({ device })),
  );
  add(NODE_METRICS.perMount, [
    { device: '/dev/nvme0n1p1', fstype: 'ext4', mountpoint: '/' },
    { device: '/dev/nvme1n1p1', fstype: 'xfs', mountpoint: '/var/lib/containerd' },
    { device: 'tmpfs', fstype: 'tmpfs', mountpoint: '/run' },
  ]);
  add(
    NODE_METRICS.perCollector,
    metricNames(NODE_METRICS.collectors).map((collector) => ({ collector })),
  );
  add(NODE_METRICS.plain, [{}]);
  // A scrape comes sorted by metric name.
  return series.sort((left, right) => ((left.labels['__name__'] ?? '') < (right.labels['__name__'] ?? '') ? -1 : 1));
}

/**
 * @param {string} name
 * @param {number} index
 * @returns {InputSeries['kind']}
 */
function kindOf(name, index) {
  if (name.endsWith('_total')) return index % 3 === 0 ? 'constant' : 'counter';
  return index % 4 === 0 ? 'gauge' : 'constant';
}

/**
 * The labels of the targets of node_exporter: on plain servers, and as a DaemonSet with the labels that service discovery is relabelled to.
 *
 * @param {number} count
 * @param {'node' | 'kubernetes'} labels
 * @returns {readonly LabelRecord[]}
 */
export function nodeTargets(count, labels) {
  return Array.from({ length: count }, (_, target) => {
    const instance = `10.0.${Math.floor(target / 250)}.${target % 250}:9100`;
    /** @type {LabelRecord} */
    const plain = { instance, job: 'node' };
    if (labels === 'node') return plain;
    return {
      cluster: 'eu-west-1-production',
      container: 'node-exporter',
      endpoint: 'metrics',
      instance,
      job: 'node-exporter',
      namespace: 'monitoring',
      node: `ip-10-0-${Math.floor(target / 250)}-${target % 250}.eu-west-1.compute.internal`,
      pod: `kube-prometheus-stack-prometheus-node-exporter-${(target * 7919 + 46_656).toString(36)}`,
      prometheus: 'monitoring/kube-prometheus-stack-prometheus',
      service: 'kube-prometheus-stack-prometheus-node-exporter',
    };
  });
}

const KUBE_STATE_METRICS = [
  'kube_pod_info',
  'kube_pod_created',
  'kube_pod_start_time',
  'kube_pod_owner',
  'kube_pod_status_ready',
  'kube_pod_status_scheduled',
  'kube_pod_labels',
  'kube_pod_container_info',
  'kube_pod_container_status_ready',
  'kube_pod_container_status_restarts_total',
  'kube_pod_container_status_running',
  'kube_pod_container_resource_requests',
  'kube_pod_container_resource_limits',
  'kube_pod_status_phase',
];

/**
 * kube-state-metrics: one target, and labels of pods on each series.
 *
 * @param {number} podCount
 * @returns {readonly InputSeries[]}
 */
export function kubeStateSeries(podCount) {
  return KUBE_STATE_METRICS.flatMap((__name__) =>
    Array.from({ length: podCount }, (_, pod) => ({
      labels: {
        __name__,
        namespace: `team-${pod % 12}`,
        pod: `service-${pod}-7c9d8b6f5-${(pod * 7919 + 46_656).toString(36)}`,
        uid: `${(pod * 2_654_435_761).toString(16).padStart(8, '0').slice(0, 8)}-4f6a-4b1e-9d5c-${String(pod).padStart(12, '0')}`,
        ...(__name__.includes('container') ? { container: 'main' } : {}),
        ...(__name__.includes('resource') ? { resource: 'memory', unit: 'byte' } : {}),
        ...(__name__.includes('phase') ? { phase: 'Running' } : {}),
      },
      kind: /** @type {const} */ ('constant'),
    })),
  );
}

const BUCKET_BOUNDS = ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1.0', '2.5', '5.0', '10.0', '+Inf'];

/**
 * Classic histograms of an HTTP server: 12 buckets, a sum and a count for each route.
 *
 * @param {number} routeCount
 * @returns {readonly InputSeries[]}
 */
export function histogramSeries(routeCount) {
  return Array.from({ length: routeCount }, (_, route) => ({
    handler: `/api/v1/resource-${route}`,
    method: route % 2 === 0 ? 'GET' : 'POST',
  })).flatMap((labels) => [
    ...BUCKET_BOUNDS.map((le) => ({
      labels: { __name__: 'http_request_duration_seconds_bucket', ...labels, le },
      kind: /** @type {const} */ ('counter'),
    })),
    { labels: { __name__: 'http_request_duration_seconds_sum', ...labels }, kind: /** @type {const} */ ('gauge') },
    { labels: { __name__: 'http_request_duration_seconds_count', ...labels }, kind: /** @type {const} */ ('counter') },
  ]);
}

/**
 * Series of 20 targets with the same number of labels each, the name among them.
 *
 * @param {number} seriesCount
 * @param {number} labelCount
 * @returns {readonly InputSeries[]}
 */
export function plainSeries(seriesCount, labelCount) {
  return Array.from({ length: seriesCount }, (_, index) => {
    const target = index % 20;
    /** @type {Record<string, string>} */
    const labels = {
      __name__: `service_metric_${Math.floor(index / 20) % 50}_seconds_total`,
      instance: `10.0.0.${target}:9100`,
      le: `${Math.floor(index / 1000)}`,
      job: 'service',
    };
    for (let label = Object.keys(labels).length; label < labelCount; label++) {
      labels[`label_${label}`] = `value-${label}-${target % (label + 1)}`;
    }
    return { labels, kind: index % 3 === 0 ? 'gauge' : 'counter' };
  });
}

/**
 * The same series as if every target had been replaced: all label sets are new.
 *
 * @param {readonly InputSeries[]} series
 * @param {number} generation
 * @returns {readonly InputSeries[]}
 */
export function replacedTargets(series, generation) {
  return series.map(({ labels, kind }) => ({
    labels: { ...labels, instance: `${labels['instance'] ?? ''}-${generation}`, pod_template_hash: `x${generation}` },
    kind,
  }));
}

/**
 * Series of every target.
 *
 * @param {readonly InputSeries[]} exposed
 * @param {readonly LabelRecord[]} targets
 * @returns {readonly (readonly InputSeries[])[]}
 */
export function scrapesOf(exposed, targets) {
  return targets.map((target) => exposed.map(({ labels, kind }) => ({ labels: { ...labels, ...target }, kind })));
}

/**
 * How a sender spreads series over its requests.
 *
 * - `in-order`: one shard, series as they were scraped, each request full;
 * - `spread`: `shards` shards, each with the series that a hash gives it; so each request has some series of each target. Default: as many as
 *   make requests full.
 *
 * @param {readonly (readonly InputSeries[])[]} scrapes
 * @param {{ readonly order: 'in-order' | 'spread'; readonly samplesPerRequest: number; readonly seed: number; readonly shards?: number }} options
 * @returns {readonly (readonly InputSeries[])[]}
 */
export function requestsOf(scrapes, { order, samplesPerRequest, seed, shards }) {
  const all = scrapes.flat();
  const shardCount = shards ?? Math.ceil(all.length / samplesPerRequest);
  const random = createRandom(seed);
  /** @type {InputSeries[][]} */
  const queues = Array.from({ length: order === 'in-order' ? 1 : shardCount }, () => []);
  for (const series of all) queues[Math.floor(random() * queues.length)]?.push(series);
  return queues.flatMap((queue) =>
    Array.from({ length: Math.ceil(queue.length / samplesPerRequest) }, (_, request) =>
      queue.slice(request * samplesPerRequest, (request + 1) * samplesPerRequest),
    ),
  );
}

/**
 * The series with one sample each, of the scrape with this number. Targets are not scraped at the same moment.
 *
 * @param {readonly InputSeries[]} series
 * @param {number} scrape
 * @param {number} startMs
 * @returns {readonly TimeSeries[]}
 */
export function samplesOf(series, scrape, startMs) {
  return series.map(({ labels, kind }, index) => {
    const offsetMs = hashOf(labels['instance'] ?? '') % SCRAPE_INTERVAL_MS;
    return {
      labels: labelsOf(labels),
      samples: {
        timestampsMs: BigInt64Array.of(BigInt(startMs + scrape * SCRAPE_INTERVAL_MS + offsetMs)),
        valueBits: new BigUint64Array(Float64Array.of(valueOf(kind, index, scrape)).buffer),
      },
      exemplars: [],
      histograms: [],
    };
  });
}

/** @type {WeakMap<LabelRecord, readonly { readonly name: string; readonly value: string }[]>} */
const labelsByRecord = new WeakMap();

/**
 * Sorted, as Prometheus sends them.
 *
 * @param {LabelRecord} record
 * @returns {readonly { readonly name: string; readonly value: string }[]}
 */
function labelsOf(record) {
  let labels = labelsByRecord.get(record);
  if (labels === undefined) {
    labels = Object.entries(record)
      .map(([name, value]) => ({ name, value }))
      .sort((left, right) => (left.name < right.name ? -1 : 1));
    labelsByRecord.set(record, labels);
  }
  return labels;
}

/**
 * @param {InputSeries['kind']} kind
 * @param {number} index
 * @param {number} scrape
 */
function valueOf(kind, index, scrape) {
  if (kind === 'constant') return index % 5 === 0 ? 0 : index;
  if (kind === 'counter') return index * 1000 + scrape * (1 + (index % 7));
  return index / 7 + Math.sin(index + scrape) * 10;
}

/** @param {string} text */
function hashOf(text) {
  let hash = 7;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash >>> 1;
}
