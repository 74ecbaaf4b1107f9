import type { Command, Option } from './command.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

const helpOption: readonly [string, Option] = ['help', { type: 'boolean', short: 'h', description: 'show help' }];

/** A script for the shell that completes commands, options and their values. It calls nothing at completion time. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  return { bash, zsh, fish }[shell](commands);
}

function optionsOf(command: Command): (readonly [string, Option])[] {
  return [...Object.entries(command.options), helpOption];
}

function flags([name, { short }]: readonly [string, Option]): string[] {
  return short ? [`-${short}`, `--${name}`] : [`--${name}`];
}

/** A word in single quotes, for every one of the three shells' own way of quoting a single quote. */
function quote(text: string, shell: Shell): string {
  return `'${text.replaceAll("'", shell === 'fish' ? "\\'" : "'\\''")}'`;
}

function bash(commands: readonly Command[]): string {
  const cases = commands.map((command) => {
    const withValue = optionsOf(command).filter(([, { type }]) => type === 'string');
    const values = withValue.map((option) => `        ${flags(option).join('|')}) ${bashValues(option[1])}; return ;;`);
    return [
      `    ${command.name})`,
      ...(values.length > 0 ? ['      case $prev in', ...values, '      esac'] : []),
      ...(command.program ? ['      if [[ $program ]]; then _sidespan_files; return; fi'] : []),
      `      if [[ $cur == -* ]]; then _sidespan_words ${quote(optionsOf(command).flatMap(flags).join(' '), 'bash')}`,
      ...(command.positionals?.complete
        ? [`      else _sidespan_words ${quote(command.positionals.complete.join(' '), 'bash')}`]
        : []),
      '      fi ;;',
    ].join('\n');
  });
  return `# bash completion for sidespan: source <(sidespan completion bash)
_sidespan_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }
_sidespan_files() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); }
_sidespan() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} program= word
  # --option=value arrives as three words.
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    _sidespan_words ${quote([...commands.map(({ name }) => name), '--help', '--version'].join(' '), 'bash')}
    return
  fi
  for word in "\${COMP_WORDS[@]:2:COMP_CWORD-2}"; do [[ $word == -- ]] && program=1; done
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac
}
complete -F _sidespan sidespan
`;
}

function bashValues({ complete }: Option): string {
  if (complete === 'file') return '_sidespan_files';
  if (complete === 'pid') return '_sidespan_words "$(cd /proc && echo [0-9]*)"';
  return complete ? `_sidespan_words ${quote(complete.join(' '), 'bash')}` : ':';
}

function zsh(commands: readonly Command[]): string {
  const described = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`, 'zsh')}`);
  const cases = commands.map((command) => {
    const specs = optionsOf(command).flatMap((option) => {
      const [, { type, description, complete, placeholder, multiple }] = option;
      const value = type === 'string' ? `:${placeholder ?? 'value'}:${zshValues(complete)}` : '';
      return flags(option).map((flag) => {
        const others = multiple ? '*' : flags(option).length > 1 ? `(${flags(option).join(' ')})` : '';
        return quote(`${others}${flag}[${description.replace(/[[\]:\\]/g, '\\$&')}]${value}`, 'zsh');
      });
    });
    const { positionals, program } = command;
    if (positionals) specs.push(quote(`*:${positionals.placeholder}:${zshValues(positionals.complete)}`, 'zsh'));
    const files = program
      ? `if ((\${words[(I)--]} > 0 && \${words[(I)--]} < CURRENT)); then _files; return; fi\n      `
      : '';
    return `    ${command.name})\n      ${files}_arguments -s ${specs.join(' \\\n        ')} ;;`;
  });
  return `#compdef sidespan
# zsh completion for sidespan: source <(sidespan completion zsh), or as the file _sidespan in a folder of $fpath
_sidespan() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  shift words
  ((CURRENT--))
  case $words[1] in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _sidespan ]]; then _sidespan "$@"; else compdef _sidespan sidespan; fi
`;
}

function zshValues(complete: Option['complete']): string {
  if (complete === 'file') return '_files';
  if (complete === 'pid') return '_pids';
  return complete ? `(${complete.join(' ')})` : ' ';
}

function fish(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => {
    const seen = quote(`__fish_seen_subcommand_from ${command.name}`, 'fish');
    const { positionals } = command;
    return [
      `complete -c sidespan -f -n __fish_use_subcommand -a ${command.name} -d ${quote(command.summary, 'fish')}`,
      ...optionsOf(command).map(([name, { type, short, description, complete }]) =>
        [
          `complete -c sidespan -n ${seen} -l ${name}`,
          ...(short ? [`-s ${short}`] : []),
          ...(type === 'string' ? [fishValues(complete)] : []),
          `-d ${quote(description, 'fish')}`,
        ].join(' '),
      ),
      ...(positionals?.complete
        ? [`complete -c sidespan -f -n ${seen} -a ${quote(positionals.complete.join(' '), 'fish')}`]
        : []),
    ];
  });
  return `# fish completion for sidespan: sidespan completion fish > ~/.config/fish/completions/sidespan.fish
complete -c sidespan -e
${lines.join('\n')}
`;
}

function fishValues(complete: Option['complete']): string {
  if (complete === 'file') return '-r -F';
  if (complete === 'pid') return "-x -a '(__fish_complete_pids)'";
  return complete ? `-x -a ${quote(complete.join(' '), 'fish')}` : '-x';
}
