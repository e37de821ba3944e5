import { randomBytes } from 'node:crypto';

const base32Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Random text in the alphabet that AWS writes its ids in; a request id has 26 of them. */
export function randomBase32(length: number): string {
  let text = '';
  for (const byte of randomBytes(length)) text += base32Alphabet.charAt(byte & 31);
  return text;
}
