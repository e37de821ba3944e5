import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as startRequest } from 'node:http';
import path from 'node:path';
import { hashPassword, hashToken } from '@timestream-prometheus/connector';
import type { AccessKey } from '@timestream-prometheus/connector-testing';
import { decodeSnappy } from '@timestream-prometheus/prom-codec';
import { startEmbeddedTimestream, type EmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import { createSeededRandom, type SeededRandom } from '../differential/seeded-random.js';
import { destinationArguments } from '../harness/destination-arguments.js';
import { eventually } from '../harness/child-program.js';
import { createHeapSnapshots } from '../harness/heap-snapshot.js';
import { openRawTable } from '../harness/raw-table.js';
import { accessKeyId, makeFolder, secretAccessKey, startConnector, type RunningConnector } from '../harness/start-connector.js';
import { startAccountProxy, type ProxiedKey } from './account-proxy.js';
import { makeCrowdRequest, type CrowdRequest } from './crowd-request.js';
import { accessKeyOf, basicOf, markOf, secretOf, type Tenant } from './tenant.js';

export interface CrowdOptions {
  readonly seed: number;
  readonly requests: number;
  readonly inFlight: number;
}

export interface CrowdReport {
  /** Each line is something of one tenant where another one can see it, a secret where none should be, or a door that was open. */
  readonly leaks: readonly string[];
  readonly byStatus: ReadonlyMap<number, number>;
  /** Answers that hold something of the tenant that asked, by its entrance: without them nothing was proved. */
  readonly answersWithOwn: ReadonlyMap<Tenant['entrance'], number>;
  readonly logLines: number;
  /** Requests with a key, token or password that had been taken away, and with something of somebody else. */
  readonly refusedRevoked: number;
  readonly refusedCrossed: number;
  readonly samplesAcknowledged: number;
  readonly callsOfKeys: number;
  /** Secrets in the heap of a process while it works with them, which shows that they are found where they are. */
  readonly secretsInUse: number;
  readonly secretsLookedFor: number;
  readonly durationMs: number;
}

const DATABASE = 'metrics';
const ACCOUNT_NAMES = ['red', 'green', 'blue'];
const GENERATIONS = 3;
/** How often a request shows something that was taken away, or that is somebody else's. */
const REVOKED_SHARE = 0.04;
const CROSSED_SHARE = 0.04;
const IDLE_TIMEOUT_MS = 2_000;
const MAX_LEAKS = 30;

/** What the tenants come in with, generation after generation. */
interface World {
  readonly tenants: readonly Tenant[];
  readonly watcherToken: string;
  /** The users file of a generation; while tokens are replaced it has those of the one before as well. */
  usersFile(generation: number, isOverlap?: boolean): Promise<string>;
  /** Everything that nobody may find anywhere. */
  readonly secrets: readonly string[];
  /** The secrets that the users file of a generation holds in clear: keys of AWS that the server signs with. */
  secretsInFile(generation: number): readonly string[];
}

function createWorld(seed: number): World {
  const keysOf = (owner: string): AccessKey[] =>
    Array.from({ length: GENERATIONS }, (_, generation) => accessKeyOf(seed, owner, generation));
  const accounts = ACCOUNT_NAMES.map((name): Tenant => {
    const keys = keysOf(name);
    return {
      mark: markOf(seed, name), entrance: 'account', account: name, table: 'samples', keys, userName: undefined,
      authorizations: keys.map((key) => basicOf(key.accessKeyId, key.secretAccessKey)),
    }; // oxfmt-ignore
  });
  const tokensOf = (name: string) =>
    Array.from({ length: GENERATIONS }, (_, generation) => `tsprom_${secretOf(seed, `${name} token ${generation}`)}`);
  const passwords = Array.from({ length: GENERATIONS }, (_, generation) => `pw ${secretOf(seed, `password ${generation}`)}`);
  const tokens = { own: tokensOf('own'), gateway: tokensOf('gateway') };
  const watcherToken = `tsprom_${secretOf(seed, 'watcher')}`;
  const keys = { own: keysOf('own'), sharp: keysOf('sharp'), gateway: keysOf('gateway') };
  const bearer = (token: string) => `Bearer ${token}`;
  const tenantOf = (name: string, entrance: Tenant['entrance'], ownKeys: readonly AccessKey[], authorizations: readonly string[], userName: string): Tenant => ({
    mark: markOf(seed, name), entrance, account: 'shared', table: `metrics_${markOf(seed, name)}`, keys: ownKeys, authorizations, userName,
  }); // oxfmt-ignore
  const users = [
    tenantOf('own', 'token', keys.own, tokens.own.map(bearer), 'own'),
    tenantOf('sharp', 'password', keys.sharp, passwords.map((password) => basicOf('sharp', password)), 'sharp'), // oxfmt-ignore
    tenantOf('by header', 'gateway-header', keys.gateway, tokens.gateway.map(bearer), 'gateway'),
    tenantOf('by path', 'gateway-path', keys.gateway, tokens.gateway.map(bearer), 'gateway'),
  ];
  const [own, sharp, ...behindGateway] = users;
  const asKey = (all: readonly AccessKey[], generation: number) =>
    `as=key:${all[generation]?.accessKeyId ?? ''}:${all[generation]?.secretAccessKey ?? ''}`;
  const allKeys = [...accounts.flatMap((tenant) => tenant.keys), ...Object.values(keys).flat()];
  return {
    tenants: [...accounts, ...users],
    watcherToken,
    async usersFile(generation, isOverlap = false) {
      const generations = isOverlap ? [generation - 1, generation] : [generation];
      const tokensNow = (all: readonly string[]) => generations.map((each) => `token=${hashToken(all[each] ?? '')}`).join(' ');
      return [
        `own may=write,read ${asKey(keys.own, generation)} ${tokensNow(tokens.own)} table=${own?.table ?? ''}`,
        `sharp may=write,read ${asKey(keys.sharp, generation)} password=${await hashPassword(passwords[generation] ?? '')} table=${sharp?.table ?? ''}`,
        `gateway may=write,read ${asKey(keys.gateway, generation)} ${tokensNow(tokens.gateway)} table=metrics_{tenant} tenants=${behindGateway.map(({ mark }) => mark).join(',')}`,
        `watcher may=metrics token=${hashToken(watcherToken)}`,
        '',
      ].join('\n');
    },
    secrets: [
      ...allKeys.map((key) => key.secretAccessKey),
      ...passwords,
      ...[...accounts, ...users].flatMap(({ authorizations }) => authorizations.map((text) => text.slice(text.indexOf(' ') + 1))),
    ],
    secretsInFile: (generation) => Object.values(keys).map((all) => all[generation]?.secretAccessKey ?? ''),
  };
}

interface Door {
  readonly connector: RunningConnector;
  readonly agent: Agent;
}

interface CrowdAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * Several tenants at once at two connectors, one for access keys and one with a users file, before the Timestreams of four accounts. Keys, tokens
 * and passwords are replaced twice meanwhile. Everything that comes out is searched for what is somebody else's: answers, calls to Timestream,
 * rows, log, metrics, status, and at the end the heap.
 */
export async function runCrowd({ seed, requests, inFlight }: CrowdOptions): Promise<CrowdReport> {
  const startedMs = performance.now();
  const world = createWorld(seed);
  const { tenants, secrets } = world;
  const markPattern = new RegExp(tenants.map(({ mark }) => mark).join('|'), 'g');
  const secretPattern = new RegExp([...secrets, world.watcherToken].map((text) => text.replaceAll(/[^\w-]/g, String.raw`\$&`)).join('|'));
  const leaks: string[] = [];
  const report = (line: string) => {
    if (leaks.length < MAX_LEAKS) leaks.push(line.replaceAll(/[^\x20-\x7e]/g, '.').slice(0, 500));
  };
  const marksIn = (text: string) => new Set(text.match(markPattern));
  function search(what: string, text: string, allowed: ReadonlySet<string>): void {
    for (const mark of marksIn(text))
      if (!allowed.has(mark)) report(`${what} has something of ${mark}: ${text.slice(Math.max(0, text.indexOf(mark) - 150))}`);
    const secret = secretPattern.exec(text);
    if (secret !== null) report(`${what} has a secret at ${secret.index}: ${text.slice(Math.max(0, secret.index - 100), secret.index)}`);
  }

  const accounts = new Map<string, EmbeddedTimestream>();
  const keys = new Map<string, ProxiedKey>();
  for (const account of new Set(tenants.map((tenant) => tenant.account))) {
    const ofAccount = tenants.filter((tenant) => tenant.account === account);
    const timestream = await startEmbeddedTimestream({
      credentials: [...ofAccount.flatMap((tenant) => tenant.keys), { accessKeyId, secretAccessKey }],
      create: ofAccount.map(({ table }) => ({ databaseName: DATABASE, tableName: table })),
    });
    accounts.set(account, timestream);
    for (const { mark, keys: ofTenant } of ofAccount)
      for (const key of ofTenant)
        keys.set(key.accessKeyId, {
          timestreamUrl: timestream.url,
          marks: new Set([...(keys.get(key.accessKeyId)?.marks ?? []), mark]),
        });
  }
  const proxy = await startAccountProxy(keys, markPattern);
  const folder = makeFolder('crowd');
  const usersFile = path.join(folder, 'users');
  writeFileSync(usersFile, await world.usersFile(0), { mode: 0o600 });
  const snapshots = createHeapSnapshots();
  const open = (...extraArguments: string[]) =>
    startConnector({
      storage: 'aws',
      env: { NODE_OPTIONS: snapshots.nodeOptions },
      extraArguments: [
        ...destinationArguments({ url: proxy.url, database: DATABASE, table: 'samples' }),
        '--log.level=debug',
        `--storage-idle-timeout=${IDLE_TIMEOUT_MS}ms`,
        ...extraArguments,
      ],
    });
  const doors: Door[] = [];
  try {
    for (const extra of [[], [`--users-file=${usersFile}`]])
      doors.push({ connector: await open(...extra), agent: new Agent({ keepAlive: true, maxSockets: inFlight }) });
    const [keyDoor, userDoor] = doors as [Door, Door];
    const doorOf = ({ entrance }: Tenant) => (entrance === 'account' ? keyDoor : userDoor);
    const byEntrance = {
      'gateway-header': ({ mark }: Tenant) => ({ headers: { 'x-scope-orgid': mark }, before: '' }),
      'gateway-path': ({ mark }: Tenant) => ({ headers: {}, before: `/tenants/${mark}` }),
    };
    const addressOf = (tenant: Tenant) =>
      tenant.entrance in byEntrance ? byEntrance[tenant.entrance as keyof typeof byEntrance](tenant) : { headers: {}, before: '' };

    /** What each tenant shows now, and from which generation on it is taken. */
    let current = 0;
    let firstValid = 0;
    const allowedByRequestId = new Map<string, ReadonlySet<string>>();
    const byStatus = new Map<number, number>();
    const answersWithOwn = new Map<Tenant['entrance'], number>();
    const sampleCounts = new Map<Tenant, { acknowledged: number; uncertain: number }>(tenants.map((tenant) => [tenant, { acknowledged: 0, uncertain: 0 }])); // oxfmt-ignore
    let [refusedRevoked, refusedCrossed] = [0, 0];

    async function ask(
      tenant: Tenant,
      crowdRequest: CrowdRequest,
      choices: { readonly authorization: string; readonly other?: Tenant | undefined; readonly requestId: string },
    ): Promise<CrowdAnswer> {
      const { authorization, other, requestId } = choices;
      const allowed = new Set([tenant.mark, ...(other === undefined ? [] : [other.mark])]);
      allowedByRequestId.set(requestId, allowed);
      const { headers, before } = addressOf(tenant);
      // Whoever has a user names somebody else; whoever has a key tries it with somebody else's secret.
      const named = other === undefined || tenant.entrance === 'account' ? headers : { ...headers, 'x-scope-orgid': other.mark };
      const answer = await send(doorOf(tenant), {
        method: crowdRequest.method,
        path: `${before}${crowdRequest.path}`,
        headers: {
          ...crowdRequest.headers,
          ...named,
          authorization,
          'x-request-id': requestId,
          'content-length': String(crowdRequest.body.length),
        },
        body: crowdRequest.body,
      });
      byStatus.set(answer.status, (byStatus.get(answer.status) ?? 0) + 1);
      search(`the answer ${answer.status} to ${crowdRequest.what} of ${tenant.mark}`, answer.text, allowed);
      if (answer.status < 300 && answer.text.includes(tenant.mark))
        answersWithOwn.set(tenant.entrance, (answersWithOwn.get(tenant.entrance) ?? 0) + 1);
      return answer;
    }

    async function askOnce(number: number, random: SeededRandom): Promise<void> {
      const tenant = random.pick(tenants);
      const crowdRequest = makeCrowdRequest(tenant, number, random);
      const draw = random.next();
      const requestId = `${tenant.mark}-${number}`;
      const counts = sampleCounts.get(tenant) ?? { acknowledged: 0, uncertain: 0 };
      const isOwnDoor = tenant.entrance === 'account';
      // Where no users are, a door that asks nobody cannot know who knocks.
      const needsProof = crowdRequest.asksTimestream || !isOwnDoor;
      if (draw < REVOKED_SHARE && firstValid > 0) {
        const authorization = tenant.authorizations[random.below(firstValid)] ?? '';
        const { status } = await ask(tenant, crowdRequest, { authorization, requestId });
        if (status < 300 && needsProof) report(`${tenant.entrance} came in with what was taken away: ${crowdRequest.what}, ${status}`);
        refusedRevoked += 1;
        return;
      }
      if (draw > 1 - CROSSED_SHARE) {
        const other = random.pick(tenants.filter(({ entrance, mark }) => mark !== tenant.mark && (entrance === 'account') === isOwnDoor));
        const id = tenant.keys[current]?.accessKeyId ?? '';
        const authorization = isOwnDoor ? basicOf(id, other.keys[current]?.secretAccessKey ?? '') : (tenant.authorizations[current] ?? '');
        // The gateway may ask for both of its tenants, by a header alone: that is no crossing.
        if (tenant.entrance === 'gateway-header' && other.userName === tenant.userName) return;
        const { status } = await ask(tenant, crowdRequest, { authorization, other, requestId });
        if (status < 300 && needsProof) report(`${tenant.entrance} came in as ${other.entrance}: ${crowdRequest.what}, ${status}`);
        refusedCrossed += 1;
        return;
      }
      const { status, text } = await ask(tenant, crowdRequest, { authorization: tenant.authorizations[current] ?? '', requestId });
      // A user has one password at a time, so a sender that has the old one is out until it has the new one.
      if ((status === 401 || status === 403) && tenant.entrance !== 'password')
        report(`${tenant.entrance} was not let in with what is its own: ${crowdRequest.what}, ${status} ${text.slice(-200)}`);
      if (crowdRequest.samples > 0 && status === 204) counts.acknowledged += crowdRequest.samples;
      // A key that is taken away in the middle is one reason, and a sample may be stored all the same.
      else if (crowdRequest.samples > 0) counts.uncertain += crowdRequest.samples;
    }

    const underWay = new Set<Promise<void>>();

    async function replaceUsers(text: string, isThere: () => Promise<boolean>): Promise<void> {
      writeFileSync(`${usersFile}.new`, text, { mode: 0o600 });
      renameSync(`${usersFile}.new`, usersFile);
      await eventually('the new users', isThere);
    }

    /** As somebody does it who breaks nothing: the new comes beside the old, what is under way ends as it began, and then the old is taken away. */
    async function rotate(generation: number): Promise<void> {
      const tokens = tenants.find(({ entrance }) => entrance === 'token')?.authorizations ?? [];
      const statusOf = async (authorization = '') =>
        (await send(userDoor, { method: 'GET', path: '/api/v1/status/buildinfo', headers: { authorization }, body: new Uint8Array() }))
          .status;
      await replaceUsers(await world.usersFile(generation, true), async () => (await statusOf(tokens[generation])) === 200);
      current = generation;
      await Promise.all(underWay);
      await replaceUsers(await world.usersFile(generation), async () => (await statusOf(tokens[generation - 1])) === 401);
      for (const tenant of tenants) proxy.revoke(tenant.keys[generation - 1]?.accessKeyId ?? '');
      firstValid = generation;
    }

    let begun = 0;
    const random = createSeededRandom(seed);
    for (let generation = 1; generation <= GENERATIONS; generation += 1) {
      const target = (requests * generation) / GENERATIONS;
      // What is new comes in the middle of the load, which goes on until all of it is there.
      let isReplacing = generation < GENERATIONS;
      const replacing = async () => {
        while (begun < target - requests / GENERATIONS / 2) await new Promise((resolve) => setTimeout(resolve, 10));
        await rotate(generation).finally(() => (isReplacing = false));
      };
      const sendOn = async () => {
        while (begun < target || isReplacing) {
          const asking = askOnce(begun++, random);
          underWay.add(asking);
          await asking.finally(() => underWay.delete(asking));
        }
      };
      await Promise.all([...(isReplacing ? [replacing()] : []), ...Array.from({ length: inFlight }, sendOn)]);
    }

    // A key while it is in use: what is looked for can be found.
    const [someTenant] = tenants;
    if (someTenant === undefined) throw new Error('there is nobody');
    const inUse = makeCrowdRequest(someTenant, begun, { ...random, below: () => 0, next: () => 0.5, pick: (items) => items[0] as never });
    const lastAnswer = await ask(someTenant, inUse, { authorization: someTenant.authorizations[current] ?? '', requestId: `${someTenant.mark}-last` }); // oxfmt-ignore
    if (lastAnswer.status !== 204) throw new Error(`the last write was answered ${lastAnswer.status}: ${lastAnswer.text}`);
    const lastCounts = sampleCounts.get(someTenant);
    if (lastCounts !== undefined) lastCounts.acknowledged += 1;
    const found = await snapshots.find(keyDoor.connector.program, secrets);
    let secretsInUse = found.length;

    const watcher = { authorization: `Bearer ${world.watcherToken}`, connection: 'close' };
    for (const { connector, agent } of doors) {
      agent.destroy();
      await eventually('the end of all that is idle', async () => {
        const metrics = await (await fetch(`${connector.url}/metrics`, { headers: watcher })).text();
        search('the metrics', metrics, new Set());
        search('the status', await (await fetch(`${connector.url}/-/status`, { headers: watcher })).text(), new Set());
        return /^timestream_connector_open_storages 0$/m.test(metrics);
      });
    }
    const expected = new Set(world.secretsInFile(GENERATIONS - 1));
    for (const { connector } of doors) {
      const inHeap = await snapshots.find(connector.program, secrets);
      for (const secret of inHeap)
        if (connector === keyDoor.connector || !expected.has(secret))
          report(
            `the heap of ${connector === keyDoor.connector ? 'the connector for keys' : 'the connector with users'} has secret number ${secrets.indexOf(secret)}, ${secret.slice(0, 3)}…`,
          );
      if (connector === userDoor.connector) secretsInUse += inHeap.filter((secret) => expected.has(secret)).length;
    }

    let logLines = 0;
    for (const { connector } of doors) {
      for (const line of connector.program.output().split('\n')) {
        logLines += 1;
        const allowed = allowedByRequestId.get(/requestId=("?)([\w-]+)\1/.exec(line)?.[2] ?? '');
        const marks = marksIn(line);
        search('a line of the log', line, allowed ?? marks);
        if (allowed === undefined && marks.size > 1) report(`a line of the log has something of ${[...marks].join(' and ')}: ${line}`);
      }
      if (connector.program.hasExited()) report('a connector has ended');
    }
    let samplesAcknowledged = 0;
    for (const [tenant, counts] of sampleCounts) {
      samplesAcknowledged += counts.acknowledged;
      const raw = openRawTable(accounts.get(tenant.account)?.url ?? '', DATABASE, tenant.table);
      const rows = await raw.query(`SELECT * FROM "${DATABASE}"."${tenant.table}"`);
      search(`the table of ${tenant.mark}`, JSON.stringify(rows), new Set([tenant.mark]));
      const [[stored] = []] = await raw.query(
        `SELECT count(*) FROM "${DATABASE}"."${tenant.table}" WHERE measure_name = '${tenant.mark}_requests_total'`,
      );
      raw.close();
      if (Number(stored) < counts.acknowledged || Number(stored) > counts.acknowledged + counts.uncertain)
        report(
          `the table of ${tenant.mark} has ${stored ?? ''} samples; ${counts.acknowledged} were acknowledged, ${counts.uncertain} may be stored`,
        );
    }
    for (const line of proxy.violations) report(line);
    return {
      leaks, byStatus, answersWithOwn, logLines, refusedRevoked, refusedCrossed, samplesAcknowledged, secretsInUse,
      callsOfKeys: [...proxy.calls.values()].reduce((sum, count) => sum + count, 0),
      secretsLookedFor: secrets.length,
      durationMs: performance.now() - startedMs,
    }; // oxfmt-ignore
  } finally {
    for (const { connector, agent } of doors) {
      agent.destroy();
      await connector.program.stop();
      rmSync(connector.dataDir, { recursive: true, force: true });
    }
    await proxy.close();
    for (const timestream of accounts.values()) await timestream.close();
    snapshots.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * Headers and body as one text, so that all of it is searched. A sampled answer is uncompressed first. A kept connection may be closed in the
 * moment in which the next request goes out on it (RFC 9112, 9.5): that request is sent again, as every client does.
 */
function send(door: Door, sent: Sent): Promise<CrowdAnswer> {
  const { connector, agent } = door;
  const { method, path: address, headers, body } = sent;
  return new Promise((resolve, reject) => {
    const outgoing = startRequest({ host: '127.0.0.1', port: connector.port, agent, method, path: address, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(parts);
        const isSnappy = response.headers['content-encoding'] === 'snappy';
        const plain = isSnappy ? Buffer.from(decodeSnappy(bytes, { maxBytes: 1e9 })) : bytes;
        resolve({ status: response.statusCode ?? 0, text: `${response.rawHeaders.join('\n')}\n\n${plain.toString('latin1')}` });
      });
    });
    outgoing.on('error', (error) => {
      if (outgoing.reusedSocket && !connector.program.hasExited()) send(door, sent).then(resolve, reject);
      else
        reject(
          new Error(`${method} ${address}: ${error.message}; the connector: ${connector.program.output().slice(-500)}`, { cause: error }),
        );
    });
    outgoing.end(body);
  });
}
