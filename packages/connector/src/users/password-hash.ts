import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/**
 * scrypt (RFC 7914) with N = 2^14, r = 8, p = 5: one of the settings of equal strength that OWASP gives ("Password Storage Cheat Sheet", scrypt), the one
 * that takes 16 MiB of memory for a check. There is one setting and no other, so that every check costs the same, whoever asks.
 */
const LOG2_N = 14;
const BLOCK_SIZE = 8;
const PARALLELIZATION = 5;
const PREFIX = `$scrypt$ln=${LOG2_N},r=${BLOCK_SIZE},p=${PARALLELIZATION}$`;
/** What scrypt takes: 128 * N * r bytes for its table and 128 * r * p beside it (RFC 7914, section 2), and room to spare. */
const MAX_MEMORY_BYTES = 32 * 1024 * 1024;

const SALT_BYTES = 16;
const KEY_BYTES = 32;

export interface PasswordHash {
  readonly salt: Uint8Array;
  readonly key: Uint8Array;
}

/** What no password is checked against: an unknown user costs as much as a known one. */
export const NO_PASSWORD: PasswordHash = { salt: randomBytes(SALT_BYTES), key: randomBytes(KEY_BYTES) };

/** The text for the users file, in the PHC string format: `$scrypt$ln=14,r=8,p=5$salt$key`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  return `${PREFIX}${encode(salt)}$${encode(await derive(password, salt))}`;
}

/** Undefined if the text is no hash that {@link hashPassword} makes. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const [salt, key, ...others] = text.slice(PREFIX.length).split('$').map(decode);
  if (salt?.length !== SALT_BYTES || key?.length !== KEY_BYTES || others.length > 0) return undefined;
  return { salt, key };
}

/** On a thread of its own; about a quarter of a second of a processor. */
export async function isPassword(password: string, { salt, key }: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, salt), key);
}

function derive(password: string, salt: Uint8Array): Promise<Buffer> {
  const settings = { N: 2 ** LOG2_N, r: BLOCK_SIZE, p: PARALLELIZATION, maxmem: MAX_MEMORY_BYTES };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, KEY_BYTES, settings, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

/** Base64 without padding, as the PHC string format has it. */
function encode(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}

function decode(text: string): Buffer {
  return /^[A-Za-z0-9+/]+$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
}
