/** The records of both tables, invented here by arithmetic that leaves no two values alike. */

export const nowMs = Date.parse('2024-01-01T01:00:00Z');

/** The load of a host at a time, between 0 and 100; host 3 is busy. */
const load = (host: number, index: number): number => {
  const base = 50 + 30 * Math.sin((index * host) / 17) + 7 * Math.cos(index / (3 + host));
  return host === 3 ? Math.min(100, base + 35) : base;
};

export interface HostPoint {
  readonly region: string;
  readonly az: string;
  readonly hostname: string;
  readonly timestampMs: number;
  readonly cpu: number;
}

/** Every 20 seconds for 83 minutes, with holes of a minute and more: interpolation has something to fill. */
export const hostPoints: readonly HostPoint[] = [1, 2, 3, 4, 5].flatMap((host) =>
  Array.from({ length: 250 }, (_, index) => index)
    .filter((index) => index % (11 + host) > 2)
    .map((index) => ({
      region: host < 4 ? 'us-east-1' : 'eu-west-1',
      az: host % 2 === 0 ? 'a' : 'b',
      hostname: `host-${host}`,
      timestampMs: nowMs - (250 - index) * 20_000,
      cpu: load(host, index),
    })),
);

export interface ServicePoint {
  readonly region: string;
  readonly cell: string;
  readonly silo: string;
  readonly availability_zone: string;
  readonly microservice_name: string;
  readonly instance_name: string;
  readonly jdk_version: string;
  readonly timestampMs: number;
  readonly measureName: string;
  readonly type: 'DOUBLE' | 'BIGINT' | 'VARCHAR';
  readonly value: string;
}

const doubles = ['cpu_user', 'cpu_system', 'cpu_idle', 'memory_used', 'gc_pause'];

/** Two services of two hosts in each of two silos, every half minute for an hour and a half. */
export const servicePoints: readonly ServicePoint[] = [1, 2].flatMap((silo) =>
  ['apollo', 'zeus'].flatMap((service, kind) =>
    [0, 1].flatMap((instance) =>
      Array.from({ length: 180 }, (_, index) => index).flatMap((index) => {
        const point = {
          region: 'us-east-1',
          cell: 'cell-1',
          silo: `silo-${silo}`,
          availability_zone: `az-${silo}`,
          microservice_name: service,
          instance_name: `${service}-${instance}`,
          jdk_version: instance === 0 ? 'JDK_17' : 'JDK_21',
          timestampMs: nowMs - (180 - index) * 30_000,
        };
        const own = silo * 4 + kind * 2 + instance + 1;
        const states = ['SUCCESS', 'SUCCESS', 'TIMEOUT', 'CRASH'];
        return [
          ...doubles.map((measureName, measure) => ({
            ...point,
            measureName,
            type: 'DOUBLE' as const,
            value: String(50 + 45 * Math.sin((index + 7 * measure) / own)),
          })),
          { ...point, measureName: 'disk_io_reads', type: 'BIGINT' as const, value: String((index * own * 37) % 1009) },
          { ...point, measureName: 'task_end_state', type: 'VARCHAR' as const, value: states[(index * own) % 4] ?? '' },
        ];
      }),
    ),
  ),
);

const dimensionsOf = (point: Readonly<Record<string, unknown>>, names: readonly string[]): readonly object[] =>
  names.map((name) => ({ Name: name, Value: String(point[name]) }));

/** WriteRecords requests, one a line, as `load` takes them. */
export function seedLines(): string {
  const hosts = hostPoints.flatMap(({ timestampMs, cpu, ...point }) => {
    const record = { Dimensions: dimensionsOf(point, ['region', 'az', 'hostname']), Time: String(timestampMs) };
    return [
      ['devops', { ...record, MeasureName: 'cpu_utilization', MeasureValueType: 'DOUBLE', MeasureValue: String(cpu) }],
      ['devops', { ...record, MeasureName: 'memory_utilization', MeasureValueType: 'DOUBLE', MeasureValue: String(100 - cpu) }],
      [
        'devops_multi',
        {
          ...record,
          MeasureName: 'metrics',
          MeasureValueType: 'MULTI',
          MeasureValues: [
            { Name: 'cpu_utilization', Value: String(cpu), Type: 'DOUBLE' },
            { Name: 'memory_utilization', Value: String(100 - cpu), Type: 'DOUBLE' },
          ],
        },
      ],
    ] as const;
  });
  const names = ['region', 'cell', 'silo', 'availability_zone', 'microservice_name', 'instance_name', 'jdk_version'];
  const services = servicePoints.map(({ timestampMs, measureName, type, value, ...point }) => ({
    Dimensions: dimensionsOf(point, names),
    Time: String(timestampMs),
    MeasureName: measureName,
    MeasureValueType: type,
    MeasureValue: value,
  }));
  const lines: string[] = [];
  const add = (DatabaseName: string, TableName: string, records: readonly object[]): void => {
    for (let at = 0; at < records.length; at += 100)
      lines.push(JSON.stringify({ DatabaseName, TableName, Records: records.slice(at, at + 100) }));
  };
  for (const table of ['devops', 'devops_multi'])
    add(
      'sampledb',
      table,
      hosts.filter(([name]) => name === table).map(([, record]) => record),
    );
  add('grafanaDB', 'grafanaTable', services);
  return lines.join('\n');
}
