import { randomFillSync } from 'node:crypto';

const base32Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Random bytes in stock: asking for them costs as much as a small answer does. */
const stock = new Uint8Array(4096);
let used = stock.length;

/** Random text in the alphabet that AWS writes its ids in; a request id has 26 of them. @param length  up to 4096. */
export function randomBase32(length: number): string {
  if (used + length > stock.length) {
    randomFillSync(stock);
    used = 0;
  }
  let text = '';
  for (const end = used + length; used < end; used += 1) text += base32Alphabet.charAt((stock[used] ?? 0) & 31);
  return text;
}
