import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** Kinds of names that the users file knows (docs/users.md); an alternative name of another kind says nothing to us. */
const ALTERNATIVE_NAME = /^(DNS|URI|email):/;

/**
 * The names in the certificate of a client, such as `CN:prometheus` and `DNS:prometheus.example`; none unless one of our authorities has signed
 * it, which Node has checked while the connection was made.
 */
export function certificateNamesOf(socket: Socket): readonly string[] {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return [];
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return [];
  const { CN } = certificate.toLegacyObject().subject as { readonly CN?: string | readonly string[] };
  const commonNames = CN === undefined ? [] : typeof CN === 'string' ? [CN] : CN;
  // Node writes a name that holds a comma in quotes. No name that the users file can hold is such a one, and taking quotes apart is where mistakes
  // let a stranger in: then no alternative name counts.
  const text = certificate.subjectAltName ?? '';
  const alternativeNames = text.includes('"') ? [] : text.split(', ').filter((name) => ALTERNATIVE_NAME.test(name));
  return [...commonNames.map((name) => `CN:${name}`), ...alternativeNames];
}
