import { OPTIONS, type Option } from '@timestream-prometheus/connector';
import type { CommandDefinition } from './command-definition.js';

export type Shell = 'bash' | 'zsh' | 'fish';

export const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish'];

interface CompletedOption {
  readonly flag: string;
  readonly help: string;
  /** Undefined: anything, and for a file its name. */
  readonly choices: readonly string[] | undefined;
  readonly isFile: boolean;
}

interface CompletedCommand {
  /** One word, or two. */
  readonly words: readonly string[];
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  readonly argument: CommandDefinition['args'][number]['completes'] | undefined;
}

/** What the placeholder of an option says about its values. */
function isFilePlaceholder(placeholder: string): boolean {
  return placeholder === '<file>' || placeholder === '<directory>';
}

function choicesOf(option: Pick<Option<unknown>, 'kind' | 'parse'>, choices: readonly string[] | undefined): readonly string[] | undefined {
  if (option.kind === 'boolean') return ['true', 'false'];
  if (choices !== undefined) return choices;
  // An option with few values names them in its rule.
  const parsed = option.parse('\u0000');
  const listed = 'rule' in parsed ? /^one of (.*)$/.exec(parsed.rule)?.[1] : undefined;
  return listed?.split(', ');
}

/** What fits beside a flag: up to the first full stop or colon, but more than a word, since some helps begin with a value that they explain. */
function firstSentence(help: string): string {
  const [sentence = ''] = help.split(/(?<=\.) /, 1);
  return (/^\S+ .+?(?=: )/.exec(sentence)?.[0] ?? sentence).replace(/\.$/, '');
}

function completedOption(
  option: Pick<Option<unknown>, 'flag' | 'help' | 'kind' | 'placeholder' | 'parse'>,
  choices?: readonly string[],
): CompletedOption {
  return {
    flag: option.flag,
    help: firstSentence(option.help),
    choices: choicesOf(option, choices),
    isFile: isFilePlaceholder(option.placeholder),
  };
}

function completedCommands(commands: readonly CommandDefinition[]): readonly CompletedCommand[] {
  const connector: readonly Option<unknown>[] = Object.values(OPTIONS);
  const serve = {
    words: ['serve'],
    summary: 'Serve remote write and remote read over HTTP.',
    options: connector.filter(({ scope }) => scope !== 'lambda').map((option) => completedOption(option)),
    argument: undefined,
  };
  return [
    serve,
    ...commands.map(({ name, summary, ownOptions, connectorOptions, args }) => ({
      words: name.split(' '),
      summary,
      options: [
        ...ownOptions.map((option) => completedOption(option, option.choices)),
        ...connectorOptions.map((key) => completedOption(OPTIONS[key])),
      ],
      argument: args[0]?.completes,
    })),
  ];
}

/** A script for a shell, made from the same tables as the help. It needs no call of the program while somebody types. */
export function completionScript(shell: Shell, commands: readonly CommandDefinition[]): string {
  const completed = completedCommands(commands);
  if (shell === 'bash') return bashScript(completed);
  return shell === 'zsh' ? zshScript(completed) : fishScript(completed);
}

function firstWords(commands: readonly CompletedCommand[]): readonly string[] {
  return [...new Set(commands.map(({ words }) => words[0] ?? ''))];
}

function secondWords(commands: readonly CompletedCommand[], first: string): readonly string[] {
  return commands.filter(({ words }) => words[0] === first && words.length > 1).map(({ words }) => words[1] ?? '');
}

/** Of a command of one word what it does, and of a group which commands it has. */
function summaryOf(commands: readonly CompletedCommand[], first: string): string {
  const own = commands.find(({ words }) => words.length === 1 && words[0] === first);
  return own?.summary ?? `${first} ${secondWords(commands, first).join(', ')}`;
}

function groupsOf(commands: readonly CompletedCommand[]): readonly string[] {
  return firstWords(commands).filter((first) => secondWords(commands, first).length > 0);
}

function bashScript(commands: readonly CompletedCommand[]): string {
  const valueCases = new Map<string, string>();
  for (const { options } of commands) {
    for (const { flag, choices, isFile } of options) {
      if (choices !== undefined) valueCases.set(flag, `COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$value"))`);
      else if (isFile) valueCases.set(flag, 'COMPREPLY=($(compgen -f -- "$value"))');
    }
  }
  const optionCases = commands.map(
    ({ words, options }) => `    '${words.join(' ')}') options='${[...options.map(({ flag }) => `--${flag}`), '--help'].join(' ')}' ;;`,
  );
  const argumentCases = commands.flatMap(({ words, argument }) => {
    if (argument === undefined || argument === 'nothing') return [];
    return [
      `    '${words.join(' ')}') ${argument === 'file' ? 'COMPREPLY=($(compgen -f -- "$current"))' : `COMPREPLY=($(compgen -W '${argument.join(' ')}' -- "$current"))`} ;;`,
    ];
  });
  return `# bash completion of timestream-prometheus
_timestream_prometheus() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command='' flag='' value='' options=''
  COMPREPLY=()
  command="\${COMP_WORDS[1]}"
  case "$command" in
${groupsOf(commands)
  .map((first) => `    '${first}') [ "$COMP_CWORD" -gt 2 ] && command="$command \${COMP_WORDS[2]}" ;;`)
  .join('\n')}
  esac
  [[ "$command" == -* ]] && command='serve'

  # bash takes --flag=value for three words.
  if [[ "$current" == '=' ]]; then
    flag="$previous" value=''
  elif [[ "$previous" == '=' ]]; then
    flag="\${COMP_WORDS[COMP_CWORD-2]}" value="$current"
  elif [[ "$previous" == --* && "$current" != -* ]]; then
    flag="$previous" value="$current"
  fi
  case "$flag" in
${[...valueCases].map(([flag, action]) => `    '--${flag}') ${action}; return ;;`).join('\n')}
  esac

  if [[ "$current" == -* ]]; then
    case "$command" in
${optionCases.join('\n')}
    esac
    COMPREPLY=($(compgen -W "$options" -- "$current"))
    return
  fi
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${firstWords(commands).join(' ')} --help --version' -- "$current"))
    return
  fi
  case "$command" in
${groupsOf(commands)
  .map((first) => `    '${first}') COMPREPLY=($(compgen -W '${secondWords(commands, first).join(' ')}' -- "$current")) ;;`)
  .join('\n')}
${argumentCases.join('\n')}
  esac
}
complete -F _timestream_prometheus timestream-prometheus
`;
}

