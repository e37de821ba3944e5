import { parseTimestreamName } from '../config/parsers.js';
import type { Credentials } from '../ports.js';
import { parsePasswordHash } from './password-hash.js';
import { parseTokenHash } from './token-digest.js';
import { RIGHTS, type Right, type User } from './user.js';
import { UserDirectory } from './user-directory.js';

/** Why a users file was refused. The message names the line and what is wrong with it, and no secret. */
export class UsersFileError extends Error {
  override readonly name = 'UsersFileError';
}

/** Stands in `database` and `table` for the name of the tenant. */
const TENANT_PLACEHOLDER = '{tenant}';

const MAX_USERS = 10_000;
const USER_NAME = /^[\w.@-]{1,64}$/;
/** What may stand in a Timestream name, with room for what stands around it. */
export const TENANT_NAME = /^[\w.-]{1,150}$/;

/** `arn:aws:iam::123456789012:role/path/name` in every partition (IAM guide, "IAM identifiers"). */
const ROLE_ARN = /^arn:aws[\w-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,576}$/;
/** IAM guide, "The confused deputy problem": 2 to 1,224 of these characters. */
const EXTERNAL_ID = /^[\w+=,.@:/-]{2,1224}$/;
const PROFILE = /^[^\s\]]{1,128}$/;
const STATIC_KEY = /^([\w-]{1,128}):([^\s]{1,1024})$/;
const CERTIFICATE_NAME = /^(?:CN|DNS|URI|email):[^\s]{1,512}$/;

const FIELDS = ['may', 'as', 'external-id', 'password', 'token', 'certificate', 'database', 'table', 'tenants'] as const;
type Field = (typeof FIELDS)[number];
const REPEATABLE: ReadonlySet<Field> = new Set<Field>(['token', 'certificate']);

/**
 * The users file: one user a line, `name field=value …`; empty lines and lines that start with `#` mean nothing. docs/users.md says what each
 * field is for.
 *
 * @throws UsersFileError
 */
export function parseUsers(text: string): UserDirectory {
  const users: User[] = [];
  const places = new Map<string, number>();
  const claim = (what: string, shown: string, lineNumber: number): void => {
    const earlier = places.get(what);
    if (earlier !== undefined) throw lineError(lineNumber, `${shown} stands in line ${earlier} already`);
    places.set(what, lineNumber);
  };
  text.split(/\r?\n/).forEach((line, index) => {
    const words = line.trim().split(/\s+/);
    const [name = ''] = words;
    if (name === '' || name.startsWith('#')) return;
    const lineNumber = index + 1;
    const user = parseUser(words, lineNumber);
    claim(`name ${user.name}`, `the user ${user.name}`, lineNumber);
    for (const digest of user.tokenDigests) claim(`token ${Buffer.from(digest).toString('hex')}`, 'the same token', lineNumber);
    for (const certificate of user.certificateNames) claim(`certificate ${certificate}`, `certificate=${certificate}`, lineNumber);
    users.push(user);
    if (users.length > MAX_USERS) throw lineError(lineNumber, `there are more than ${MAX_USERS} users`);
  });
  if (users.length === 0) throw new UsersFileError('there is no user in it, so nobody could come in');
  return new UserDirectory(users);
}

function parseUser([name = '', ...words]: readonly string[], lineNumber: number): User {
  const refuse = (what: string): UsersFileError => lineError(lineNumber, what);
  // What htpasswd makes: its secret part must not be shown.
  if (name.includes(':')) throw refuse('this is the form of htpasswd; make a line with: timestream-prometheus users add');
  if (!USER_NAME.test(name)) throw refuse('a name is 1 to 64 of the characters a-z A-Z 0-9 _ . @ -');
  const values = fieldsOf(words, refuse);
  const one = (field: Field): string => values.get(field)?.[0] ?? '';
  const rights = rightsOf(one('may'), refuse);
  const user: User = {
    name,
    rights,
    credentials: credentialsOf({ as: one('as'), externalId: one('external-id'), name, rights }, refuse),
    password: passwordOf(one('password'), refuse),
    tokenDigests: (values.get('token') ?? []).map((text) => {
      const digest = parseTokenHash(text);
      if (digest === undefined) throw refuse('token= is no hash of a token; make one with: timestream-prometheus users hash --token');
      return digest;
    }),
    certificateNames: (values.get('certificate') ?? []).map((text) => {
      if (!CERTIFICATE_NAME.test(text)) throw refuse('certificate= must be CN:, DNS:, URI: or email: and a name');
      return text;
    }),
    database: nameOf('database', one('database'), refuse),
    table: nameOf('table', one('table'), refuse),
    tenants: tenantsOf(one('tenants'), refuse),
  };
  assertWayIn(user, refuse);
  assertTenantsAreKeptApart(user, refuse);
  return user;
}

type Refuse = (what: string) => UsersFileError;

