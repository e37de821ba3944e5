import { panelsOf, type Dashboard } from './dashboard.js';

const here = '{instance="$node",job="$job"}';
const inHere = 'instance="$node",job="$job"';
const rateOf = (selector: string): string => `rate(${selector}[$__rate_interval])`;

/** Everything of one machine, from the metrics of node_exporter. */
export const nodeExporter: Dashboard = {
  title: 'A machine in full',
  variables: [
    { name: 'job', query: 'label_values(node_uname_info, job)' },
    { name: 'nodename', query: 'label_values(node_uname_info{job="$job"}, nodename)' },
    { name: 'node', query: 'label_values(node_uname_info{job="$job", nodename="$nodename"}, instance)' },
    { name: 'device', query: 'query_result(topk(1, node_filesystem_size_bytes{instance="$node",fstype="ext4"}))', regex: /mountpoint="([^"]*)"/ }, // oxfmt-ignore
  ],
  panels: [
    {
      title: 'Pressure',
      instant: true,
      queries: [
        `irate(node_pressure_cpu_waiting_seconds_total${here}[$__rate_interval])`,
        `irate(node_pressure_memory_waiting_seconds_total${here}[$__rate_interval])`,
        `irate(node_pressure_io_waiting_seconds_total${here}[$__rate_interval])`,
      ],
    },
    {
      title: 'Busy',
      instant: true,
      queries: [`100 * (1 - avg(rate(node_cpu_seconds_total{mode="idle", instance="$node"}[$__rate_interval])))`],
    },
    {
      title: 'Load for each core',
      instant: true,
      queries: [
        `scalar(node_load1${here}) * 100 / count(count(node_cpu_seconds_total${here}) by (cpu))`,
        `scalar(node_load15{${inHere}}) * 100 / scalar(count(count(node_cpu_seconds_total{${inHere}}) by (cpu)))`,
      ],
    },
    {
      title: 'Memory in use',
      instant: true,
      queries: [
        `((node_memory_MemTotal_bytes${here} - node_memory_MemFree_bytes${here}) / node_memory_MemTotal_bytes${here}) * 100`,
        `(1 - (node_memory_MemAvailable_bytes${here} / node_memory_MemTotal_bytes${here})) * 100`,
        `((node_memory_SwapTotal_bytes${here} - node_memory_SwapFree_bytes${here}) / (node_memory_SwapTotal_bytes${here})) * 100`,
      ],
    },
    {
      title: 'Root file system',
      instant: true,
      queries: [
        `100 - ((node_filesystem_avail_bytes{${inHere},mountpoint="/",fstype!="rootfs"} * 100) / node_filesystem_size_bytes{${inHere},mountpoint="/",fstype!="rootfs"})`,
        `node_filesystem_size_bytes{${inHere},mountpoint="/",fstype!="rootfs"}`,
      ],
    },
    {
      title: 'Since when',
      instant: true,
      queries: [`node_time_seconds${here} - node_boot_time_seconds${here}`, `count(count(node_cpu_seconds_total${here}) by (cpu))`],
    },
    {
      title: 'Processor by mode',
      queries: ['system', 'user', 'iowait', 'irq|softirq', 'idle', '.*nice', 'steal'].map(
        (mode) =>
          `sum(irate(node_cpu_seconds_total{${inHere},mode=~"${mode}"}[$__rate_interval])) / scalar(count(count(node_cpu_seconds_total${here}) by (cpu)))`,
      ),
    },
    {
      title: 'Processor, other than idle',
      queries: [
        `sum by (instance) (irate(node_cpu_seconds_total{${inHere},mode!="idle"}[$__rate_interval])) / on (instance) group_left sum by (instance) (irate(node_cpu_seconds_total${here}[$__rate_interval]))`,
        `sum by (mode) (irate(node_cpu_guest_seconds_total${here}[$__rate_interval])) / on () group_left () count(count by (cpu) (node_cpu_seconds_total${here}))`,
      ],
    },
    {
      title: 'Memory',
      queries: [
        `node_memory_MemTotal_bytes${here} - node_memory_MemFree_bytes${here} - (node_memory_Cached_bytes${here} + node_memory_Buffers_bytes${here} + node_memory_SReclaimable_bytes${here})`,
        `node_memory_Cached_bytes${here} + node_memory_Buffers_bytes${here} + node_memory_SReclaimable_bytes${here}`,
        `node_memory_SwapTotal_bytes${here} - node_memory_SwapFree_bytes${here}`,
        `node_memory_Committed_AS_bytes${here} / node_memory_CommitLimit_bytes${here} > bool 1`,
      ],
    },
    ...panelsOf(
      'Memory',
      `$m${here}`,
      `node_memory_Active_bytes node_memory_Inactive_bytes node_memory_Active_anon_bytes node_memory_Active_file_bytes node_memory_AnonPages_bytes
       node_memory_Bounce_bytes node_memory_Dirty_bytes node_memory_HugePages_Free node_memory_Hugepagesize_bytes node_memory_KernelStack_bytes
       node_memory_Mapped_bytes node_memory_Mlocked_bytes node_memory_PageTables_bytes node_memory_Percpu_bytes node_memory_Shmem_bytes
       node_memory_Slab_bytes node_memory_SwapCached_bytes node_memory_Unevictable_bytes node_memory_VmallocUsed_bytes node_memory_Writeback_bytes`,
    ),
    ...panelsOf(
      'Memory events',
      rateOf(`$m${here}`),
      'node_vmstat_pgpgin node_vmstat_pgpgout node_vmstat_pswpin node_vmstat_pswpout node_vmstat_pgfault node_vmstat_pgmajfault node_vmstat_oom_kill',
    ),
    { title: 'Small faults', queries: [`irate(node_vmstat_pgfault${here}[$__rate_interval]) - irate(node_vmstat_pgmajfault${here}[$__rate_interval])`] }, // oxfmt-ignore
    {
      title: 'Network traffic',
      queries: [
        `rate(node_network_receive_bytes_total${here}[$__rate_interval])*8`,
        `rate(node_network_transmit_bytes_total${here}[$__rate_interval])*8`,
        `sum without (device) (rate(node_network_receive_bytes_total{${inHere},device!~"lo|veth.*|docker.*"}[$__rate_interval]))`,
        `topk(3, rate(node_network_receive_bytes_total${here}[$__rate_interval]) + rate(node_network_transmit_bytes_total${here}[$__rate_interval]))`,
      ],
    },
    ...panelsOf(
      'Network',
      rateOf(`$m${here}`),
      `node_network_receive_packets_total node_network_transmit_packets_total node_network_receive_errs_total node_network_transmit_errs_total
       node_network_receive_drop_total node_network_transmit_drop_total node_network_receive_fifo_total node_network_transmit_colls_total
       node_network_receive_compressed_total node_network_receive_multicast_total node_network_receive_frame_total node_network_transmit_carrier_total`,
    ),
    { title: 'Links', queries: [`node_network_up{operstate="up",${inHere}}`, `node_network_speed_bytes${here} * 8`, `node_network_mtu_bytes${here}`, `node_network_carrier${here}`, `node_arp_entries${here}`] }, // oxfmt-ignore
    {
      title: 'Sockets and their memory',
      queries: [
        ...['TCP_alloc', 'TCP_inuse', 'TCP_mem', 'TCP_orphan', 'TCP_tw', 'UDP_inuse', 'UDP_mem', 'FRAG_inuse', 'RAW_inuse', 'sockets_used'].map((name) => `node_sockstat_${name}${here}`), // oxfmt-ignore
        `node_nf_conntrack_entries${here} / node_nf_conntrack_entries_limit${here}`,
      ],
    },
    ...panelsOf(
      'Protocols',
      `irate($m${here}[$__rate_interval])`,
      `node_netstat_IpExt_InOctets node_netstat_IpExt_OutOctets node_netstat_Ip_Forwarding node_netstat_Icmp_InMsgs node_netstat_Icmp_OutMsgs
       node_netstat_Icmp_InErrors node_netstat_Udp_InDatagrams node_netstat_Udp_OutDatagrams node_netstat_Udp_NoPorts node_netstat_Tcp_InSegs
       node_netstat_Tcp_OutSegs node_netstat_TcpExt_ListenOverflows node_netstat_Tcp_RetransSegs node_netstat_Tcp_ActiveOpens`,
    ),
    { title: 'Connections', queries: [`node_netstat_Tcp_CurrEstab${here}`, `node_netstat_Tcp_MaxConn${here} > 0`, `increase(node_netstat_Tcp_PassiveOpens${here}[$__range])`] }, // oxfmt-ignore
    {
      title: 'Disks',
      queries: [
        `irate(node_disk_reads_completed_total{${inHere},device=~"[a-z]+|nvme[0-9]+n[0-9]+|mmcblk[0-9]+"}[$__rate_interval])`,
        `irate(node_disk_writes_completed_total{${inHere},device=~"[a-z]+|nvme[0-9]+n[0-9]+"}[$__rate_interval])`,
        `irate(node_disk_read_time_seconds_total${here}[$__rate_interval]) / irate(node_disk_reads_completed_total${here}[$__rate_interval])`,
        `irate(node_disk_write_time_seconds_total${here}[$__rate_interval]) / irate(node_disk_writes_completed_total${here}[$__rate_interval])`,
        `irate(node_disk_io_time_weighted_seconds_total${here}[$__rate_interval])`,
        `rate(node_disk_read_bytes_total${here}[$__rate_interval]) > 1e6 or rate(node_disk_written_bytes_total${here}[$__rate_interval])`,
        `irate(node_disk_io_time_seconds_total${here}[$__rate_interval])`,
        `avg_over_time(node_disk_io_now${here}[$__rate_interval])`,
        `max by (device) (rate(node_disk_discards_completed_total${here}[$__rate_interval]))`,
        `bottomk(2, sum by (device) (increase(node_disk_reads_merged_total${here}[$__range])))`,
      ],
    },
    {
      title: 'File systems',
      queries: [
        `node_filesystem_avail_bytes{${inHere},device!~'rootfs'}`,
        `node_filesystem_size_bytes{${inHere},device!~'rootfs'} - node_filesystem_avail_bytes{${inHere},device!~'rootfs'}`,
        `100 - ((node_filesystem_avail_bytes{${inHere},mountpoint="$device"} * 100) / node_filesystem_size_bytes{${inHere},mountpoint="$device"})`,
        `node_filesystem_files_free{${inHere},device!~'rootfs'} / node_filesystem_files{${inHere},device!~'rootfs'}`,
        `node_filesystem_readonly${here}`,
        `predict_linear(node_filesystem_avail_bytes${here}[$__range], 4 * 3600) < 0`,
        `min_over_time(node_filesystem_free_bytes${here}[$__range])`,
        `node_filefd_allocated${here} / node_filefd_maximum${here}`,
      ],
    },
    {
      title: 'System',
      queries: [
        `node_load1${here}`,
        `node_load5${here}`,
        `node_procs_running${here}`,
        `node_procs_blocked${here}`,
        `node_processes_state${here}`,
        `node_processes_pids${here} / node_processes_max_processes${here}`,
        `irate(node_context_switches_total${here}[$__rate_interval])`,
        `irate(node_intr_total${here}[$__rate_interval])`,
        `irate(node_forks_total${here}[$__rate_interval])`,
        `irate(process_cpu_seconds_total${here}[$__rate_interval])`,
        `process_max_fds${here}`,
        `changes(process_start_time_seconds${here}[$__range])`,
        `irate(node_schedstat_running_seconds_total${here}[$__rate_interval])`,
        `irate(node_schedstat_waiting_seconds_total{${inHere},cpu=~"[0-2]"}[$__rate_interval])`,
        `node_cpu_scaling_frequency_hertz${here}`,
        `avg by (instance) (node_cpu_scaling_frequency_hertz${here}) / scalar(max(node_cpu_scaling_frequency_max_hertz${here}))`,
        `deriv(node_entropy_available_bits${here}[$__range])`,
        `count_values("state", node_processes_state${here})`,
      ],
    },
    {
      title: 'Clock',
      queries: [
        `node_timex_estimated_error_seconds${here}`,
        `node_timex_offset_seconds${here}`,
        `abs(node_timex_offset_seconds${here}) > bool 0.05 and on (instance) node_timex_sync_status${here} == 0`,
        `node_timex_sync_status${here}`,
        `clamp_min(node_timex_frequency_adjustment_ratio${here} - 1, 0) * 1e6`,
        `node_timex_tick_seconds${here}`,
      ],
    },
    {
      title: 'Units',
      queries: [
        `sum by (state) (node_systemd_unit_state{${inHere},state=~"active|failed"})`,
        `node_systemd_unit_state{${inHere},state="failed"} == 1`,
        `irate(node_systemd_socket_accepted_connections_total${here}[$__rate_interval])`,
        `node_systemd_units${here}`,
      ],
    },
    {
      title: 'Hardware',
      queries: [
        `node_hwmon_temp_celsius${here} * on(chip) group_left(chip_name) node_hwmon_chip_names${here}`,
        `node_hwmon_temp_crit_celsius${here} - ignoring () node_hwmon_temp_celsius${here} < 20`,
        `node_cooling_device_cur_state${here} / ignoring () node_cooling_device_max_state${here}`,
        `node_power_supply_online${here}`,
        `quantile(0.9, node_hwmon_temp_celsius${here})`,
      ],
    },
    {
      title: 'The exporter itself',
      queries: [
        `node_scrape_collector_duration_seconds${here}`,
        `node_scrape_collector_success${here} == 0 or absent(node_scrape_collector_success{${inHere},collector="nowhere"})`,
        `label_replace(node_scrape_collector_duration_seconds${here}, "short", "$1", "collector", "(...).*")`,
        `rate(promhttp_metric_handler_requests_total{${inHere},code!="200"}[$__rate_interval])`,
        `go_goroutines${here}`,
        `go_gc_duration_seconds${here}`,
        `rate(go_memstats_alloc_bytes_total${here}[$__rate_interval])`,
      ],
    },
  ],
};
