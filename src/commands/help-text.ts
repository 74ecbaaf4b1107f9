import type { Command } from './command.ts';
import type { CommandEntry } from './command-list.ts';
import type { Style } from './style.ts';

/** The overview: what `sidespan --help` prints. */
export function overview(commands: readonly CommandEntry[], style: Style): string {
  return `${style.bold('Examples')}
  sidespan run                                    in a container beside a Go service: trace it and export
  sidespan trace --pid 4711 'main.*'              print the calls of these functions as they return
  sidespan doctor --pid 4711                      will tracing work here, for this process? If not, why?

${style.bold('Usage')}
  sidespan COMMAND [OPTIONS]

${style.bold('Commands')}
${columns(commands.map(({ name, summary }) => [name, summary]))}

\`sidespan help COMMAND\` explains one. Settings come from SIDESPAN_* and OTEL_* variables or a file: \`sidespan config\`.
Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 impossible here (see \`sidespan doctor\`).
`;
}

/** What `sidespan COMMAND --help` prints. */
export function commandHelp(command: Command, style: Style): string {
  const { positionals, program } = command;
  const usage = [
    `sidespan ${command.name}`,
    ...(Object.keys(command.options).length > 0 ? ['[OPTIONS]'] : []),
    ...(positionals ? [positionals.min === 0 ? `[${positionals.placeholder}]` : positionals.placeholder] : []),
    ...(program ? [`[-- ${program.placeholder}]`] : []),
  ].join(' ');
  const operands = [positionals, program].filter((operand) => operand !== undefined);
  const options = Object.entries(command.options).map(([name, { short, placeholder, description, multiple }]) => [
    `${short ? `-${short}, ` : ''}--${name}${placeholder ? ` ${placeholder}` : ''}`,
    multiple ? `${description} (may be repeated)` : description,
  ]);
  const sections = [
    `${capitalized(command.summary)}.${command.description ? `\n\n${command.description}` : ''}`,
    `${style.bold('Usage')}\n  ${usage}`,
    operands.length > 0 &&
      `${style.bold('Arguments')}\n${columns(operands.map(({ placeholder, description }) => [placeholder, description]))}`,
    `${style.bold('Options')}\n${columns([...options, ['-h, --help', 'show this help']])}`,
  ];
  const examples = `${style.bold('Examples')}\n${command.examples
    .map(([line, meaning]) => `  ${line}\n      ${meaning}`)
    .join('\n')}`;
  return `${[examples, ...sections].filter(Boolean).join('\n\n')}\n`;
}

/** Two columns, the second aligned; a first that is too wide stands on a line of its own. */
function columns(rows: readonly (readonly string[])[]): string {
  const widest = 24;
  const width = Math.min(widest, Math.max(...rows.map(([left = '']) => left.length)));
  return rows
    .map(([left = '', right = '']) =>
      left.length > widest ? `  ${left}\n  ${' '.repeat(width)}  ${right}` : `  ${left.padEnd(width)}  ${right}`,
    )
    .join('\n');
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
