/**
 * A remote write request as Prometheus sends it, in bytes because an edge knows no codec: `up{job="api"} 1 @ 2026-11-22T16:00:00Z` as a
 * `prometheus.WriteRequest` of 48 bytes in a snappy block with one literal.
 */
export const writeRequestBody = Buffer.from(
  '30bc0a2e0a0e0a085f5f6e616d655f5f120275700a0a0a036a6f621203617069121009000000000000f03f1080b8f19fa034',
  'hex',
);
