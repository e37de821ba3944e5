import type { SeededRandom } from '../differential/seeded-random.js';
import type { ChooseFault, ProxyFault } from './fault-proxy.js';

/** A stretch of a run in which Timestream misbehaves in one way. */
export interface FaultPhase {
  readonly name: string;
  /** How many requests of the connector it lasts. */
  readonly requests: number;
  /** The share of requests that meet a fault, from 0 to 1. */
  readonly share: number;
  readonly faults: readonly ProxyFault[];
}

/**
 * Everything that a bad day has, one after the other and then together, with `calmRequests` without a fault before it begins again. The hang is
 * longer than the time that the run gives a write.
 */
export function badDay({ hangMs, calmRequests }: { readonly hangMs: number; readonly calmRequests: number }): readonly FaultPhase[] {
  const phases: FaultPhase[] = [
    { name: 'calm', requests: calmRequests, share: 0, faults: [] },
    { name: 'a burst of throttling', requests: 30, share: 1, faults: [{ kind: 'throttle' }] },
    { name: 'throttling of three calls in ten', requests: 80, share: 0.3, faults: [{ kind: 'throttle' }] },
    { name: 'internal errors', requests: 40, share: 0.4, faults: [500, 503].map((status) => ({ kind: 'fail', status })) },
    {
      name: 'pages of something in between',
      requests: 40,
      share: 0.4,
      faults: [400, 403, 404, 407, 413, 502].map((status) => ({ kind: 'html-page', status })),
    },
    { name: 'redirects', requests: 15, share: 0.4, faults: [{ kind: 'redirect' }] },
    { name: 'resets', requests: 60, share: 0.4, faults: [{ kind: 'reset-before' }, { kind: 'reset-after' }, { kind: 'half-answer' }] },
    { name: 'silence', requests: 12, share: 0.2, faults: [{ kind: 'hang', durationMs: hangMs }] },
    // Stored, and the answer comes when the request has been answered already.
    { name: 'answers that come too late', requests: 12, share: 0.2, faults: [{ kind: 'late', delayMs: hangMs }] },
    {
      name: 'successes that are none',
      requests: 60,
      share: 0.4,
      faults: [
        ...['', '{}', '[]', 'null', '{"RecordsIngested":{"Total":"100"}}'].map((text): ProxyFault => ({ kind: 'false-success', text })),
        ...[-1, 1, -1000].map((by): ProxyFault => ({ kind: 'false-account', by })),
      ],
    },
    {
      name: 'rejections of what was not sent',
      requests: 30,
      share: 0.4,
      faults: [[], [100_000], [-1], [0.5]].map((indexes): ProxyFault => ({ kind: 'false-rejection', indexes })),
    },
    {
      name: 'answers whose compression is broken',
      requests: 40,
      share: 0.4,
      faults: [false, true].map((isCutOff): ProxyFault => ({ kind: 'broken-gzip', isCutOff })),
    },
    {
      name: 'clocks that are wrong, one way and the other',
      requests: 40,
      share: 0.3,
      faults: [600_000, -600_000, 86_400_000].map((aheadMs): ProxyFault => ({ kind: 'clock-skew', aheadMs })),
    },
  ];
  const everything = phases.flatMap(({ faults }) => faults).filter(({ kind }) => kind !== 'hang' && kind !== 'late');
  return [...phases, { name: 'everything at once', requests: 120, share: 0.4, faults: everything }];
}

/** What the queries of a run meet. A lost answer is asked for again; a wrong one must never be taken for the right one. */
export const badReads: readonly FaultPhase[] = [
  {
    name: 'queries',
    requests: Infinity,
    share: 0.15,
    faults: [
      { kind: 'throttle' },
      { kind: 'fail', status: 500 },
      { kind: 'html-page', status: 403 },
      { kind: 'redirect' },
      { kind: 'reset-before' },
      { kind: 'reset-after' },
      { kind: 'half-answer' },
      { kind: 'broken-gzip', isCutOff: false },
      { kind: 'broken-gzip', isCutOff: true },
      { kind: 'false-success', text: '{}' },
      { kind: 'expired-page-token' },
    ],
  },
];

export interface FaultSchedule {
  readonly choose: ChooseFault;
  /** Ends all misbehaviour. */
  stop(): void;
}

/** Walks through the phases, again and again, until it is stopped. Writes and queries each have phases of their own. */
export function createFaultSchedule(
  phases: { readonly writes: readonly FaultPhase[]; readonly queries: readonly FaultPhase[] },
  random: SeededRandom,
): FaultSchedule {
  let isStopped = false;
  const chooseWriteFault = walkThrough(phases.writes, random);
  const chooseQueryFault = walkThrough(phases.queries, random);
  return {
    choose({ operation }) {
      if (isStopped) return { kind: 'pass' };
      if (operation === 'WriteRecords') return chooseWriteFault();
      return operation === 'Query' ? chooseQueryFault() : { kind: 'pass' };
    },
    stop() {
      isStopped = true;
    },
  };
}

function walkThrough(phases: readonly FaultPhase[], random: SeededRandom): () => ProxyFault {
  let index = 0;
  let requestsLeft = phases[0]?.requests ?? 0;
  return () => {
    const phase = phases[index];
    if (phase === undefined) return { kind: 'pass' };
    requestsLeft -= 1;
    if (requestsLeft <= 0) {
      index = (index + 1) % phases.length;
      requestsLeft = phases[index]?.requests ?? 0;
    }
    return phase.faults.length > 0 && random.next() < phase.share ? random.pick(phase.faults) : { kind: 'pass' };
  };
}
