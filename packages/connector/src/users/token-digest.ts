import { createHash, randomBytes } from 'node:crypto';

const PREFIX = '$sha256$';
const TOKEN_BYTES = 32;
/** 128 bits in hexadecimal digits. What is shorter can be guessed, and SHA-256 makes guessing cheap. */
export const MIN_TOKEN_CHARACTERS = 32;
/** RFC 6750, section 2.1: what a bearer token is made of. */
export const TOKEN_PATTERN = /^[A-Za-z0-9._~+/-]+=*$/;

/** A token that nobody can guess: 256 bits. The prefix is there for those who look for secrets where none should be. */
export function createToken(): string {
  return `tsprom_${randomBytes(TOKEN_BYTES).toString('base64url')}`;
}

export function digestOfToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** The text for the users file: `$sha256$` and 64 hexadecimal digits. A token is random and long, so it needs no slow hash. */
export function hashToken(token: string): string {
  return `${PREFIX}${digestOfToken(token).toString('hex')}`;
}

/** Undefined if the text is no hash that {@link hashToken} makes. */
export function parseTokenHash(text: string): Uint8Array | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const hex = text.slice(PREFIX.length);
  return /^[0-9a-f]{64}$/.test(hex) ? Buffer.from(hex, 'hex') : undefined;
}
