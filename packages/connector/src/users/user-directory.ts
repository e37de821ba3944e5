import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { User } from './user.js';

/** The users of one reading of the users file, found by what a request brings. It never changes: another reading makes another one. */
export class UserDirectory {
  readonly users: readonly User[];
  readonly #byName: ReadonlyMap<string, User>;
  readonly #byCertificateName: ReadonlyMap<string, User>;
  /** By salted digests of the digests: how long a look-up takes says nothing about what is in the file. */
  readonly #byToken = new Map<string, { readonly user: User; readonly digest: Uint8Array }>();
  readonly #salt = randomBytes(32);

  constructor(users: readonly User[]) {
    this.users = users;
    this.#byName = new Map(users.map((user) => [user.name, user]));
    this.#byCertificateName = new Map(users.flatMap((user) => user.certificateNames.map((name) => [name, user] as const)));
    for (const user of users) for (const digest of user.tokenDigests) this.#byToken.set(this.#keyOf(digest), { user, digest });
  }

  byName(name: string): User | undefined {
    return this.#byName.get(name);
  }

  byTokenDigest(digest: Uint8Array): User | undefined {
    const found = this.#byToken.get(this.#keyOf(digest));
    return found !== undefined && timingSafeEqual(found.digest, digest) ? found.user : undefined;
  }

  byCertificateName(name: string): User | undefined {
    return this.#byCertificateName.get(name);
  }

  #keyOf(digest: Uint8Array): string {
    return createHmac('sha256', this.#salt).update(digest).digest('base64');
  }
}
