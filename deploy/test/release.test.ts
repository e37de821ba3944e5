import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { repositoriesOf, setRepository } from '../set-repository.mjs';
import { setVersion } from '../set-version.mjs';

const sources = fileURLToPath(new URL('../..', import.meta.url));

describe('a release', () => {
  /** A repository with the files of this one in which a version or an address stands. */
  let root = '';
  const git = (...args: readonly string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' });
  const changedFiles = (): readonly string[] => git('diff', '--name-only').split('\n').filter(Boolean);
  const tracked = execFileSync('git', ['ls-files'], { cwd: sources, encoding: 'utf8' }).split('\n').filter(Boolean);

  beforeAll(() => {
    root = mkdtempSync(path.join(os.tmpdir(), 'release-'));
    for (const file of tracked.filter(
      (each) => !/^(packages\/[^/]+\/(src|test)|e2e|docs|bench)\/.*\.(ts|md|go|svg|png)$/.test(each) || each.endsWith('src/version.ts'),
    )) {
      mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
      cpSync(path.join(sources, file), path.join(root, file));
    }
    git('init', '--quiet');
    git('add', '--all');
  });
  afterEach(() => git('checkout', '--quiet', '.'));
  afterAll(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it('sets one version, wherever the one before stood', () => {
    const before = (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }).version;
    const changed = setVersion(root, '98.7.6-rc.5', new Date('2030-02-03'));
    expect([...changed].sort()).toEqual([...changedFiles()].sort());
    for (const file of [
      'package.json',
      'package-lock.json',
      'packages/connector/package.json',
      'packages/connector/src/version.ts',
      'deploy/template.yml',
      'CHANGELOG.md',
    ])
      expect(changed).toContain(file);
    // In no manifest of the repository is the one before left, as its own version or as that of another package of it.
    for (const file of changed.filter((each) => path.basename(each) === 'package.json')) {
      const text = readFileSync(path.join(root, file), 'utf8');
      expect(text).not.toMatch(new RegExp(`"(version|@timestream-prometheus/[^"]*)": "${before.replaceAll('.', String.raw`\.`)}"`));
    }
    expect(readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8')).toContain('## Unreleased\n\n## 98.7.6-rc.5 (2030-02-03)\n');
    expect(setVersion(root, '98.7.6-rc.5', new Date('2030-02-04'))).toEqual([]);
  });

  it.each(['1.2', 'v1.2.3', '1.2.3+build', '', '1.2.3 '])('refuses "%s" as a version', (version) => {
    expect(() => setVersion(root, version, new Date())).toThrow('is no version');
    expect(changedFiles()).toEqual([]);
  });

  it('sets one address of the repository, in every package that has one', () => {
    expect(repositoriesOf(root)).toHaveLength(1);
    const changed = setRepository(root, 'https://forge.example/some-owner/a.name');
    expect([...changed].sort()).toEqual([...changedFiles()].sort());
    expect(changed).toContain('package.json');
    expect(changed).toContain('packages/prom-codec/package.json');
    expect(repositoriesOf(root)).toEqual(['https://forge.example/some-owner/a.name']);
    expect(setRepository(root, 'https://forge.example/some-owner/a.name.git')).toEqual([]);
    // Nothing else of a manifest changes.
    expect(git('diff', '--unified=0')).not.toMatch(/^\+(?!\+\+| +"url": "git\+https:\/\/forge\.example\/some-owner\/a\.name\.git",?$)/m);
  });

  it.each(['git@forge.example:owner/name', 'http://forge.example/owner/name', 'https://forge.example', 'https://forge.example/', ''])(
    'refuses "%s" as the address of a repository',
    (address) => {
      expect(() => setRepository(root, address)).toThrow('is no address of a repository');
      expect(changedFiles()).toEqual([]);
    },
  );
});