function fieldsOf(words: readonly string[], refuse: Refuse): ReadonlyMap<Field, readonly string[]> {
  const values = new Map<Field, string[]>();
  for (const word of words) {
    const equals = word.indexOf('=');
    const field = FIELDS.find((known) => known === word.slice(0, Math.max(equals, 0)));
    // The word itself is not shown: it may be a secret that somebody wrote after a space.
    if (field === undefined) throw refuse(`every word after the name must be one of ${FIELDS.map((known) => `${known}=`).join(' ')}`);
    const value = word.slice(equals + 1);
    if (value === '') throw refuse(`${field}= has no value`);
    const earlier = values.get(field);
    if (earlier === undefined) values.set(field, [value]);
    else if (REPEATABLE.has(field)) earlier.push(value);
    else throw refuse(`${field}= stands there twice`);
  }
  return values;
}

function rightsOf(text: string, refuse: Refuse): ReadonlySet<Right> {
  const words = text.split(',');
  const rights = words.flatMap((word) => RIGHTS.filter((right) => right === word));
  if (rights.length === words.length) return new Set(rights);
  throw refuse(`may= must be given, with one or more of ${RIGHTS.join(',')}`);
}

function credentialsOf(
  {
    as,
    externalId,
    name,
    rights,
  }: { readonly as: string; readonly externalId: string; readonly name: string; readonly rights: User['rights'] },
  refuse: Refuse,
): Credentials | undefined {
  const needsCredentials = rights.has('write') || rights.has('read');
  if (as === '' && !needsCredentials) return undefined;
  const colon = as.indexOf(':');
  const [kind, value] = colon < 0 ? [as, ''] : [as.slice(0, colon), as.slice(colon + 1)];
  if (externalId !== '' && (kind !== 'role' || !EXTERNAL_ID.test(externalId)))
    throw refuse('external-id= belongs to as=role:… and has 2 to 1224 of the characters a-z A-Z 0-9 _ + = , . @ : / -');
  if (as === 'server') return { kind: 'server' };
  if (kind === 'role' && ROLE_ARN.test(value))
    // What CloudTrail shows; a role session name takes the characters of a user name, and at most 64 (API model, `AssumeRole`).
    return { kind: 'role', roleArn: value, sessionName: name.length < 2 ? `${name}-` : name, ...(externalId === '' ? {} : { externalId }) };
  if (kind === 'profile' && PROFILE.test(value)) return { kind: 'profile', profile: value };
  const [, accessKeyId, secretAccessKey] = (kind === 'key' ? STATIC_KEY.exec(value) : null) ?? [];
  if (accessKeyId !== undefined && secretAccessKey !== undefined) return { kind: 'static', accessKeyId, secretAccessKey };
  throw refuse('as= must be server, role:<ARN of an IAM role>, profile:<name> or key:<access key id>:<secret access key>');
}

function passwordOf(text: string, refuse: Refuse): User['password'] {
  if (text === '') return undefined;
  const hash = parsePasswordHash(text);
  if (hash === undefined) throw refuse('password= is no hash of a password; make one with: timestream-prometheus users hash');
  return hash;
}

function nameOf(field: 'database' | 'table', text: string, refuse: Refuse): string {
  // The shortest name of a tenant takes the place of the placeholder: what is no name with it is none with any.
  if ('value' in parseTimestreamName(text.replaceAll(TENANT_PLACEHOLDER, 'x'))) return text;
  throw refuse(`${field}= must be a Timestream name: 1 to 256 of the characters a-z A-Z 0-9 _ . - and ${TENANT_PLACEHOLDER}`);
}

function tenantsOf(text: string, refuse: Refuse): User['tenants'] {
  if (text === '') return [];
  if (text === '*') return 'any';
  const tenants = text.split(',');
  if (tenants.every((tenant) => TENANT_NAME.test(tenant))) return [...new Set(tenants)];
  throw refuse('tenants= must be * or names joined by commas: 1 to 150 of the characters a-z A-Z 0-9 _ . - each');
}

function assertWayIn({ password, tokenDigests, certificateNames }: User, refuse: Refuse): void {
  if (password === undefined && tokenDigests.length === 0 && certificateNames.length === 0)
    throw refuse('the user has no password=, token= or certificate=, so nobody could come in as it');
}

function assertTenantsAreKeptApart({ database, table, tenants }: User, refuse: Refuse): void {
  const hasPlaceholder = database.includes(TENANT_PLACEHOLDER) || table.includes(TENANT_PLACEHOLDER);
  if (hasPlaceholder && tenants.length === 0) throw refuse(`${TENANT_PLACEHOLDER} stands in a name, so tenants= must be given`);
  if (!hasPlaceholder && tenants.length > 0 && (tenants === 'any' || tenants.length > 1))
    throw refuse(`several tenants would share one table: write ${TENANT_PLACEHOLDER} into database= or table=`);
}

/** The name with the tenant in it. */
export function withTenant(name: string, tenant: string): string {
  return name.replaceAll(TENANT_PLACEHOLDER, tenant);
}

function lineError(lineNumber: number, what: string): UsersFileError {
  return new UsersFileError(`line ${lineNumber}: ${what}`);
}
