import { beforeAll, describe, expect, it } from 'vitest';
import { createToken, hashPassword, hashToken, parseUsers, type UserDirectory } from '../../src/index.js';
import { Authenticator } from '../../src/users/authenticator.js';
import { isPassword, NO_PASSWORD, parsePasswordHash } from '../../src/users/password-hash.js';

const basic = (name: string, password: string) => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
const token = createToken();
let directory: UserDirectory;
beforeAll(async () => {
  const password = await hashPassword('correct: horse');
  directory = parseUsers(
    [
      `ada may=write as=server password=${password} token=${hashToken(token)} certificate=DNS:ada.example certificate=CN:ada`,
      'bob may=read as=server certificate=DNS:bob.example',
    ].join('\n'),
  );
});

/** An authenticator whose checks take no time, and are counted: a password is right when it is `correct: horse` and the hash is that of somebody. */
function authenticatorOf(users = () => directory) {
  let nowMs = 1_000;
  let checks = 0;
  const authenticator = new Authenticator({
    users,
    clock: { nowMs: () => nowMs },
    isPassword: async (password, hash) => {
      checks += 1;
      await new Promise((resolve) => setImmediate(resolve));
      return password === 'correct: horse' && hash !== NO_PASSWORD;
    },
  });
  return {
    checks: () => checks,
    advance: (ms: number) => (nowMs += ms),
    nameOf: async (authorization: string | undefined, certificateNames: readonly string[] = []): Promise<string> => {
      const headers = authorization === undefined ? {} : { authorization };
      return (await authenticator.authenticate({ headers, certificateNames })).name;
    },
  };
}

/** What lets nobody in: the header, the names in the certificate, and the error. */
const REFUSED: readonly (readonly [string, () => string | undefined, readonly string[], string])[] = [
  ['a wrong password', () => basic('ada', 'wrong'), [], 'unknown-user'],
  ['the password of another', () => basic('bob', 'correct: horse'), [], 'unknown-user'],
  ['a name that is in no line', () => basic('eve', 'correct: horse'), [], 'unknown-user'],
  ['the token of another', () => basic('bob', token), [], 'unknown-user'],
  ['a token that is nobody’s', () => `Bearer ${createToken()}`, [], 'unknown-user'],
  ['the hash of a token', () => `Bearer ${hashToken(token).replaceAll('$', '')}`, [], 'unknown-user'],
  ['a wrong password with a good certificate', () => basic('ada', 'wrong'), ['CN:ada'], 'unknown-user'],
  ['an empty header with a good certificate', () => '', ['CN:ada'], 'malformed-credentials'],
  ['a certificate of nobody', () => undefined, ['CN:eve'], 'unknown-user'],
  ['a certificate of two users', () => undefined, ['CN:ada', 'DNS:bob.example'], 'unknown-user'],
  ['nothing', () => undefined, [], 'missing-credentials'],
  ['two tokens in two headers', () => `Bearer ${token}, Bearer ${token}`, [], 'malformed-credentials'],
  ['a signature', () => 'AWS4-HMAC-SHA256 Credential=A/b, Signature=c', [], 'malformed-credentials'],
  ['a password of megabytes', () => basic('ada', 'x'.repeat(1e6)), [], 'malformed-credentials'],
  ['a name that every object has', () => basic('constructor', 'x'), [], 'unknown-user'],
];

