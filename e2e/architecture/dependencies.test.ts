import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly deprecated?: string;
  readonly hasInstallScript?: boolean;
  readonly engines?: { readonly node?: string } | readonly string[];
}

const lock = JSON.parse(readFileSync(path.join(repositoryRoot, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};
/** What a user of the packages installs: everything that comes from a registry and is not only for development. */
const production = Object.entries(lock.packages).filter(
  ([place, { dev, link }]) => place.includes('node_modules/') && dev !== true && link !== true,
);

/** Licences that let their code be used in, and given away with, a program under Apache-2.0. */
const allowedLicences = ['Apache-2.0', 'MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0', 'Unlicense'];

/** What may run a script when it is installed. Nothing else does, whatever an update brings. */
const allowedInstallScripts: readonly string[] = [];

describe('a production dependency', () => {
  it('there are some to look at', () => {
    expect(production.length).toBeGreaterThan(20);
  });

  it('has a licence that allows its use here', () => {
    const others = production.filter(([, { license }]) => !license?.split(/ OR |[()]/).some((one) => allowedLicences.includes(one)));
    expect(others.map(([place, { license }]) => `${place}: ${license ?? 'none named'}`)).toEqual([]);
  });

  it('runs on Node 20.19', () => {
    const others = production.filter(([, { engines }]) => engines !== undefined && 'node' in engines && !takesNode20(engines.node ?? '*'));
    expect(others.map(([place, { engines }]) => `${place}: ${JSON.stringify(engines)}`)).toEqual([]);
  });

  it('runs no script when it is installed, and is not deprecated', () => {
    const others = production.filter(
      ([place, { hasInstallScript, deprecated }]) =>
        deprecated !== undefined || (hasInstallScript === true && !allowedInstallScripts.includes(place)),
    );
    expect(others.map(([place]) => place)).toEqual([]);
  });
});

describe('the check of engines', () => {
  it.each([
    ['>=18', true],
    ['>= 20.19', true],
    ['>=22', false],
    ['^18.0.0 || ^20.0.0 || >=22', true],
    ['^22.12.0 || >=24', false],
    ['20 || >=22', true],
    ['>=20.20.0', false],
    ['*', true],
    ['>=14.0.0 <21', true],
    ['>=12 <20', false],
  ])('says of %s that it takes Node 20.19: %s', (range, expected) => {
    expect(takesNode20(range)).toBe(expected);
  });
});

/** Whether a range of versions, as npm writes them, contains 20.19.0. A form that is not known here counts as no. */
function takesNode20(range: string): boolean {
  return range.split('||').some((alternative) =>
    alternative
      .trim()
      .replaceAll(/([<>=^~]) +/g, '$1')
      .split(/\s+/)
      .every(takesBy),
  );
}

function takesBy(comparator: string): boolean {
  const [, operator = '', ...numbers] = /^(>=|<=|>|<|\^|~|=|)v?(\d+)(?:\.(\d+|x|\*))?(?:\.(\d+|x|\*))?$/.exec(comparator) ?? [];
  if (comparator === '*' || comparator === '' || comparator === 'x') return true;
  const [major, minor, patch] = numbers.map((part: string | undefined) =>
    part === undefined || /[x*]/.test(part) ? undefined : Number(part),
  );
  if (major === undefined) return false;
  const order = 20 - major || 19 - (minor ?? 0) || 0 - (patch ?? 0);
  switch (operator) {
    case '>=':
      return order >= 0;
    case '>':
      return order > 0;
    case '<=':
      return order <= 0;
    case '<':
      return order < 0;
    case '^':
      return major === 20 && order >= 0;
    case '~':
      return major === 20 && (minor === undefined || minor === 19) && order >= 0;
    default:
      return major === 20 && (minor === undefined || minor === 19) && (patch === undefined || patch === 0);
  }
}
