import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import { isMissing } from '../harness/requirements.js';
import { connectorProgram } from '../harness/start-connector.js';

/** What a shell writes to a terminal beside text: how it looks, and where the cursor goes. */
// oxlint-disable-next-line no-control-regex -- terminals are told what to do by such characters.
const TERMINAL_CODES = /\u001b\[[0-9;?]*[A-Za-z]|\r/g;

/**
 * zsh completes only where somebody types. This one runs another zsh in a terminal of its own, types the words and the tabulator key, and
 * prints what completion adds: every way of completing ends in `compadd`.
 */
const ZSH_TYPIST = `
zmodload zsh/zpty
zpty typist 'exec zsh -f -i'
zpty -w typist "source $1; print REA''DY"
while zpty -r typist line; do [[ $line == *READY* ]] && break; done
zpty -n -w typist "$2"$'\\t'
while zpty -r typist line; do print -r -- "$line"; [[ $line == END* ]] && break; done
zpty -d typist
`;

const ZSH_SETTINGS = `
PROMPT=
fpath=($COMPLETIONS $fpath)
autoload -Uz compinit; compinit -u -D
compadd() {
  local -a offered
  # With these options it fills variables and offers nothing.
  if (( \${@[(I)-[A-Za-z]#[OAD]]} )); then builtin compadd "$@"; return; fi
  builtin compadd -A offered "$@"
  (( $#offered )) && print -rl -- "OFFER:"\${^offered}
  builtin compadd "$@"
}
list-offers() { print; _main_complete; print; print END; compstate[insert]=''; compstate[list]=''; }
zle -C list-offers complete-word list-offers
bindkey '^I' list-offers
`;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'timestream-prometheus-shells-'));
  mkdirSync(path.join(folder, 'completions'));
  for (const [shell, name] of [
    ['zsh', '_timestream-prometheus'],
    ['fish', 'timestream-prometheus.fish'],
  ] as const) {
    writeFileSync(path.join(folder, 'completions', name), execFileSync(process.execPath, [connectorProgram, 'completion', shell]));
  }
  writeFileSync(path.join(folder, 'settings.zsh'), ZSH_SETTINGS);
  writeFileSync(path.join(folder, 'typist.zsh'), ZSH_TYPIST);
  mkdirSync(path.join(folder, 'work'));
  writeFileSync(path.join(folder, 'work', 'samples.txt'), '');
});

/** Without the settings of whoever runs the tests. */
const runShell = (shell: string, args: readonly string[]): string =>
  execFileSync(shell, args, {
    cwd: path.join(folder, 'work'),
    encoding: 'utf8',
    timeout: 60_000,
    env: { PATH: process.env['PATH'], HOME: folder, TERM: 'dumb', COMPLETIONS: path.join(folder, 'completions') },
  });

function offersOfZsh(line: string): readonly string[] {
  const shown = runShell('zsh', ['-f', path.join(folder, 'typist.zsh'), path.join(folder, 'settings.zsh'), line]);
  return [...shown.replaceAll(TERMINAL_CODES, '').matchAll(/^OFFER:(.*)$/gm)].map(([, offer = '']) => offer).sort();
}

function offersOfFish(line: string): readonly string[] {
  const script = path.join(folder, 'completions', 'timestream-prometheus.fish');
  const shown = runShell('fish', ['--no-config', '-c', `source '${script}'; complete -C '${line}'`]);
  return shown
    .split('\n')
    .filter((offer) => offer !== '')
    .map((offer) => offer.split('\t')[0] ?? '')
    .sort();
}

const shells = [
  { shell: 'zsh', isMissingHere: isMissing('zsh'), offersOf: offersOfZsh, valueOf: (_flag: string, value: string) => value },
  { shell: 'fish', isMissingHere: isMissing('fish'), offersOf: offersOfFish, valueOf: (flag: string, value: string) => `${flag}=${value}` },
];

for (const { shell, isMissingHere, offersOf, valueOf } of shells) {
  describe.skipIf(isMissingHere)(`completion in a real ${shell}`, () => {
    it('offers the commands', () => {
      expect(offersOf('timestream-prometheus ')).toEqual(
        expect.arrayContaining(['completion', 'doctor', 'explain', 'export', 'import', 'serve', 'table', 'users']),
      );
      expect(offersOf('timestream-prometheus im')).toEqual(['import']);
      expect(offersOf('timestream-prometheus table ')).toEqual(['create', 'describe']);
    });

    it('offers the options of the command, and those of serve where none is named', () => {
      expect(offersOf('timestream-prometheus doctor --out').map((offer) => offer.replace(/=$/, ''))).toEqual(['--output']);
      expect(offersOf('timestream-prometheus table create --part').map((offer) => offer.replace(/=$/, ''))).toEqual([
        '--partition-key',
        '--partition-key-required',
      ]);
      expect(offersOf('timestream-prometheus --web.l').map((offer) => offer.replace(/=$/, ''))).toEqual(['--web.listen-address']);
      expect(offersOf('timestream-prometheus serve --web.l').map((offer) => offer.replace(/=$/, ''))).toEqual(['--web.listen-address']);
      expect(offersOf('timestream-prometheus doctor --web.l')).toEqual([]);
    });

    it('offers the values of an option that has few, and nothing beside them', () => {
      expect(offersOf('timestream-prometheus doctor --output=')).toEqual([valueOf('--output', 'json'), valueOf('--output', 'text')]);
      expect(offersOf('timestream-prometheus serve --log.level=w')).toEqual([valueOf('--log.level', 'warn')]);
      expect(offersOf('timestream-prometheus --storage=em')).toEqual([valueOf('--storage', 'embedded')]);
    });

    it('offers files where a file is meant', () => {
      expect(offersOf('timestream-prometheus import sam')).toEqual(['samples.txt']);
      expect(offersOf('timestream-prometheus completion ')).toEqual(['bash', 'fish', 'zsh']);
    });
  });
}
