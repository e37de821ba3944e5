import type { Credentials } from '../ports.js';
import type { PasswordHash } from './password-hash.js';

/** What a user may do. `read` is remote read and all of the query API; `metrics` is the metrics page and the state that the status page shows. */
export type Right = 'write' | 'read' | 'metrics';

export const RIGHTS: readonly Right[] = ['write', 'read', 'metrics'];

/** One line of the users file. */
export interface User {
  readonly name: string;
  readonly rights: ReadonlySet<Right>;
  /** Who asks Timestream on behalf of the user; undefined for one that may neither write nor read. */
  readonly credentials: Credentials | undefined;
  readonly password: PasswordHash | undefined;
  /** SHA-256 of each token. More than one while a token is replaced. */
  readonly tokenDigests: readonly Uint8Array[];
  /** Names in client certificates, such as `DNS:prometheus.example`. */
  readonly certificateNames: readonly string[];
  /** Where samples go and come from, with `{tenant}` for the name of the tenant; empty: the default. */
  readonly database: string;
  readonly table: string;
  /** For whom the user may ask; empty: for nobody but itself. */
  readonly tenants: readonly string[] | 'any';
}
