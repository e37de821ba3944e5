import { beforeAll, describe, expect, it } from 'vitest';
import { createToken, hashPassword, hashToken, parseUsers, UsersFileError } from '../../src/index.js';

const ROLE = 'arn:aws:iam::123456789012:role/team/metrics-writer';
const token = `token=${hashToken(createToken())}`;
let password = '';
beforeAll(async () => {
  password = `password=${await hashPassword('correct horse')}`;
});

function messageOf(text: string): string {
  try {
    parseUsers(text);
  } catch (error) {
    if (error instanceof UsersFileError) return error.message;
    throw error;
  }
  throw new Error(`this was taken: ${text}`);
}

describe('a users file', () => {
  it('gives each user its rights, its credentials and its table, and skips comments and empty lines', () => {
    const other = `token=${hashToken(createToken())}`;
    const { users } = parseUsers(
      [
        '# who may come in',
        '',
        `prometheus may=write as=server ${token}`,
        `  grafana\tmay=read,metrics as=role:${ROLE} external-id=abc ${password} database=d table=t_{tenant} tenants=a,b`,
        `scraper may=metrics certificate=DNS:scraper.example certificate=CN:scraper`,
        `old may=write as=key:AKIDOLD:the/secret+key= ${other} tenants=* database={tenant}\r`,
        `p may=read as=profile:team password=${password.slice('password='.length)}`,
      ].join('\n'),
    );
    expect(users.map(({ name, rights, credentials }) => [name, [...rights], credentials])).toEqual([
      ['prometheus', ['write'], { kind: 'server' }],
      ['grafana', ['read', 'metrics'], { kind: 'role', roleArn: ROLE, sessionName: 'grafana', externalId: 'abc' }],
      ['scraper', ['metrics'], undefined],
      ['old', ['write'], { kind: 'static', accessKeyId: 'AKIDOLD', secretAccessKey: 'the/secret+key=' }],
      ['p', ['read'], { kind: 'profile', profile: 'team' }],
    ]);
    expect(users[1]).toMatchObject({ database: 'd', table: 't_{tenant}', tenants: ['a', 'b'] });
    expect(users[2]?.certificateNames).toEqual(['DNS:scraper.example', 'CN:scraper']);
    expect(users[3]?.tenants).toBe('any');
  });

  it.each([
    ['', /no user in it/],
    ['# nobody', /no user in it/],
    ['a', /line 1: may= must be given/],
    ['a may=write', /line 1: as= must be server, role/],
    ['a may=write as=server', /no password=, token= or certificate=/],
    ['a may=everything as=server T', /may= must be given, with one or more of write,read,metrics/],
    ['a may=write,write;read as=server T', /may= must be given/],
    ['a may= as=server T', /may= has no value/],
    ['a may=write may=read as=server T', /may= stands there twice/],
    ['a may=write as=root T', /as= must be server/],
    ['a may=write as=role:arn:aws:iam::1:role/x T', /as= must be server/],
    ['a may=write as=key:AKID T', /as= must be server/],
    ['a may=write as=server external-id=abc T', /external-id= belongs to as=role/],
    ['a may=write as=server password=plain', /password= is no hash of a password/],
    ['a may=write as=server password=$scrypt$ln=1,r=8,p=5$AAAAAAAAAAAAAAAAAAAAAA$AAAA', /password= is no hash of a password/],
    ['a may=write as=server token=sesame', /token= is no hash of a token/],
    ['a may=write as=server certificate=prometheus.example', /certificate= must be CN:, DNS:/],
    ['a may=write as=server T table=a"b', /table= must be a Timestream name/],
    ['a may=write as=server T table=t_{tenant}', /tenants= must be given/],
    ['a may=write as=server T tenants=x,y', /several tenants would share one table/],
    ['a may=write as=server T tenants=*', /several tenants would share one table/],
    ['a may=write as=server T table={tenant} tenants=x,../y', /tenants= must be \* or names/],
    ['ä may=write as=server T', /a name is 1 to 64/],
    ['a:$2y$05$abcdefghijklmnopqrstuv', /this is the form of htpasswd/],
    ['a may=write as=server T\n\nb may=read as=server T', /line 3: the same token stands in line 1 already/],
    ['a may=metrics certificate=CN:x\nb may=metrics certificate=CN:x', /line 2: certificate=CN:x stands in line 1 already/],
    ['a may=metrics certificate=CN:x\na may=metrics certificate=CN:y', /line 2: the user a stands in line 1 already/],
  ])('is refused with the line and the rule: %s', (text, message) => {
    expect(messageOf(text.replaceAll(' T', ` ${token}`))).toMatch(message);
  });

  it('shows no part of a secret when it is refused', () => {
    const secrets = ['hunter2-hunter2', 'wJalrXUtnFEMI', '$2y$05$abcdefghijklmnopqrstuv'];
    const texts = [
      'a may=write as=server password=hunter2-hunter2',
      'a may=write as=server password= hunter2-hunter2',
      'a may=write as=server token=hunter2-hunter2',
      'a may=write as=key:AKID wJalrXUtnFEMI',
      'a may=write as=keys:AKID:wJalrXUtnFEMI',
      'a:$2y$05$abcdefghijklmnopqrstuv',
    ];
    for (const text of texts) for (const secret of secrets) expect(messageOf(text)).not.toContain(secret);
  });
});