describe('an authenticator', () => {
  it('knows a user by password, by token as Bearer or as password, and by each name of a certificate', async () => {
    const { nameOf } = authenticatorOf();
    expect(await nameOf(basic('ada', 'correct: horse'))).toBe('ada');
    expect(await nameOf(`bearer  ${token} `)).toBe('ada');
    expect(await nameOf(basic('ada', token))).toBe('ada');
    expect(await nameOf(undefined, ['CN:somebody', 'DNS:ada.example'])).toBe('ada');
    expect(await nameOf(undefined, ['CN:ada', 'DNS:ada.example'])).toBe('ada');
  });

  it.each(REFUSED)('lets nobody in with %s', async (_what, authorization, certificateNames, code) => {
    await expect(authenticatorOf().nameOf(authorization(), certificateNames)).rejects.toMatchObject({ code });
  });

  it('checks equal passwords that come at the same time once, and refuses at once what is too much to check', async () => {
    const { nameOf, checks } = authenticatorOf();
    const names = await Promise.all(Array.from({ length: 1_000 }, () => nameOf(basic('ada', 'correct: horse'))));
    expect(new Set(names)).toEqual(new Set(['ada']));
    expect(checks()).toBe(1);
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, (_, index) => nameOf(basic('eve', `guess ${index % 50}`))));
    const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as { code: string }).code : 'let in'));
    // Two are checked and 16 wait; the other 32 guesses, and what is equal to them, have no place.
    expect(checks()).toBe(1 + 18);
    expect(codes.filter((code) => code === 'unknown-user')).toHaveLength(36);
    expect(codes.filter((code) => code === 'overloaded')).toHaveLength(64);
    expect(await nameOf(basic('ada', 'correct: horse'))).toBe('ada');
    await expect(nameOf(basic('eve', 'guess 0'))).rejects.toMatchObject({ code: 'unknown-user' });
    expect(checks()).toBe(19);
  });

  it('remembers a thousand outcomes, however many passwords are tried', async () => {
    const { nameOf, checks } = authenticatorOf();
    for (let count = 0; count <= 1_000; count += 1) await expect(nameOf(basic('ada', `guess ${count}`))).rejects.toThrow(/unknown|no user/);
    await expect(nameOf(basic('ada', 'guess 1000'))).rejects.toThrow();
    expect(checks()).toBe(1_001);
    await expect(nameOf(basic('ada', 'guess 0'))).rejects.toThrow();
    expect(checks()).toBe(1_002);
  });

  it('checks again when the file has another hash, and after its time', async () => {
    let users = directory;
    const { nameOf, checks, advance } = authenticatorOf(() => users);
    const authorization = basic('ada', 'correct: horse');
    for (let time = 0; time < 3; time += 1) expect(await nameOf(authorization)).toBe('ada');
    expect(checks()).toBe(1);
    users = parseUsers(`ada may=write as=server password=${await hashPassword('another')}`);
    await nameOf(authorization);
    expect(checks()).toBe(2);
    users = parseUsers('bob may=metrics certificate=CN:bob');
    await expect(nameOf(authorization)).rejects.toMatchObject({ code: 'unknown-user' });
    expect(checks()).toBe(3);
    users = directory;
    await nameOf(authorization);
    expect(checks()).toBe(3);
    advance(300_001);
    await nameOf(authorization);
    expect(checks()).toBe(4);
  });

  it('takes two tokens of a user while one is replaced by the other', async () => {
    const [first, second] = [createToken(), createToken()];
    const { nameOf } = authenticatorOf(() => parseUsers(`a may=write as=server token=${hashToken(first)} token=${hashToken(second)}`));
    expect([await nameOf(`Bearer ${first}`), await nameOf(`Bearer ${second}`)]).toEqual(['a', 'a']);
  });

  it('spends as much on a name that is unknown, or has no password, as on one that is known', async () => {
    for (const name of ['ada', 'eve', 'bob', '']) {
      const { nameOf, checks } = authenticatorOf();
      await expect(nameOf(basic(name, 'wrong'))).rejects.toMatchObject({ code: 'unknown-user' });
      expect({ name, checks: checks() }).toEqual({ name, checks: 1 });
    }
  });
});

describe('a hash of a password', () => {
  it('is another each time, and right for its password alone', async () => {
    const [first, second] = [await hashPassword('pässword'), await hashPassword('pässword')];
    expect(first).not.toBe(second);
    const hash = parsePasswordHash(first);
    if (hash === undefined) throw new Error('it cannot be read');
    expect(await isPassword('pässword', hash)).toBe(true);
    expect(await isPassword('password', hash)).toBe(false);
    // To its last bit.
    const almost = Uint8Array.from(hash.key, (byte, index) => (index === hash.key.length - 1 ? byte ^ 1 : byte));
    expect(await isPassword('pässword', { ...hash, key: almost })).toBe(false);
    expect(parsePasswordHash(`${first}$${first.split('$').at(-1)}`)).toBeUndefined();
  });
});
