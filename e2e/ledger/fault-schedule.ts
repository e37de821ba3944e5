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

const accountingFalsely = '{"RecordsIngested":{"MemoryStore":1,"MagneticStore":0,"Total":1}}';

/** Everything that a bad day has, one after the other and then together. The hang is longer than the call timeout that the run configures. */
export function badDay(hangMs: number): readonly FaultPhase[] {
  const phases: FaultPhase[] = [
    { name: 'calm', requests: 20, share: 0, faults: [] },
    { name: 'a burst of throttling', requests: 40, share: 1, faults: [{ kind: 'throttle' }] },
    { name: 'throttling of three calls in ten', requests: 80, share: 0.3, faults: [{ kind: 'throttle' }] },
    { name: 'internal errors', requests: 60, share: 0.4, faults: [{ kind: 'fail', status: 500 }, { kind: 'fail', status: 503 }] }, // prettier-ignore
    {
      name: 'pages of something in between',
      requests: 60,
      share: 0.4,
      faults: [400, 403, 404, 407, 413, 502].map((status) => ({ kind: 'html-page', status })),
    },
    { name: 'redirects', requests: 20, share: 0.4, faults: [{ kind: 'redirect' }] },
    { name: 'resets', requests: 80, share: 0.4, faults: [{ kind: 'reset-before' }, { kind: 'reset-after' }, { kind: 'half-answer' }] },
    { name: 'silence', requests: 20, share: 0.2, faults: [{ kind: 'hang', durationMs: hangMs }] },
    {
      name: 'successes that are none',
      requests: 60,
      share: 0.4,
      faults: ['', '{}', '[]', accountingFalsely].map((text) => ({ kind: 'false-success', text })),
    },
    { name: 'a clock that is wrong', requests: 30, share: 0.3, faults: [{ kind: 'clock-skew', aheadMs: 600_000 }] },
    { name: 'page tokens that expire', requests: 20, share: 0.3, faults: [{ kind: 'expired-page-token' }] },
  ];
  const everything = phases.flatMap(({ faults }) => faults).filter(({ kind }) => kind !== 'hang');
  return [...phases, { name: 'everything at once', requests: 200, share: 0.5, faults: everything }];
}

export interface FaultSchedule {
  readonly choose: ChooseFault;
  /** Ends all misbehaviour. */
  stop(): void;
  /** The phase that the next request falls into. */
  currentPhase(): string;
}

/** Walks through the phases, again and again, until it is stopped. */
export function createFaultSchedule(phases: readonly FaultPhase[], random: SeededRandom): FaultSchedule {
  let index = 0;
  let requestsLeft = phases[0]?.requests ?? 0;
  let isStopped = false;
  return {
    choose(operation) {
      const phase = phases[index];
      if (isStopped || phase === undefined) return { kind: 'pass' };
      requestsLeft -= 1;
      if (requestsLeft <= 0) {
        index = (index + 1) % phases.length;
        requestsLeft = phases[index]?.requests ?? 0;
      }
      if (phase.faults.length === 0 || random.next() >= phase.share) return { kind: 'pass' };
      const fault = random.pick(phase.faults);
      return fault.kind === 'expired-page-token' && operation !== 'Query' ? { kind: 'pass' } : fault;
    },
    stop() {
      isStopped = true;
    },
    currentPhase: () => (isStopped ? 'over' : (phases[index]?.name ?? 'none')),
  };
}
