import { panelsOf, type Dashboard } from './dashboard.js';

const cluster = 'cluster="$cluster"';
const space = `${cluster},namespace="$namespace"`;
const pod = `${space},pod=~"$pod"`;
const containers = 'container!="",image!=""';

/** A cluster as a whole. */
export const kubernetesCluster: Dashboard = {
  title: 'A cluster',
  variables: [{ name: 'cluster', query: 'label_values(kube_node_info, cluster)' }],
  panels: [
    {
      title: 'Use of the cluster',
      instant: true,
      queries: [
        `avg(sum by (instance, cpu) (rate(node_cpu_seconds_total{mode!~"idle|iowait|steal", ${cluster}}[$__rate_interval])))`,
        `sum(kube_pod_container_resource_requests{resource="cpu", ${cluster}}) / sum(machine_cpu_cores{${cluster}})`,
        `sum(kube_pod_container_resource_limits{resource="cpu", ${cluster}}) / sum(machine_cpu_cores{${cluster}})`,
        `sum(node_memory_MemTotal_bytes{${cluster}} - node_memory_MemAvailable_bytes{${cluster}}) / sum(node_memory_MemTotal_bytes{${cluster}})`,
        `sum(kube_pod_container_resource_requests{resource="memory", ${cluster}}) / sum(machine_memory_bytes{${cluster}})`,
        `count(count by (node) (kube_node_info{${cluster}}))`,
        `sum(kube_pod_status_phase{phase="Running", ${cluster}}) or vector(0)`,
      ],
    },
    {
      title: 'What there is',
      queries: [
        `count(kube_namespace_created{${cluster}})`,
        `sum(kube_deployment_labels{${cluster}})`,
        `sum(kube_statefulset_labels{${cluster}}) or vector(0)`,
        `sum(kube_service_info{${cluster}})`,
        `sum(kube_pod_container_status_running{${cluster}})`,
        `sum by (phase) (kube_pod_status_phase{${cluster}})`,
        `count by (condition) (kube_node_status_condition{status="true", ${cluster}} == 1)`,
      ],
    },
    {
      title: 'By namespace',
      queries: [
        `sum(rate(container_cpu_usage_seconds_total{${containers}, ${cluster}}[$__rate_interval])) by (namespace)`,
        `sum(container_memory_working_set_bytes{${containers}, ${cluster}}) by (namespace)`,
        `sum by (namespace) (rate(container_cpu_usage_seconds_total{${cluster},${containers}}[$__rate_interval])) / sum by (namespace) (kube_pod_container_resource_requests{resource="cpu", ${cluster}})`,
        `sum by (namespace) (container_memory_rss{${cluster}, container!=""}) / sum by (namespace) (kube_pod_container_resource_limits{resource="memory", ${cluster}})`,
        `topk(5, sum by (namespace) (rate(container_network_receive_bytes_total{${cluster}}[$__rate_interval])))`,
        `sum by (namespace, reason) (kube_pod_container_status_waiting_reason{${cluster}}) > 0`,
        `sum(increase(kube_pod_container_status_restarts_total{${cluster}}[$__range])) by (namespace) > 0`,
      ],
    },
    {
      title: 'By node',
      queries: [
        `sum(rate(container_network_receive_bytes_total{${cluster}}[$__rate_interval])) by (node)`,
        `- sum(rate(container_network_transmit_bytes_total{${cluster}}[$__rate_interval])) by (node)`,
        `avg by (node) (label_replace(rate(node_cpu_seconds_total{mode!="idle", ${cluster}}[$__rate_interval]), "node", "$1", "instance", "(.+):.*"))`,
        `sum by (node) (kube_pod_info{${cluster}} * on (namespace, pod) group_left () (kube_pod_status_phase{phase="Running", ${cluster}} == 1))`,
        `sum by (node) (kube_node_status_allocatable{resource="pods", ${cluster}}) - on (node) count by (node) (kube_pod_info{${cluster}})`,
        `max by (node) (kube_node_spec_unschedulable{${cluster}})`,
      ],
    },
    {
      title: 'Containers that were throttled',
      queries: [
        `sum by (container, pod, namespace) (increase(container_cpu_cfs_throttled_periods_total{container!="", ${cluster}}[5m])) / sum by (container, pod, namespace) (increase(container_cpu_cfs_periods_total{${cluster}}[5m])) > 0.25`,
        `sum(rate(container_cpu_cfs_throttled_seconds_total{${cluster}, image!=""}[$__rate_interval])) by (namespace) > 0`,
      ],
    },
    {
      title: 'The control plane',
      queries: [
        `sum by (verb, code) (rate(apiserver_request_total{${cluster}}[$__rate_interval]))`,
        `histogram_quantile(0.99, sum by (le, verb) (rate(apiserver_request_duration_seconds_bucket{${cluster},verb!="WATCH"}[5m])))`,
        `1 - sum(rate(apiserver_request_total{code=~"5..", ${cluster}}[$__rate_interval])) / sum(rate(apiserver_request_total{${cluster}}[$__rate_interval]))`,
        `histogram_quantile(0.9, sum(rate(workqueue_queue_duration_seconds_bucket{${cluster}}[5m])) by (instance, name, le))`,
        `sum(rate(rest_client_requests_total{${cluster}, code=~"2.."}[$__rate_interval])) by (job)`,
        `histogram_quantile(0.5, rate(kubelet_pod_start_duration_seconds_bucket{${cluster}}[5m]))`,
        `sum by (operation_type) (rate(kubelet_runtime_operations_total{${cluster}}[$__rate_interval]))`,
        `avg_over_time(up{job=~"kubelet|apiserver", ${cluster}}[$__range])`,
        `sum(rate(coredns_dns_requests_total{${cluster}}[$__rate_interval])) by (type)`,
        `histogram_quantile(0.95, sum(rate(coredns_dns_request_duration_seconds_bucket{${cluster}}[5m])) by (le)) * 1000`,
        `etcd_mvcc_db_total_size_in_bytes{${cluster}} - etcd_mvcc_db_total_size_in_use_in_bytes{${cluster}}`,
      ],
    },
  ],
};

