/** Selectors of which something is remembered: a few dashboards and all rules of a Prometheus. */
const MAX_REMEMBERED_SELECTORS = 2000;

/** What answers have shown of selectors. Those that were not asked for longest are forgotten. */
export class SelectorMemory<Value> {
  readonly #values = new Map<string, Value>();

  /** Undefined: nothing is known. */
  get(selector: string): Value | undefined {
    const value = this.#values.get(selector);
    if (value !== undefined) this.set(selector, value);
    return value;
  }

  set(selector: string, value: Value): void {
    this.#values.delete(selector);
    this.#values.set(selector, value);
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= MAX_REMEMBERED_SELECTORS) return;
      this.#values.delete(oldest);
    }
  }

  delete(selector: string): void {
    this.#values.delete(selector);
  }
}
