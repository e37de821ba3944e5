import { createSamples, type TimeSeries } from '@timestream-prometheus/prom-codec';
import type { SeededRandom } from '../differential/seeded-random.js';
import type { Dashboard } from './dashboard.js';

type Labels = Readonly<Record<string, string>>;

const cluster = { cluster: 'prod' };
const nodes = ['node-a', 'node-b'];
const each = (name: string, values: string): Labels[] => values.split(' ').map((value) => ({ [name]: value }));

/** Every combination of these. */
function product(...dimensions: readonly (readonly Labels[])[]): Labels[] {
  return dimensions.reduce<Labels[]>((all, next) => all.flatMap((one) => next.map((other) => ({ ...one, ...other }))), [{}]);
}

const machines: readonly Labels[] = nodes.map((node) => ({ ...cluster, job: 'node', instance: `${node}:9100` }));
const pods: readonly Labels[] = ['web/web-7d9f-x2x', 'web/web-7d9f-k8p', 'web/queue-0', 'shop/shop-5c-aaa', 'shop/shop-5c-bbb'].map(
  (path, index) => {
    const [namespace = '', pod = ''] = path.split('/');
    return { ...cluster, namespace, pod, node: nodes[index % 2] ?? '' };
  },
);
const podContainers: readonly Labels[] = pods.flatMap(({ pod = '', ...rest }) =>
  ['app', 'proxy'].map((container) => ({
    ...rest,
    pod,
    container,
    image: `registry/${container}:1.${container.length}`,
    id: `/kubepods/${pod}/${container}`,
  })),
);
const namespaces: readonly Labels[] = ['web', 'shop'].map((namespace) => ({ ...cluster, namespace }));
const clusterNodes: readonly Labels[] = nodes.map((node) => ({ ...cluster, node }));
const bounds = each('le', '0.005 0.05 0.5 5 +Inf');

/** What labels the series of a metric have beside those of its target: the first rule that the name fits. */
const nodeRules: readonly (readonly [name: RegExp, dimensions: readonly (readonly Labels[])[]])[] = [
  [/^node_cpu_seconds_total/, [each('cpu', '0 1'), each('mode', 'idle iowait irq nice softirq steal system user')]],
  [/^node_cpu_guest_seconds_total/, [each('cpu', '0 1'), each('mode', 'user nice')]],
  [/^node_(cpu_scaling|schedstat)/, [each('cpu', '0 1')]],
  [/^node_disk_/, [each('device', 'sda nvme0n1 dm-0')]],
  [/^node_filesystem_/, [[{ device: '/dev/sda1', fstype: 'ext4', mountpoint: '/' }, { device: '/dev/sdb1', fstype: 'ext4', mountpoint: '/var/lib' }, { device: 'tmpfs', fstype: 'tmpfs', mountpoint: '/run' }]]], // oxfmt-ignore
  [/^node_network_up/, [[{ device: 'eth0', operstate: 'up' }, { device: 'lo', operstate: 'unknown' }]]], // oxfmt-ignore
  [/^node_(network|arp)_/, [each('device', 'eth0 lo veth12')]],
  [/^node_hwmon_chip_names/, [[{ chip: 'platform_coretemp_0', chip_name: 'coretemp' }]]],
  [/^node_hwmon_/, [[{ chip: 'platform_coretemp_0' }], each('sensor', 'temp1 temp2')]],
  [/^node_cooling_/, [[{ name: '0', type: 'Processor' }]]],
  [/^node_power_/, [[{ power_supply: 'AC' }]]],
  [/^node_processes_state/, [each('state', 'R S D Z')]],
  [/^node_systemd_unit_state/, [each('name', 'ssh.service cron.service'), each('state', 'active failed inactive'), [{ type: 'simple' }]]],
  [/^node_systemd_socket/, [each('name', 'docker.socket')]],
  [/^node_systemd_units/, [each('state', 'active failed')]],
  [/^node_scrape_collector/, [each('collector', 'cpu diskstats netdev')]],
  [/^node_uname_info/, [[{ release: '6.1.0', sysname: 'Linux' }]]],
  [/^promhttp_/, [each('code', '200 500')]],
  [/^go_gc_duration_seconds$/, [each('quantile', '0 0.5 1')]],
  [/^/, []],
];