/** A namespace and its pods. */
export const kubernetesWorkloads: Dashboard = {
  title: 'Workloads of a namespace',
  variables: [
    { name: 'cluster', query: 'label_values(kube_node_info, cluster)' },
    { name: 'namespace', query: 'label_values(kube_pod_info{cluster="$cluster"}, namespace)' },
    { name: 'created_by', query: 'label_values(kube_pod_info{namespace="$namespace",cluster="$cluster"},created_by_name)' },
    { name: 'pod', query: 'query_result(topk(2, sum by (pod) (container_memory_working_set_bytes{namespace="$namespace",cluster="$cluster",container!=""})))', regex: /pod="([^"]*)"/ }, // oxfmt-ignore
    { name: 'resolution', query: 'metrics(container_memory_.*)' },
  ],
  panels: [
    {
      title: 'Processor',
      queries: [
        `sum(rate(container_cpu_usage_seconds_total{${pod}, ${containers}}[$__rate_interval])) by (pod)`,
        `sum by (container) (rate(container_cpu_usage_seconds_total{${pod}, ${containers}}[$__rate_interval]))`,
        `sum(rate(container_cpu_usage_seconds_total{${space}, ${containers}}[$__rate_interval])) by (pod) / sum(kube_pod_container_resource_requests{resource="cpu",${space}}) by (pod)`,
        `max(kube_pod_container_resource_limits{resource="cpu",${pod}}) by (container)`,
        `quantile_over_time(0.95, sum by (pod) (rate(container_cpu_usage_seconds_total{${pod}}[1m]))[10m:1m])`,
        `max_over_time(sum(rate(container_cpu_usage_seconds_total{${pod}}[1m]))[$__range:30s])`,
      ],
    },
    {
      title: 'Memory',
      queries: [
        `sum(container_memory_working_set_bytes{${pod}, ${containers}}) by (id, pod)`,
        `sum by (pod, container) (container_memory_working_set_bytes{${pod}, container!=""}) / on (pod, container) group_left () sum by (pod, container) (kube_pod_container_resource_limits{resource="memory",${space}})`,
        `max_over_time(container_memory_working_set_bytes{${pod}, container!=""}[$__range])`,
        `sum without (id, image) (container_memory_cache{${pod}}) + sum without (id, image) (container_memory_rss{${pod}})`,
        `rate(container_memory_failures_total{${pod}, scope="container"}[$__rate_interval])`,
        `sum by (container) (increase(container_oom_events_total{${pod}}[$__range]))`,
      ],
    },
    ...panelsOf(
      'Network of the pods',
      `sum(rate($m{${pod}}[$__rate_interval])) by (pod)`,
      `container_network_receive_bytes_total container_network_transmit_bytes_total container_network_receive_packets_total
       container_network_transmit_packets_total container_network_receive_packets_dropped_total container_network_transmit_errors_total`,
    ),
    {
      title: 'Storage',
      queries: [
        `sum by (persistentvolumeclaim) (kubelet_volume_stats_used_bytes{${space}}) / sum by (persistentvolumeclaim) (kubelet_volume_stats_capacity_bytes{${space}})`,
        `predict_linear(kubelet_volume_stats_available_bytes{${space}}[10m], 86400)`,
        `ceil(sum by(pod) (rate(container_fs_reads_total{container!="", ${space}}[$__rate_interval]) + rate(container_fs_writes_total{container!="", ${space}}[$__rate_interval])))`,
      ],
    },
    {
      title: 'State of the pods',
      instant: true,
      queries: [
        `kube_pod_info{${pod}}`,
        `kube_pod_status_phase{${pod}} == 1`,
        `kube_pod_container_status_last_terminated_reason{${pod}} unless on (pod) kube_pod_status_phase{phase="Running",${space}} == 0`,
        `time() - kube_pod_start_time{${pod}}`,
        `sum by (pod) (kube_pod_container_status_restarts_total{${space}}) > 2 and on (pod) kube_pod_info{${space}}`,
        `count by (owner) (label_join(kube_pod_owner{${space}}, "owner", "/", "owner_kind", "owner_name"))`,
        `sort_desc(sum by (pod) (kube_pod_container_resource_requests{resource="memory",${space}}))`,
      ],
    },
    {
      title: 'Workloads',
      queries: [
        `kube_deployment_status_replicas_available{${space}} / kube_deployment_spec_replicas{${space}}`,
        `kube_deployment_spec_replicas{${space}} != kube_deployment_status_replicas_available{${space}}`,
        `kube_horizontalpodautoscaler_status_current_replicas{${space}} == on (namespace, horizontalpodautoscaler) kube_horizontalpodautoscaler_spec_max_replicas{${space}}`,
        `count(kube_pod_info{${space}} * on (namespace, pod) group_left (owner_kind) kube_pod_owner{${space}}) by (owner_kind)`,
        `kube_job_status_failed{${space}} > 0 or absent(kube_job_status_failed{${space}})`,
        `group by (image) (kube_pod_container_info{${space}})`,
        `sum(kube_resourcequota{type="used",${space}}) by (resource) / sum(kube_resourcequota{type="hard",${space}} > 0) by (resource)`,
        `stddev by (pod) (rate(container_cpu_usage_seconds_total{${space}, ${containers}}[2m]))`,
      ],
    },
    {
      title: 'The ways in',
      queries: [
        `sum by (status) (rate(nginx_ingress_controller_requests{${space}}[$__rate_interval]))`,
        `histogram_quantile(0.95, sum by (le, ingress) (rate(nginx_ingress_controller_request_duration_seconds_bucket{${space}}[2m])))`,
        `sum(rate(nginx_ingress_controller_request_duration_seconds_sum{${space}}[2m])) / sum(rate(nginx_ingress_controller_request_duration_seconds_count{${space}}[2m]))`,
      ],
    },
  ],
};
