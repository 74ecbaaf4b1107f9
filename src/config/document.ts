import { type SettingName, settingNames, settingOf } from './schema.ts';
import { settingGroups } from './setting.ts';

/** The README's table of all settings, made from the schema. */
export function configurationMarkdown(): string {
  return grouped()
    .map(({ group, names }) => {
      const rows = names.map((name) => {
        const { description, example } = settingOf(name);
        return `| \`${name}\` | ${cell(description)} | ${cell(defaultText(name))} | \`${cell(example)}\` |`;
      });
      return [`### ${group}`, '', '| Setting | Meaning | Default | Example |', '|---|---|---|---|', ...rows].join('\n');
    })
    .join('\n\n')
    .concat('\n');
}

/** `config/sidespan.yaml`: every setting, commented out, with its meaning, default and an example. */
export function configurationExample(): string {
  const head = [
    '# Settings of Sidespan. Use it with `sidespan run --config FILE` or SIDESPAN_CONFIG=FILE.',
    '# The names are those of the environment variables, which win over this file.',
    '# Every setting is shown with an example; take away the # before those that you need.',
  ];
  const body = grouped().flatMap(({ group, names }) => [
    '',
    `# ---- ${group} ${'-'.repeat(Math.max(0, 90 - group.length))}`,
    ...names.filter((name) => !settingOf(name).notInFile).flatMap(exampleOf),
  ]);
  return [...head, ...body, ''].join('\n');
}

function exampleOf(name: SettingName): string[] {
  const { description, example, type } = settingOf(name);
  const label = type.label.replaceAll('`', '');
  const words = `${description.replaceAll('`', '')} (${label}; default: ${defaultText(name).replaceAll('`', '')})`;
  const value =
    type.fromList && example.includes(';')
      ? example
          .split(';')
          .map((item) => `\n#   - ${scalar(item)}`)
          .join('')
      : ` ${scalar(example)}`;
  return ['', ...wrapped(words, 115).map((line) => `# ${line}`), ...`#${name}:${value}`.split('\n')];
}

function grouped(): { readonly group: string; readonly names: readonly SettingName[] }[] {
  return settingGroups.map((group) => ({
    group,
    names: settingNames.filter((name) => settingOf(name).group === group),
  }));
}

function defaultText(name: SettingName): string {
  const { fallback, otherwise } = settingOf(name);
  return otherwise ?? (fallback === undefined ? 'not set' : `\`${fallback}\``);
}

/** Pipes end a table's cell, also within backticks. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** A YAML scalar; quoted where a plain one would mean something else. */
function scalar(text: string): string {
  return /^[\w/][\w/.:@,=+() *%-]*$/.test(text) && !/: |\s#|:$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`;
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line += `${line === '' ? '' : ' '}${word}`;
  }
  return [...lines, line];
}
