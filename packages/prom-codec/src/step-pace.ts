import type { Histogram } from './model.js';

/** What a histogram costs beside its buckets, in samples. */
const SAMPLES_OF_A_HISTOGRAM = 10;

/** Says when a generator that encodes has done enough for one step, so that whoever drives it can let others work. */
export class StepPace {
  readonly #samplesPerStep: number;
  #samples = 0;

  constructor(samplesPerStep: number) {
    this.#samplesPerStep = samplesPerStep;
  }

  /** Samples that still belong to this step; at least one, so that every step goes on. */
  get left(): number {
    return Math.max(1, this.#samplesPerStep - this.#samples);
  }

  /** Counts what was done. True: the step ends here. */
  isDue(samples: number): boolean {
    this.#samples += samples;
    if (this.#samples < this.#samplesPerStep) return false;
    this.#samples = 0;
    return true;
  }
}

/** A histogram in samples: each of its buckets, spans and bounds takes as long as one, or a little more. */
export function samplesOfHistogram(histogram: Histogram): number {
  const { positiveSpans, negativeSpans, positiveDeltas, negativeDeltas, positiveCountBits, negativeCountBits, customValueBits } = histogram;
  return (
    SAMPLES_OF_A_HISTOGRAM +
    positiveSpans.length +
    negativeSpans.length +
    positiveDeltas.length +
    negativeDeltas.length +
    positiveCountBits.length +
    negativeCountBits.length +
    customValueBits.length
  );
}
