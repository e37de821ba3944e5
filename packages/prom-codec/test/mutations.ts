import fc from 'fast-check';

/** A way to tamper with a message. */
export type Mutation =
  | { readonly kind: 'change'; readonly at: number; readonly bits: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'splice'; readonly at: number; readonly removed: number; readonly inserted: Uint8Array }
  | { readonly kind: 'repeat'; readonly at: number; readonly length: number };

const position = fc.nat(100_000);
export const anyMutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('change' as const), at: position, bits: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ kind: fc.constant('cut' as const), at: position }),
  fc.record({ kind: fc.constant('splice' as const), at: position, removed: fc.nat(8), inserted: fc.uint8Array({ maxLength: 8 }) }),
  fc.record({ kind: fc.constant('repeat' as const), at: position, length: fc.nat(20) }),
);

export function mutate(bytes: Uint8Array, mutation: Mutation): Uint8Array {
  const at = mutation.at % (bytes.length + 1);
  const before = [...bytes.subarray(0, at)];
  switch (mutation.kind) {
    case 'change':
      return bytes.map((byte, index) => (index === at ? byte ^ mutation.bits : byte));
    case 'cut':
      return Uint8Array.from(before);
    case 'splice':
      return Uint8Array.from([...before, ...mutation.inserted, ...bytes.subarray(at + mutation.removed)]);
    case 'repeat':
      return Uint8Array.from([...before, ...bytes.subarray(at, at + mutation.length), ...bytes.subarray(at)]);
  }
}
