import { type Config, resolveConfig } from './config.ts';
import { ConfigError, type ConfigProblem, problemText } from './config-error.ts';
import { readConfigFile } from './config-file.ts';
import { readEnvironment } from './environment.ts';
import { type SettingName, settingNames, settingOf, settingsSchema } from './schema.ts';

/** Where a value came from. Later kinds win over earlier ones. */
export type Source =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly file: string; readonly line: number }
  | { readonly kind: 'environment' }
  | { readonly kind: 'command line'; readonly option: string };

export interface LoadedConfig {
  readonly config: Config;
  /** Of every setting, in the order of the schema. A setting whose bad value was ignored counts as default. */
  readonly sources: ReadonlyMap<SettingName, Source>;
  /** What was given for every setting that has something given. */
  readonly texts: ReadonlyMap<SettingName, string>;
  /** Full sentences for the user: ignored values, unsupported ones. */
  readonly warnings: readonly string[];
}

/** A setting given by an option: `--pid 12` gives SIDESPAN_TARGET_PID. */
export interface CommandLineValue {
  readonly setting: SettingName;
  /** `--pid` */
  readonly option: string;
  readonly text: string | undefined;
}

/**
 * Reads the whole configuration: defaults, then the YAML file, then the environment, then the command line.
 * @param env usually process.env.
 * @param file path of the YAML file; left out, SIDESPAN_CONFIG names it.
 * @throws ConfigError with every problem found: unknown names, bad values. Bad OTEL_* values of the environment are not
 *   problems but warnings, and count as unset, as the specification demands.
 */
export function loadConfig(
  env: Readonly<Record<string, string | undefined>>,
  file?: string | undefined,
  commandLine: readonly CommandLineValue[] = [],
): LoadedConfig {
  const environment = readEnvironment(env);
  const problems: ConfigProblem[] = [...environment.problems];
  const texts = new Map<SettingName, string>();
  const sources = new Map<SettingName, Source>(settingNames.map((name) => [name, { kind: 'default' }]));
  const give = (name: SettingName, text: string, source: Source) => {
    texts.set(name, text);
    sources.set(name, source);
  };

  const path = file ?? environment.texts.get('SIDESPAN_CONFIG');
  if (path !== undefined) {
    const { entries, problems: wrong } = readConfigFile(path);
    problems.push(...wrong);
    for (const [name, { text, line }] of entries) give(name, text, { kind: 'file', file: path, line });
  }
  for (const [name, text] of environment.texts) give(name, text, { kind: 'environment' });
  for (const { setting, option, text } of commandLine) {
    if (text === '') problems.push({ place: `command line (${option})`, what: 'has no value', remedy: 'Give one.' });
    else if (text !== undefined) give(setting, text, { kind: 'command line', option });
  }
  if (file !== undefined) give('SIDESPAN_CONFIG', file, { kind: 'command line', option: '--config' });

  const warnings = [...environment.warnings];
  let parsed = settingsSchema.safeParse(Object.fromEntries(texts));
  if (!parsed.success) {
    for (const {
      path: [key],
      message,
      ...issue
    } of parsed.error.issues) {
      const name = key as SettingName;
      const source = sources.get(name)!;
      const remedy = 'params' in issue ? String(issue.params?.['remedy']) : 'See `sidespan config`.';
      const problem = { name, place: placeText(source), what: message, remedy };
      if (source.kind === 'environment' && name.startsWith('OTEL_') && !name.endsWith('_ENDPOINT')) {
        const rest = settingOf(name).type.withoutBad?.(texts.get(name)!) ?? '';
        warnings.push(`${problemText(problem)} ${rest === '' ? 'The value' : 'It'} is ignored.`);
        if (rest !== '') texts.set(name, rest);
        else {
          texts.delete(name);
          sources.set(name, { kind: 'default' });
        }
      } else {
        problems.push(problem);
      }
    }
    parsed = settingsSchema.safeParse(Object.fromEntries(texts));
  }
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);

  const resolved = resolveConfig(parsed.data, (name) => placeText(sources.get(name)!));
  warnings.push(...resolved.warnings);
  return { config: resolved.config, sources, texts, warnings };
}

/** `environment`, `sidespan.yaml:3`, `command line (--pid)`, `default`. */
export function placeText(source: Source): string {
  if (source.kind === 'file') return `${source.file}:${source.line}`;
  if (source.kind === 'command line') return `command line (${source.option})`;
  return source.kind;
}
