import type { DuckDBConnection } from '@duckdb/node-api';

import type { TableRead } from '../sql/engine.js';

/** What UNLOAD wrote. */
export interface UnloadInsights {
  readonly UnloadPartitionCount: number;
  readonly UnloadWrittenRows: number;
  readonly UnloadWrittenBytes: number;
}

/** `QueryInsightsResponse` as the API model has it, without what is known at the end only: the rows and bytes of the answer. */
export interface QueryInsights extends Partial<UnloadInsights> {
  readonly QuerySpatialCoverage?: {
    readonly Max: { readonly Value: number; readonly TableArn: string; readonly PartitionKey: readonly string[] };
  };
  readonly QueryTemporalRange?: { readonly Max: { readonly Value: bigint; readonly TableArn: string } };
  readonly QueryTableCount: number;
}

/** The whole of it, for an answer whose rows are all counted. */
export interface FinishedInsights extends QueryInsights {
  readonly OutputRows: number;
  readonly OutputBytes: number;
}

interface MeasuredRead {
  readonly arn: string;
  readonly partitionKey: string;
  readonly coverage: number;
  readonly rangeNs: bigint;
}

/**
 * Finds out how much of its tables a statement reads. Each of the two figures is that of the table where it is largest.
 *
 * The range of time is the one that the conditions give; where they leave an end open, the oldest or the newest record stands there. The
 * coverage is the share of the partition keys, by their number, that the conditions allow.
 */
export async function measureReads(
  reads: readonly TableRead[],
  connection: DuckDBConnection,
  arnOf: (databaseName: string, tableName: string) => string,
): Promise<QueryInsights> {
  const measured: MeasuredRead[] = [];
  for (const read of reads) {
    const reader = await connection.runAndReadAll(read.probe.duckdbSql, [...read.probe.parameters]);
    const [low, high, oldest, newest, keys, allowedKeys] = reader.getRows()[0] as [
      ...(readonly (bigint | null)[] & { readonly length: 4 }),
      bigint,
      bigint,
    ];
    const [from, to] = [low ?? oldest ?? 0n, high ?? newest ?? 0n];
    measured.push({
      arn: arnOf(read.database, read.table),
      partitionKey: read.partitionKey,
      coverage: keys === 0n ? 0 : Number(allowedKeys) / Number(keys),
      rangeNs: to > from ? to - from : 0n,
    });
  }
  const [first] = measured;
  if (first === undefined) return { QueryTableCount: 0 };
  const widest = measured.reduce((best, each) => (each.coverage > best.coverage ? each : best), first);
  const longest = measured.reduce((best, each) => (each.rangeNs > best.rangeNs ? each : best), first);
  return {
    QuerySpatialCoverage: { Max: { Value: widest.coverage, TableArn: widest.arn, PartitionKey: [widest.partitionKey] } },
    QueryTemporalRange: { Max: { Value: longest.rangeNs, TableArn: longest.arn } },
    QueryTableCount: new Set(measured.map(({ arn }) => arn)).size,
  };
}