const clusterRules: readonly (readonly [name: RegExp, dimensions: readonly (readonly Labels[])[]])[] = [
  [/^container_(network)/, [pods, each('interface', 'eth0')]],
  [/^container_memory_failures/, [podContainers, each('scope', 'container hierarchy'), each('failure_type', 'pgfault pgmajfault')]],
  [/^container_/, [podContainers]],
  [/^kube_pod_container_resource/, [podContainers, each('resource', 'cpu memory')]],
  [/^kube_pod_container_status_(waiting|last)/, [podContainers, each('reason', 'CrashLoopBackOff OOMKilled')]],
  [/^kube_pod_container/, [podContainers]],
  [/^kube_pod_status_phase/, [pods, each('phase', 'Running Pending Failed')]],
  [/^kube_pod_info/, [pods, [{ created_by_kind: 'ReplicaSet', created_by_name: 'web-7d9f' }]]],
  [/^kube_pod_owner/, [pods, [{ owner_kind: 'ReplicaSet', owner_name: 'web-7d9f' }]]],
  [/^kube_pod/, [pods]],
  [/^kube_node_status_condition/, [clusterNodes, each('condition', 'Ready DiskPressure'), each('status', 'true false unknown')]],
  [/^kube_node_status_allocatable/, [clusterNodes, each('resource', 'pods cpu')]],
  [/^kube_node/, [clusterNodes]],
  [/^kube_resourcequota/, [namespaces, each('resource', 'pods limits.cpu'), each('type', 'used hard')]],
  [/^kube_horizontal/, [namespaces, each('horizontalpodautoscaler', 'scaler')]],
  [/^kube_job/, [namespaces, each('job_name', 'backup')]],
  [/^kube_deployment/, [namespaces, each('deployment', 'web api')]],
  [/^kube_statefulset/, [namespaces, each('statefulset', 'queue')]],
  [/^kube_service/, [namespaces, each('service', 'web api')]],
  [/^kube_/, [namespaces]],
  [/^machine_/, [clusterNodes]],
  [/^kubelet_volume/, [namespaces, each('persistentvolumeclaim', 'store')]],
  [/^kubelet_runtime/, [clusterNodes, each('operation_type', 'create_container remove_container')]],
  [/^kubelet_/, [clusterNodes]],
  [/^apiserver_request_duration/, [[cluster], each('verb', 'GET LIST WATCH')]],
  [/^apiserver_request_total/, [[cluster], each('verb', 'GET LIST POST'), each('code', '200 404 500')]],
  [/^workqueue_/, [[{ ...cluster, instance: 'cp:6443' }], each('name', 'deployment job')]],
  [/^rest_client/, [[cluster], each('job', 'kubelet scheduler'), each('code', '200 201 409')]],
  [/^coredns_dns_requests/, [[cluster], each('type', 'A AAAA')]],
  [/^nginx_ingress_controller_requests/, [namespaces, each('ingress', 'shop api'), each('status', '200 404 503')]],
  [/^nginx_/, [namespaces, each('ingress', 'shop api')]],
  [/^up$/, [[cluster], each('job', 'kubelet apiserver')]],
  [/^/, [[cluster]]],
];

const ofMachine = /^(node|process|go|promhttp)_/;

function labelSets(metric: string): Labels[] {
  const [, dimensions = []] = (ofMachine.test(metric) ? nodeRules : clusterRules).find(([name]) => name.test(metric)) ?? [];
  const target = ofMachine.test(metric) ? [machines] : [];
  const sets = product(...target, ...dimensions, ...(metric.endsWith('_bucket') ? [bounds] : []));
  return metric === 'node_uname_info' ? sets.map((set) => ({ ...set, nodename: set['instance']?.split(':')[0] ?? '' })) : sets;
}

const isCounter = (metric: string): boolean => /_(total|sum|count|bucket)$|^node_(netstat|vmstat)_(?!Tcp_CurrEstab)/.test(metric);
const isOne = (metric: string): boolean => /_(info|labels|created|owner|names)$|^up$/.test(metric);
const isState = (metric: string): boolean =>
  /_(phase|state|condition|success|readonly|up|online|unschedulable|running|reason|sync_status)$/.test(metric);

/** The names of all metrics that the dashboards ask for. */
export function metricsOf(dashboards: readonly Dashboard[]): string[] {
  const names = new Set<string>();
  for (const { panels, variables } of dashboards) {
    const queries = [...panels.flatMap((panel) => panel.queries), ...variables.map(({ query }) => query)];
    for (const query of queries) {
      for (const [, name = ''] of query.matchAll(/([a-zA-Z_]\w*)\{/g)) names.add(name);
      for (const [, name = ''] of query.matchAll(/label_values\((\w+)/g)) names.add(name);
    }
  }
  return [...names].sort();
}

/** Series for these metrics, with a value every 30 seconds: counters that sometimes start anew, gauges, states and constants. */
export function dashboardSeries(metrics: readonly string[], startMs: number, endMs: number, random: SeededRandom): TimeSeries[] {
  return metrics.flatMap((metric) =>
    labelSets(metric).map((labels) => {
      const pairs: [number, number][] = [];
      const bound = bounds.findIndex(({ le }) => le === labels['le']) + 1;
      const offsetMs = random.below(1000);
      const resetAt = random.next() < 0.1 ? random.below(30) : -1;
      let value = random.below(1000);
      for (let timeMs = startMs + offsetMs, index = 0; timeMs < endMs; timeMs += 30_000, index++) {
        if (isOne(metric)) value = 1;
        else if (isState(metric)) value = random.below(2);
        else if (bound > 0) value = index * bound * 3 + bound;
        else if (isCounter(metric)) value = index === resetAt ? 0 : value + random.next() * 50;
        else if (metric.endsWith('time_seconds')) value = startMs / 1000 - 5000;
        else value = Math.max(0, value + (random.next() - 0.5) * 100);
        pairs.push([timeMs, value]);
      }
      return {
        labels: Object.entries({ __name__: metric, ...labels })
          .map(([name, one]) => ({ name, value: one }))
          .sort((a, b) => (a.name < b.name ? -1 : 1)),
        samples: createSamples(pairs),
        exemplars: [],
        histograms: [],
      };
    }),
  );
}
