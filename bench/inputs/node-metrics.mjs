/**
 * What node_exporter exposes by default: its metric names, by the labels that they have. 204 have none.
 */
export const NODE_METRICS = {
  plain: `
    go_gc_duration_seconds_sum go_gc_duration_seconds_count go_goroutines go_memstats_alloc_bytes go_memstats_alloc_bytes_total
    go_memstats_buck_hash_sys_bytes go_memstats_frees_total go_memstats_gc_sys_bytes go_memstats_heap_alloc_bytes
    go_memstats_heap_idle_bytes go_memstats_heap_inuse_bytes go_memstats_heap_objects go_memstats_heap_released_bytes
    go_memstats_heap_sys_bytes go_memstats_last_gc_time_seconds go_memstats_lookups_total go_memstats_mallocs_total
    go_memstats_mcache_inuse_bytes go_memstats_mcache_sys_bytes go_memstats_mspan_inuse_bytes go_memstats_mspan_sys_bytes
    go_memstats_next_gc_bytes go_memstats_other_sys_bytes go_memstats_stack_inuse_bytes go_memstats_stack_sys_bytes
    go_memstats_sys_bytes go_threads ~boot_time_seconds ~context_switches_total ~entropy_available_bits ~entropy_pool_size_bits
    ~filefd_allocated ~filefd_maximum ~forks_total ~intr_total ~load1 ~load15 ~load5 ~memory_Active_anon_bytes ~memory_Active_bytes
    ~memory_Active_file_bytes ~memory_AnonHugePages_bytes ~memory_AnonPages_bytes ~memory_Balloon_bytes ~memory_Bounce_bytes
    ~memory_Buffers_bytes ~memory_Cached_bytes ~memory_CommitLimit_bytes ~memory_Committed_AS_bytes ~memory_DirectMap1G_bytes
    ~memory_DirectMap2M_bytes ~memory_DirectMap4k_bytes ~memory_Dirty_bytes ~memory_FileHugePages_bytes ~memory_FilePmdMapped_bytes
    ~memory_HugePages_Free ~memory_HugePages_Rsvd ~memory_HugePages_Surp ~memory_HugePages_Total ~memory_Hugepagesize_bytes
    ~memory_Hugetlb_bytes ~memory_Inactive_anon_bytes ~memory_Inactive_bytes ~memory_Inactive_file_bytes ~memory_KReclaimable_bytes
    ~memory_KernelStack_bytes ~memory_Mapped_bytes ~memory_MemAvailable_bytes ~memory_MemFree_bytes ~memory_MemTotal_bytes
    ~memory_Mlocked_bytes ~memory_NFS_Unstable_bytes ~memory_PageTables_bytes ~memory_Percpu_bytes ~memory_SReclaimable_bytes
    ~memory_SUnreclaim_bytes ~memory_SecPageTables_bytes ~memory_ShmemHugePages_bytes ~memory_ShmemPmdMapped_bytes ~memory_Shmem_bytes
    ~memory_Slab_bytes ~memory_SwapCached_bytes ~memory_SwapFree_bytes ~memory_SwapTotal_bytes ~memory_Unevictable_bytes
    ~memory_VmallocChunk_bytes ~memory_VmallocTotal_bytes ~memory_VmallocUsed_bytes ~memory_WritebackTmp_bytes ~memory_Writeback_bytes
    ~memory_Zswap_bytes ~memory_Zswapped_bytes ~netstat_Icmp6_InErrors ~netstat_Icmp6_InMsgs ~netstat_Icmp6_OutMsgs
    ~netstat_Icmp_InErrors ~netstat_Icmp_InMsgs ~netstat_Icmp_OutMsgs ~netstat_Ip6_InOctets ~netstat_Ip6_OutOctets
    ~netstat_IpExt_InOctets ~netstat_IpExt_OutOctets ~netstat_Ip_Forwarding ~netstat_TcpExt_ListenDrops ~netstat_TcpExt_ListenOverflows
    ~netstat_TcpExt_SyncookiesFailed ~netstat_TcpExt_SyncookiesRecv ~netstat_TcpExt_SyncookiesSent ~netstat_TcpExt_TCPSynRetrans
    ~netstat_TcpExt_TCPTimeouts ~netstat_Tcp_ActiveOpens ~netstat_Tcp_CurrEstab ~netstat_Tcp_InErrs ~netstat_Tcp_InSegs
    ~netstat_Tcp_OutRsts ~netstat_Tcp_OutSegs ~netstat_Tcp_PassiveOpens ~netstat_Tcp_RetransSegs ~netstat_Udp6_InDatagrams
    ~netstat_Udp6_InErrors ~netstat_Udp6_NoPorts ~netstat_Udp6_OutDatagrams ~netstat_Udp6_RcvbufErrors ~netstat_Udp6_SndbufErrors
    ~netstat_UdpLite6_InErrors ~netstat_UdpLite_InErrors ~netstat_Udp_InDatagrams ~netstat_Udp_InErrors ~netstat_Udp_NoPorts
    ~netstat_Udp_OutDatagrams ~netstat_Udp_RcvbufErrors ~netstat_Udp_SndbufErrors ~nf_conntrack_entries ~nf_conntrack_entries_limit
    ~nf_conntrack_stat_drop ~nf_conntrack_stat_early_drop ~nf_conntrack_stat_found ~nf_conntrack_stat_ignore ~nf_conntrack_stat_insert
    ~nf_conntrack_stat_insert_failed ~nf_conntrack_stat_invalid ~nf_conntrack_stat_search_restart ~pressure_cpu_waiting_seconds_total
    ~pressure_io_stalled_seconds_total ~pressure_io_waiting_seconds_total ~pressure_memory_stalled_seconds_total
    ~pressure_memory_waiting_seconds_total ~procs_blocked ~procs_running ~selinux_enabled ~sockstat_FRAG6_inuse ~sockstat_FRAG6_memory
    ~sockstat_FRAG_inuse ~sockstat_FRAG_memory ~sockstat_RAW6_inuse ~sockstat_RAW_inuse ~sockstat_TCP6_inuse ~sockstat_TCP_alloc
    ~sockstat_TCP_inuse ~sockstat_TCP_mem ~sockstat_TCP_mem_bytes ~sockstat_TCP_orphan ~sockstat_TCP_tw ~sockstat_UDP6_inuse
    ~sockstat_UDPLITE6_inuse ~sockstat_UDPLITE_inuse ~sockstat_UDP_inuse ~sockstat_UDP_mem ~sockstat_UDP_mem_bytes
    ~sockstat_sockets_used ~textfile_scrape_error ~time_seconds ~timex_estimated_error_seconds ~timex_frequency_adjustment_ratio
    ~timex_loop_time_constant ~timex_maxerror_seconds ~timex_offset_seconds ~timex_pps_calibration_total ~timex_pps_error_total
    ~timex_pps_frequency_hertz ~timex_pps_jitter_seconds ~timex_pps_jitter_total ~timex_pps_shift_seconds
    ~timex_pps_stability_exceeded_total ~timex_pps_stability_hertz ~timex_status ~timex_sync_status ~timex_tai_offset_seconds
    ~timex_tick_seconds ~vmstat_oom_kill ~vmstat_pgfault ~vmstat_pgmajfault ~vmstat_pgpgin ~vmstat_pgpgout ~vmstat_pswpin
    ~vmstat_pswpout process_cpu_seconds_total process_max_fds process_open_fds process_resident_memory_bytes process_start_time_seconds
    process_virtual_memory_bytes process_virtual_memory_max_bytes promhttp_metric_handler_requests_in_flight
  `,
  perInterface: `
    ~arp_entries ~network_address_assign_type ~network_carrier ~network_carrier_changes_total ~network_carrier_down_changes_total
    ~network_carrier_up_changes_total ~network_device_id ~network_dormant ~network_flags ~network_iface_id ~network_iface_link
    ~network_iface_link_mode ~network_info ~network_mtu_bytes ~network_name_assign_type ~network_net_dev_group ~network_protocol_type
    ~network_receive_bytes_total ~network_receive_compressed_total ~network_receive_drop_total ~network_receive_errs_total
    ~network_receive_fifo_total ~network_receive_frame_total ~network_receive_multicast_total ~network_receive_nohandler_total
    ~network_receive_packets_total ~network_speed_bytes ~network_transmit_bytes_total ~network_transmit_carrier_total
    ~network_transmit_colls_total ~network_transmit_compressed_total ~network_transmit_drop_total ~network_transmit_errs_total
    ~network_transmit_fifo_total ~network_transmit_packets_total ~network_transmit_queue_length ~network_up
  `,
  perCpuAndMode: `
    ~cpu_guest_seconds_total ~cpu_seconds_total
  `,
  perDisk: `
    ~disk_discard_time_seconds_total ~disk_discarded_sectors_total ~disk_discards_completed_total ~disk_discards_merged_total
    ~disk_flush_requests_time_seconds_total ~disk_flush_requests_total ~disk_io_now ~disk_io_time_seconds_total
    ~disk_io_time_weighted_seconds_total ~disk_read_bytes_total ~disk_read_time_seconds_total ~disk_reads_completed_total
    ~disk_reads_merged_total ~disk_write_time_seconds_total ~disk_writes_completed_total ~disk_writes_merged_total
    ~disk_written_bytes_total
  `,
  perMount: `
    ~filesystem_avail_bytes ~filesystem_device_error ~filesystem_files ~filesystem_files_free ~filesystem_free_bytes
    ~filesystem_readonly ~filesystem_size_bytes
  `,
  perCollector: `
    ~scrape_collector_duration_seconds ~scrape_collector_success
  `,
  perCpu: `
    ~softnet_dropped_total ~softnet_processed_total ~softnet_times_squeezed_total
  `,
  collectors: `
    arp bcache bonding btrfs conntrack cpu cpufreq diskstats dmi edac entropy fibrechannel filefd filesystem hwmon infiniband ipvs
    loadavg mdadm meminfo netclass netdev netstat nfs nfsd nvme os powersupplyclass pressure rapl schedstat selinux sockstat softnet
    stat systemd tapestats textfile thermal_zone time timex udp_queues uname vmstat xfs zfs
  `,
};

/**
 * `~` stands for `node_`.
 *
 * @param {string} list
 * @returns {readonly string[]}
 */
export function metricNames(list) {
  return list
    .trim()
    .split(/\s+/)
    .map((name) => name.replace(/^~/, 'node_'));
}
