/**
 * A sum with what its additions rounded away kept apart (A. Neumaier's form of W. Kahan's summation), in the order of operations of
 * Prometheus (`util/kahansum`). The two numbers are read from the object because a pair returned per addition would cost more than it.
 */
export class CompensatedSum {
  sum: number;
  rest: number;

  constructor(sum = 0, rest = 0) {
    this.sum = sum;
    this.rest = rest;
  }

  add(value: number): void {
    const total = this.sum + value;
    // An infinite total leaves nothing to compensate.
    if (total === Infinity || total === -Infinity) this.rest = 0;
    else if (Math.abs(this.sum) >= Math.abs(value)) this.rest += this.sum - total + value;
    else this.rest += value - total + this.sum;
    this.sum = total;
  }

  /** Sum and rest together. */
  get total(): number {
    return this.sum + this.rest;
  }
}
