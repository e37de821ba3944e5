/** RFC 7235: the scheme in any case; RFC 7617: base64 of `id:secret`. Some clients leave the padding out or use the URL alphabet. */
const BASIC = /^basic[ \t]+([A-Za-z0-9+/_-]*={0,2})[ \t]*$/i;

export interface BasicPair {
  readonly name: string;
  readonly password: string;
}

/** What a header of Basic authentication says, or what is wrong with it. No part of the header stands in that text. */
export function decodeBasic(header: string): BasicPair | string {
  const encoded = BASIC.exec(header)?.[1];
  if (encoded === undefined) return 'the Authorization header is not Basic authentication';
  const bytes = Buffer.from(encoded, 'base64');
  // RFC 7617: no colon in the user id, so the first one ends it and any other belongs to the password.
  const colon = bytes.indexOf(':');
  // Each is decoded by itself: a part of one text would keep all of it in memory, and a name is remembered for longer than a password.
  const name = decodeUtf8(bytes.subarray(0, Math.max(0, colon)));
  const password = decodeUtf8(bytes.subarray(colon + 1));
  if (name === undefined || password === undefined) return 'username and password are not UTF-8';
  if (colon < 0) return 'username and password are not separated by a colon';
  return { name, password };
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
