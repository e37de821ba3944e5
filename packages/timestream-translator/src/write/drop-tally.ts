import type { Label } from '@timestream-prometheus/prom-codec';
import type { DroppedSamples, DropReason } from './drop-reason.js';
import { seriesText } from '../text/series-text.js';

/** Counts what is dropped and keeps the first of each reason. */
export interface DropTally {
  /** @param problem what is wrong, with limit and actual size; a function where making the text costs something */
  add(reason: DropReason, count: number, labels: readonly Label[], problem: string | (() => string)): void;
  list(): readonly DroppedSamples[];
}

export function createDropTally(): DropTally {
  const byReason = new Map<DropReason, { count: number; readonly example: string }>();
  return {
    add(reason, count, labels, problem) {
      const known = byReason.get(reason);
      if (known !== undefined) known.count += count;
      else byReason.set(reason, { count, example: `${seriesText(labels)}: ${typeof problem === 'string' ? problem : problem()}` });
    },
    list: () => Array.from(byReason, ([reason, { count, example }]) => ({ reason, count, example })),
  };
}
