import { encodeUtf8 } from './text-codec.js';

/**
 * FNV-1a, 32 bits (draft-eastlake-fnv), its bits spread over all others as MurmurHash3 ends. The same text gives the same number in every process,
 * because places in a table depend on it.
 */
export function contentHash(text: string, seed = 0): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (const byte of encodeUtf8(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