/** In single quotes, as zsh and fish have them. */
function zshText(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll('[', '\\[').replaceAll(']', '\\]').replaceAll(':', '\\:');
}

function zshScript(commands: readonly CompletedCommand[]): string {
  const optionLines = ({ options }: CompletedCommand): string =>
    [
      ...options.map(({ flag, help, choices, isFile }) => {
        const action = choices === undefined ? (isFile ? '_files' : ' ') : `(${choices.join(' ')})`;
        return `      '--${flag}=[${zshText(help)}]:value:${action}'`;
      }),
      "      '--help[Show what the command does, with examples]'",
    ].join(' \\\n');
  const cases = commands.map((command) => {
    const { words, argument } = command;
    const list =
      argument === undefined || argument === 'nothing'
        ? ''
        : argument === 'file'
          ? " \\\n      '1:argument:_files'"
          : ` \\\n      '1:argument:(${argument.join(' ')})'`;
    return `    '${words.join(' ')}') _arguments \\\n${optionLines(command)}${list} ;;`;
  });
  const described = firstWords(commands).map((first) => `'${first}:${zshText(summaryOf(commands, first))}'`);
  return `#compdef timestream-prometheus
# zsh completion of timestream-prometheus
_timestream_prometheus() {
  local -a commands
  commands=(${described.join(' ')})
  if (( CURRENT == 2 )) && [[ "$words[2]" != -* ]]; then
    _describe 'command' commands
    return
  fi
  local command="$words[2]"
  if [[ "$command" == -* ]]; then
    command='serve'
  else
    shift words
    (( CURRENT-- ))
  fi
  case "$command" in
${groupsOf(commands)
  .map(
    (first) =>
      `    '${first}')
      if (( CURRENT == 2 )); then
        compadd ${secondWords(commands, first).join(' ')}
        return
      fi
      command="$command $words[2]"
      shift words
      (( CURRENT-- )) ;;`,
  )
  .join('\n')}
  esac
  case "$command" in
${cases.join('\n')}
  esac
}
# As a file of fpath this text is the body of the function that zsh calls first; elsewhere it only has to be made known.
if [[ "\${funcstack[1]}" == '_timestream-prometheus' ]]; then
  _timestream_prometheus "$@"
else
  compdef _timestream_prometheus timestream-prometheus
fi
`;
}

function fishText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = [
    '# fish completion of timestream-prometheus',
    'complete -c timestream-prometheus -f',
    "complete -c timestream-prometheus -l help -d 'Show what the command does, with examples'",
    "complete -c timestream-prometheus -n __fish_use_subcommand -l version -d 'Show the version'",
  ];
  for (const first of firstWords(commands)) {
    lines.push(`complete -c timestream-prometheus -n __fish_use_subcommand -a ${first} -d '${fishText(summaryOf(commands, first))}'`);
  }
  for (const { words, options, argument, summary } of commands) {
    const [first = '', second] = words;
    const condition =
      second === undefined
        ? first === 'serve'
          ? // Options without a command are those of serve.
            `not __fish_seen_subcommand_from ${firstWords(commands)
              .filter((word) => word !== 'serve')
              .join(' ')}`
          : `__fish_seen_subcommand_from ${first}`
        : `__fish_seen_subcommand_from ${first}; and __fish_seen_subcommand_from ${second}`;
    if (second !== undefined) {
      const others = secondWords(commands, first).join(' ');
      lines.push(
        `complete -c timestream-prometheus -n '__fish_seen_subcommand_from ${first}; and not __fish_seen_subcommand_from ${others}' -a ${second} -d '${fishText(summary)}'`,
      );
    }
    if (argument === 'file') lines.push(`complete -c timestream-prometheus -n '${condition}' -F`);
    else if (argument !== undefined && argument !== 'nothing')
      lines.push(`complete -c timestream-prometheus -n '${condition}' -a '${argument.join(' ')}'`);
    for (const { flag, help, choices, isFile } of options) {
      const values = choices === undefined ? (isFile ? '-r -F' : '-x') : `-x -a '${choices.join(' ')}'`;
      lines.push(`complete -c timestream-prometheus -n '${condition}' -l ${flag} ${values} -d '${fishText(help)}'`);
    }
  }
  return `${lines.join('\n')}\n`;
}
