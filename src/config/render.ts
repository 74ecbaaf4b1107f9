import { type LoadedConfig, placeText } from './load-config.ts';
import { type SettingName, settingNames, settingOf } from './schema.ts';

/** One setting as `sidespan config` shows it. */
export interface ShownSetting {
  readonly name: SettingName;
  /** As it would be written; secrets replaced by ***. Absent: not set and without a default. */
  readonly value?: string | undefined;
  /** `default`, `environment`, `sidespan.yaml:3`, `command line (--pid)`. */
  readonly source: string;
  /** What holds where nothing is set. */
  readonly otherwise?: string | undefined;
}

/** The effective settings in the order of the schema. */
export function shownSettings({ texts, sources }: LoadedConfig): ShownSetting[] {
  return settingNames.map((name) => {
    const { type, fallback, otherwise } = settingOf(name);
    const given = texts.get(name);
    const value = given === undefined ? fallback : type.redact ? type.redact(given) : given;
    const source = placeText(sources.get(name)!);
    return given === undefined ? { name, value: value || undefined, source, otherwise } : { name, value, source };
  });
}
