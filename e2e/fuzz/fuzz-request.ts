/** A request as the fuzzer sends it: what it is can be told from the seed and its number alone. */
export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}
