import { createHmac, randomBytes } from 'node:crypto';
import { ConnectorError } from '../errors/connector-error.js';
import { decodeBasic } from '../http/decode-basic.js';
import type { Clock } from '../ports.js';
import { isPassword, NO_PASSWORD, type PasswordHash } from './password-hash.js';
import { digestOfToken } from './token-digest.js';
import type { User } from './user.js';
import type { UserDirectory } from './user-directory.js';

/** RFC 6750, section 2.1; of a length that no token of ours reaches. */
const BEARER = /^bearer[ \t]+([A-Za-z0-9._~+/-]{1,1024}=*)[ \t]*$/i;
const MAX_PASSWORD_LENGTH = 1024;

/** A check of a password takes a thread of the four that Node has, 16 MiB and a quarter of a second. */
const MAX_CHECKS_AT_A_TIME = 2;
const MAX_WAITING_CHECKS = 16;

/** So long the outcome of a check is remembered, the good one and the bad one; a file that changes makes both meaningless at once. */
const ACCEPTED_FOR_MS = 300_000;
const REFUSED_FOR_MS = 30_000;
const MAX_REMEMBERED = 1_000;

const HOW_TO = 'send the name and the password of a user by Basic authentication, a token as Bearer, or a client certificate';

/** What a request brings to say whose it is. */
export interface Identification {
  readonly headers: Readonly<Record<string, string>>;
  readonly certificateNames: readonly string[];
}

export interface AuthenticatorOptions {
  readonly users: () => UserDirectory;
  readonly clock: Clock;
  /** Default: the real check, which is slow on purpose. */
  readonly isPassword?: (password: string, hash: PasswordHash) => Promise<boolean>;
}

/**
 * Says which user a request is from. A password is checked once in a while; what came out is remembered under a digest that is salted for this
 * process, never under the password. Equal checks that come at the same time are one.
 */
export class Authenticator {
  readonly #users: () => UserDirectory;
  readonly #clock: Clock;
  readonly #isRightPassword: (password: string, hash: PasswordHash) => Promise<boolean>;
  readonly #salt = randomBytes(32);
  readonly #accepted = new Map<string, number>();
  readonly #refused = new Map<string, number>();
  readonly #checks = new Map<string, Promise<boolean>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor({ users, clock, isPassword: check = isPassword }: AuthenticatorOptions) {
    this.#users = users;
    this.#clock = clock;
    this.#isRightPassword = check;
  }

  /** @throws ConnectorError missing-credentials, malformed-credentials, unknown-user, overloaded */
  async authenticate({ headers, certificateNames }: Identification): Promise<User> {
    const authorization = headers['authorization'];
    // A header that is there decides alone: who sends a wrong password is not let in by a certificate.
    const user =
      authorization === undefined ? this.#userOfCertificate(certificateNames) : await this.#userOfAuthorization(authorization.trim());
    if (user !== undefined) return user;
    throw new ConnectorError(
      'unknown-user',
      `no user of the users file has this name with this password, this token or this certificate: ${HOW_TO}`,
    );
  }

  #userOfCertificate(certificateNames: readonly string[]): User | undefined {
    if (certificateNames.length === 0) throw new ConnectorError('missing-credentials', `the request does not say whose it is: ${HOW_TO}`);
    const users = new Set(certificateNames.flatMap((name) => this.#users().byCertificateName(name) ?? []));
    // A certificate that is of two users is of none: which one was meant is not ours to guess.
    return users.size === 1 ? [...users][0] : undefined;
  }

  async #userOfAuthorization(authorization: string): Promise<User | undefined> {
    const users = this.#users();
    const token = BEARER.exec(authorization)?.[1];
    if (token !== undefined) return users.byTokenDigest(digestOfToken(token));
    const pair = decodeBasic(authorization);
    if (typeof pair === 'string') throw new ConnectorError('malformed-credentials', `${pair}: ${HOW_TO}`);
    if (pair.password.length > MAX_PASSWORD_LENGTH)
      throw new ConnectorError('malformed-credentials', `the password is longer than ${MAX_PASSWORD_LENGTH} characters`);
    const user = users.byName(pair.name);
    // A client that knows nothing but Basic may send its token as the password.
    if (user !== undefined && users.byTokenDigest(digestOfToken(pair.password)) === user) return user;
    const isRight = await this.#isPassword(pair, user?.password ?? NO_PASSWORD);
    return isRight && user?.password !== undefined ? user : undefined;
  }

  async #isPassword({ name, password }: { readonly name: string; readonly password: string }, hash: PasswordHash): Promise<boolean> {
    const key = createHmac('sha256', this.#salt)
      .update(JSON.stringify([name, password]))
      .update(hash.salt)
      .update(hash.key)
      .digest('base64');
    const nowMs = this.#clock.nowMs();
    if ((this.#accepted.get(key) ?? 0) > nowMs) return true;
    if ((this.#refused.get(key) ?? 0) > nowMs) return false;
    const running = this.#checks.get(key);
    if (running !== undefined) return running;
    const check = this.#inTurn(() => this.#isRightPassword(password, hash)).finally(() => this.#checks.delete(key));
    this.#checks.set(key, check);
    const isRight = await check;
    if (isRight) remember(this.#accepted, key, this.#clock.nowMs() + ACCEPTED_FOR_MS);
    else remember(this.#refused, key, this.#clock.nowMs() + REFUSED_FOR_MS);
    return isRight;
  }

  async #inTurn(check: () => Promise<boolean>): Promise<boolean> {
    if (this.#running >= MAX_CHECKS_AT_A_TIME) {
      if (this.#waiting.length >= MAX_WAITING_CHECKS)
        throw new ConnectorError('overloaded', `${MAX_WAITING_CHECKS} passwords are waiting to be checked already`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running += 1;
    try {
      return await check();
    } finally {
      // The turn goes to the one who waits longest, without the count going down in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

/** In the order in which it was remembered; the oldest goes first when there is too much. */
function remember(known: Map<string, number>, key: string, untilMs: number): void {
  known.delete(key);
  known.set(key, untilMs);
  if (known.size <= MAX_REMEMBERED) return;
  const [oldest] = known.keys();
  if (oldest !== undefined) known.delete(oldest);
}
