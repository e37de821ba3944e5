import { readFileSync, writeFileSync } from 'node:fs';
import { OPTIONS } from '@timestream-prometheus/connector';
import { describe, expect, it } from 'vitest';
import type { CommandDefinition, CommandOption } from '../../src/cli/command-definition.js';
import { COMMANDS } from '../../src/cli/commands/commands.js';
import { runCommand } from './run-command.js';

const pageUrl = new URL('../../../../docs/commands.md', import.meta.url);
const marker = '<!-- commands -->';

function ownOptionText({ flag, placeholder, help, defaultText }: CommandOption): string {
  return `- \`--${flag}=${placeholder}\`: ${help}${defaultText === '' ? '' : ` Default: \`${defaultText}\`.`}`;
}

/** The part of the page that comes from the definitions. */
function commandText({ name, summary, details, args, ownOptions, connectorOptions, examples, exitCodes }: CommandDefinition): string {
  const synopsis = [
    'timestream-prometheus',
    name,
    ...args.map((arg) => (arg.isRequired ? `<${arg.name}>` : `[${arg.name}]`)),
    '[options]',
  ].join(' ');
  const links = connectorOptions.map((key) => `\`--${OPTIONS[key].flag}\``).join(', ');
  return [
    `## ${name}`,
    summary,
    ...(details === undefined ? [] : [details]),
    `\`\`\`shell\n${synopsis}\n\`\`\``,
    [...args.map((arg) => `- \`${arg.name}\`: ${arg.help}`), ...ownOptions.map(ownOptionText)].join('\n'),
    ...(links === '' ? [] : [`And of [configuration.md](configuration.md): ${links}.`]),
    `\`\`\`shell\n${examples.map(({ line, meaning }) => `# ${meaning}\ntimestream-prometheus ${line}`).join('\n\n')}\n\`\`\``,
    `| exit code | because |\n| --- | --- |\n${exitCodes.map(({ code, meaning }) => `| ${code} | ${meaning} |`).join('\n')}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Tables and emphasis as Prettier sets them. */
function squeezed(text: string): string {
  return text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---').trim();
}

describe('docs/commands.md', () => {
  it('describes every command as its definition has it', () => {
    const expected = `\n\n${COMMANDS.map(commandText).join('\n\n')}\n`;
    const page = readFileSync(pageUrl, 'utf8');
    const end = page.indexOf(marker) + marker.length;
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(pageUrl, page.slice(0, end) + expected);
    else expect(squeezed(page.slice(end))).toBe(squeezed(expected));
  });
});

describe('the command line', () => {
  it.each(COMMANDS.map((command) => [command.name, command] as const))(
    'explains %s with examples and exit codes',
    async (name, command) => {
      const { exitCode, out } = await runCommand([...name.split(' '), '--help']);
      expect(exitCode).toBe(0);
      for (const { line } of command.examples) expect(out).toContain(`  timestream-prometheus ${line}\n`);
      for (const { code, meaning } of command.exitCodes)
        expect(out).toMatch(new RegExp(`^ {2}${code} +${meaning.slice(0, 20).replaceAll(/[()]/g, '.')}`, 'm'));
      expect(command.examples.length).toBeGreaterThan(0);
      expect(command.exitCodes.map(({ code }) => code)).toEqual(expect.arrayContaining([0, 2]));
    },
  );

  it('lists every command in its help', async () => {
    const { out } = await runCommand(['--help']);
    for (const name of ['serve', ...COMMANDS.map((command) => command.name.split(' ')[0] ?? '')])
      expect(out).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  });

  it.each([
    [['doctr'], "unknown command 'doctr' (Did you mean doctor?)"],
    [['tabel', 'create'], "unknown command 'tabel' (Did you mean table?)"],
    [['table', 'creat'], "unknown command 'creat' (Did you mean create?)"],
    [['doctor', '--ouput=json'], "unknown option '--ouput' (Did you mean --output?)"],
    [['--defalt-table=x'], "unknown option '--defalt-table' (Did you mean --default-table?)"],
  ])('refuses %j in one line that suggests what was meant', async (args, message) => {
    const { exitCode, out, err } = await runCommand(args);
    expect(err).toBe(`timestream-prometheus: ${message} (see timestream-prometheus --help)\n`);
    expect(out).toBe('');
    expect(exitCode).toBe(2);
  });

  it('refuses a wrong value of a command by its option and its rule', async () => {
    const { exitCode, err } = await runCommand(['doctor', '--output=yaml', '--default-database=d', '--default-table=t']);
    expect(err).toBe('timestream-prometheus: --output must be one of text, json, got "yaml" (see timestream-prometheus doctor --help)\n');
    expect(exitCode).toBe(2);
  });
});
