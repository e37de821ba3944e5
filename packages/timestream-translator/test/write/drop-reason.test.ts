import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dropReasons, refusalReasons } from '../../src/write/drop-reason.js';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

describe('README.md', () => {
  it('lists every drop reason with its outcome, and no other', () => {
    const rows = Array.from(readme.matchAll(/^\| (?<names>`[a-z-]+`(?:, `[a-z-]+`)*) +\| (?<outcome>rejected|accepted) +\|/gm));
    const documented = rows.flatMap(({ groups }) =>
      (groups?.['names'] ?? '').split(', ').map((name) => [name.slice(1, -1), groups?.['outcome']]),
    );
    expect(documented.sort()).toEqual(
      Object.entries(dropReasons)
        .map(([reason, { outcome }]) => [reason, outcome])
        .sort(),
    );
  });

  it.each(Object.keys(refusalReasons))('mentions the refusal %s', (reason) => {
    expect(readme).toContain(`\`${reason}\``);
  });
});
