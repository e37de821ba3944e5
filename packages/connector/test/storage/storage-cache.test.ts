import { describe, expect, it, vi } from 'vitest';
import { ConnectorError, METRICS, type Credentials } from '../../src/index.js';
import { StorageCache } from '../../src/storage/storage-cache.js';
import { openMemoryStorage } from '../support/memory-storage.js';
import { RecordingMetrics } from '../support/recording-metrics.js';

function key(accessKeyId: string, secretAccessKey = 's'): Credentials {
  return { kind: 'static', accessKeyId, secretAccessKey };
}

const TABLE = { database: 'd', table: 't' };

function createCache(maxStorages: number, { idleTimeoutMs = 3_600_000, clock = { nowMs: (): number => 0 } } = {}) {
  const memory = openMemoryStorage();
  const metrics = new RecordingMetrics();
  let states = 0;
  const cache = new StorageCache({
    openStorage: memory.openStorage,
    createState: () => (states += 1),
    maxStorages,
    idleTimeoutMs,
    clock,
    metrics,
  });
  return { cache, metrics, opened: memory.opened };
}

describe('StorageCache', () => {
  it('opens one storage per credential and keeps it', () => {
    const { cache, opened, metrics } = createCache(10);
    const first = cache.acquire(key('a'), TABLE);
    const second = cache.acquire(key('a'), TABLE);
    expect(second.storage).toBe(first.storage);
    expect(second.state).toBe(first.state);
    first.release();
    second.release();
    expect(cache.acquire(key('a'), TABLE).storage).toBe(first.storage);
    expect(opened).toHaveLength(1);
    expect(metrics.sum(METRICS.openStorages)).toBe(1);
  });

  it('never shares a storage or its state between credentials that differ in anything', () => {
    const { cache } = createCache(20);
    const role = { kind: 'role', roleArn: 'arn:aws:iam::000000000000:role/r', sessionName: 'n' } as const;
    const different: readonly Credentials[] = [
      ...[key('a'), key('a', 't'), key('b'), key('a:s', 's'), key('a', 's:s'), key('server', '')],
      ...[{ kind: 'server' } as const, { kind: 'profile', profile: 'server' } as const, { kind: 'profile', profile: 'a' } as const],
      ...[role, { ...role, sessionName: 'm' }, { ...role, externalId: 'e' }, { ...role, roleArn: `${role.roleArn}2` }],
    ];
    const leases = different.map((credentials) => cache.acquire(credentials, TABLE));
    expect(new Set(leases.map(({ storage }) => storage)).size).toBe(different.length);
    expect(new Set(leases.map(({ state }) => state)).size).toBe(different.length);
  });

  it('never shares a storage or its state between tables, with the same credentials', () => {
    const { cache } = createCache(10);
    const tables = [TABLE, { database: 'd', table: 'u' }, { database: 'e', table: 't' }, { database: 't', table: 'd' }];
    const leases = tables.map((table) => cache.acquire({ kind: 'server' }, table));
    expect(new Set(leases.map(({ storage }) => storage)).size).toBe(tables.length);
    expect(new Set(leases.map(({ state }) => state)).size).toBe(tables.length);
    expect(cache.acquire({ kind: 'server' }, { ...TABLE }).storage).toBe(leases[0]?.storage);
  });

  it('forgets what is known of a table that is not there, once for all requests that met it', () => {
    const { cache, opened } = createCache(10);
    const leases = [cache.acquire(key('a'), TABLE), cache.acquire(key('a'), TABLE)];
    for (const lease of leases) lease.release(new ConnectorError('destination-not-found', 'gone'));
    const later = cache.acquire(key('a'), TABLE);
    expect(later.storage).toBe(leases[0]?.storage);
    expect(later.state).toBe((leases[0]?.state ?? NaN) + 1);
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([false]);
    later.release(new ConnectorError('timestream-unavailable', 'busy'));
    expect(cache.acquire(key('a'), TABLE).state).toBe(later.state);
  });

  it('closes the least recently used one when there are too many', () => {
    const { cache, opened, metrics } = createCache(2);
    for (const id of ['a', 'b', 'a', 'c']) cache.acquire(key(id), TABLE).release();
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([false, true, false]);
    expect(metrics.sum(METRICS.openStorages)).toBe(2);
  });

  it('closes none that is in use before it is given back, and then exactly once', () => {
    const { cache, opened } = createCache(1);
    const [first, second] = [cache.acquire(key('a'), TABLE), cache.acquire(key('a'), TABLE)];
    cache.acquire(key('b'), TABLE).release();
    expect(opened[0]?.isClosed).toBe(false);
    first.release();
    expect(opened[0]?.isClosed).toBe(false);
    second.release();
    expect(opened[0]?.isClosed).toBe(true);
    expect(cache.acquire(key('a'), TABLE).storage).not.toBe(first.storage);
  });

  it('drops a credential that AWS does not accept, once nobody uses it, and no other that came in its place', () => {
    const { cache, opened } = createCache(10);
    const wrong = new ConnectorError('invalid-credentials', 'no such key');
    const [first, second] = [cache.acquire(key('a'), TABLE), cache.acquire(key('a'), TABLE)];
    first.release(wrong);
    expect(opened[0]?.isClosed).toBe(false);
    const next = cache.acquire(key('a'), TABLE);
    second.release(wrong);
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    next.release(new ConnectorError('throttled', 'slower'));
    expect(cache.acquire(key('a'), TABLE).storage).toBe(next.storage);
  });

  it('closes one that nobody has used for long, never one that is in use, and opens it anew when it is asked for again', () => {
    let nowMs = 1_000_000;
    const { cache, opened, metrics } = createCache(10, { idleTimeoutMs: 60_000, clock: { nowMs: () => nowMs } });
    const inUse = cache.acquire(key('in use'), TABLE);
    cache.acquire(key('a'), TABLE).release();
    nowMs += 59_999;
    cache.acquire(key('b'), TABLE).release();
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([false, false, false]);
    nowMs += 1;
    cache.acquire(key('b'), TABLE).release();
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([false, true, false]);
    cache.acquire(key('a'), TABLE).release();
    expect(opened).toHaveLength(4);
    nowMs += 60_000;
    inUse.release();
    expect(opened[0]?.isClosed).toBe(false);
    cache.acquire(key('in use'), TABLE).release();
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([false, true, true, true]);
    expect(metrics.sum(METRICS.openStorages)).toBe(1);
    cache.close();
  });

  it('closes what is idle when no other request comes, one after the other', async () => {
    const { cache, opened, metrics } = createCache(10, { idleTimeoutMs: 30, clock: { nowMs: () => performance.now() } });
    cache.acquire(key('a'), TABLE).release();
    const lease = cache.acquire(key('b'), TABLE);
    await vi.waitFor(() => expect(opened[0]?.isClosed).toBe(true), { timeout: 10_000 });
    expect(opened[1]?.isClosed).toBe(false);
    lease.release();
    await vi.waitFor(() => expect(opened[1]?.isClosed).toBe(true), { timeout: 10_000 });
    expect(metrics.sum(METRICS.openStorages)).toBe(0);
  });

  it('closes all of them at the end', () => {
    const { cache, opened, metrics } = createCache(10);
    for (const id of ['a', 'b']) cache.acquire(key(id), TABLE).release();
    cache.close();
    expect(opened.every(({ isClosed }) => isClosed)).toBe(true);
    expect(metrics.sum(METRICS.openStorages)).toBe(0);
  });
});
