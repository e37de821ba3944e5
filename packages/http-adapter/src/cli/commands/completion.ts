import { MISUSE_EXIT, type CommandDefinition } from '../command-definition.js';
import { completionScript, SHELLS } from '../completion-script.js';

/** @param commands what there is to complete, beside itself and `serve` */
export function completionCommand(commands: readonly CommandDefinition[]): CommandDefinition {
  const definition: CommandDefinition = {
    name: 'completion',
    summary: 'Print a script that completes commands, options and values in a shell.',
    args: [{ name: 'shell', help: `One of ${SHELLS.join(', ')}.`, isRequired: true, completes: SHELLS }],
    connectorOptions: [],
    ownOptions: [],
    examples: [
      { line: 'completion bash > ~/.local/share/bash-completion/completions/timestream-prometheus', meaning: 'bash, for you' },
      { line: 'completion zsh > "${fpath[1]}/_timestream-prometheus"', meaning: 'zsh' },
      { line: 'completion fish > ~/.config/fish/completions/timestream-prometheus.fish', meaning: 'fish' },
    ],
    exitCodes: [{ code: 0, meaning: 'the script is on standard output' }, MISUSE_EXIT],
    run({ args }, host) {
      const shell = SHELLS.find((known) => known === args[0]);
      if (shell === undefined) {
        host.writeErr(
          `timestream-prometheus: the shell must be one of ${SHELLS.join(', ')} (see timestream-prometheus completion --help)\n`,
        );
        return Promise.resolve(MISUSE_EXIT.code);
      }
      host.writeOut(completionScript(shell, [...commands, definition]));
      return Promise.resolve(0);
    },
  };
  return definition;
}
