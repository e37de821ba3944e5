import { chmodSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import {
  MIN_TOKEN_CHARACTERS,
  TOKEN_PATTERN,
  UsersFileError,
  createToken,
  environmentNameOf,
  hashPassword,
  hashToken,
  parseUsers,
} from '@timestream-prometheus/connector';
import { parseBoolean } from '@timestream-prometheus/connector/operations';
import { MISUSE_EXIT, type CommandDefinition, type CommandInput, type CommandOption } from '../command-definition.js';
import type { ProgramHost } from '../program-host.js';
import { StartupError, fileError } from '../startup-error.js';
import { readUsers } from '../users-file.js';

/** A field of a line in the file, taken as it is: whoever reads the line judges it. */
function field(flag: string, placeholder: string, help: string): CommandOption<string> {
  return { flag, defaultText: '', kind: 'value', placeholder, help, parse: (text) => ({ value: text }) };
}

/** Options of `users add` that become a field of the same name, in the order of the line. */
const FIELDS = [
  field('may', '<rights>', 'What the user may do: write, read, metrics, joined by commas.'),
  field('as', '<credentials>', 'AWS credentials that the user is mapped to: server, role:<ARN> or profile:<name>.'),
  field('external-id', '<id>', 'External id that the role asks for.'),
  field('database', '<name>', 'Database, with {tenant} for the name of the tenant. Default: --default-database of the server.'),
  field('table', '<name>', 'Table, with {tenant} for the name of the tenant. Default: --default-table of the server.'),
  field('tenants', '<names>', 'Tenants that the user may ask for, joined by commas; * for any.'),
  field('certificate', '<name>', 'Name in a client certificate by which the user comes in, such as DNS:prometheus.example.'),
] as const;

function tokenOption(help: string): CommandOption<boolean> {
  return { flag: 'token', defaultText: 'false', kind: 'boolean', placeholder: '<true|false>', help, parse: parseBoolean };
}

const FAILED_EXIT = { code: 1, meaning: 'the line says what is wrong; the file is as it was' } as const;

export const USERS_ADD: CommandDefinition = {
  name: 'users add',
  summary: 'Add a user to the users file, which is made if it is missing.',
  details:
    'Without --token and --certificate a password is read from standard input; a terminal does not show it. A secret is never an argument, which others can see. docs/users.md says what each field means.',
  args: [{ name: 'name', help: 'Name of the user.', isRequired: true, completes: 'nothing' }],
  connectorOptions: ['usersFile'],
  ownOptions: [...FIELDS, tokenOption('Make a token and show it once.')],
  examples: [
    {
      line: 'users add prometheus --users-file=users --may=write --as=server --token',
      meaning: 'shows a token once, and puts its hash into the file',
    },
    {
      line: 'users add grafana --users-file=users --may=read --as=role:arn:aws:iam::123456789012:role/metrics-reader',
      meaning: 'asks for a password',
    },
  ],
  exitCodes: [{ code: 0, meaning: 'the user is in the file' }, FAILED_EXIT, MISUSE_EXIT],
  run: addUser,
};

export const USERS_HASH: CommandDefinition = {
  name: 'users hash',
  summary: 'Show the field with the hash of the password, or of the token, that is read from standard input.',
  args: [],
  connectorOptions: [],
  ownOptions: [tokenOption('It is a token, random and long, and not a password.')],
  examples: [{ line: 'users hash', meaning: 'shows what to write into the users file: password=$scrypt$…' }],
  exitCodes: [{ code: 0, meaning: 'the field was shown' }, FAILED_EXIT, MISUSE_EXIT],
  run: async ({ own }, host) => {
    const line =
      own['token'] === true ? `token=${hashOfGivenToken(await host.readSecret('Token: '))}` : `password=${await hashOfPassword(host)}`;
    host.writeOut(`${line}\n`);
    return 0;
  },
};

export const USERS_CHECK: CommandDefinition = {
  name: 'users check',
  summary: 'Say whether a server would take the users file.',
  args: [],
  connectorOptions: ['usersFile'],
  ownOptions: [],
  examples: [{ line: 'users check --users-file=users', meaning: 'says how many users are in it, or which line is wrong' }],
  exitCodes: [{ code: 0, meaning: 'the file is good' }, FAILED_EXIT, MISUSE_EXIT],
  run: (input, host) => {
    const file = usersFileOf(input, host);
    const { users } = readUsers(file);
    host.writeOut(`${file} is good: ${users.length} ${users.length === 1 ? 'user' : 'users'}\n`);
    return Promise.resolve(0);
  },
};

function usersFileOf({ flags }: CommandInput, host: ProgramHost): string {
  const file = flags['users-file'] ?? host.env[environmentNameOf('users-file')] ?? '';
  if (file === '') throw new StartupError('--users-file must be given');
  return file;
}

async function addUser(input: CommandInput, host: ProgramHost): Promise<number> {
  const file = usersFileOf(input, host);
  const [name = ''] = input.args;
  const given = FIELDS.flatMap(({ flag }) => {
    const value = input.own[flag];
    return typeof value === 'string' && value !== '' ? [`${flag}=${value}`] : [];
  });
  if (given.some((one) => one.startsWith('as=key:')))
    throw new StartupError(
      '--as: a secret access key has no place on a command line, where others can see it; write as=key:<id>:<secret> into the file',
    );
  const token = input.own['token'] === true ? createToken() : undefined;
  const fields = [...given, ...(token === undefined ? [] : [`token=${hashToken(token)}`])];
  if ([name, ...fields].some((word) => /\s/.test(word))) throw new StartupError('users add: no value can have a space in it');
  const earlier = existsSync(file) ? readText(file) : '';
  const withLine = (words: readonly string[]) =>
    `${earlier}${earlier === '' || earlier.endsWith('\n') ? '' : '\n'}${[name, ...words].join(' ')}\n`;
  const needsPassword = token === undefined && !given.some((one) => one.startsWith('certificate='));
  // Whatever is wrong is said before somebody has typed a password.
  if (needsPassword) assertGood(withLine([...fields, `token=${hashToken(createToken())}`]), file);
  const text = withLine(needsPassword ? [...fields, `password=${await hashOfPassword(host)}`] : fields);
  assertGood(text, file);
  replaceFile(file, text);
  if (token !== undefined) {
    host.writeErr('The token, which nobody can show again:\n');
    host.writeOut(`${token}\n`);
  }
  return 0;
}

async function hashOfPassword(host: ProgramHost): Promise<string> {
  const password = await host.readSecret('Password: ');
  if (password === '') throw new StartupError('users: the password is empty; it is read from standard input');
  return hashPassword(password);
}

function hashOfGivenToken(token: string): string {
  if (token.length < MIN_TOKEN_CHARACTERS || !TOKEN_PATTERN.test(token))
    throw new StartupError(
      `users: a token has at least ${MIN_TOKEN_CHARACTERS} of the characters a-z A-Z 0-9 . _ ~ + / - and should be random`,
    );
  return hashToken(token);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw fileError(error, 'users-file', file);
  }
}

function assertGood(text: string, file: string): void {
  try {
    parseUsers(text);
  } catch (error) {
    if (error instanceof UsersFileError)
      throw new StartupError(`--users-file: ${file}: ${error.message}; nothing was changed`, { cause: error });
    throw error;
  }
}

/** In one step, so that a server that watches the file never reads a half of it. */
function replaceFile(file: string, text: string): void {
  const beside = `${file}.${process.pid}.new`;
  try {
    writeFileSync(beside, text, { mode: 0o600, flag: 'wx' });
    if (existsSync(file)) chmodSync(beside, statSync(file).mode & 0o777);
    renameSync(beside, file);
  } catch (error) {
    throw new StartupError(`--users-file: cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
