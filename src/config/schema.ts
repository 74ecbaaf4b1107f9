import * as z from 'zod';
import { httpSettings } from './http-settings.ts';
import { otlpSettings } from './otlp-settings.ts';
import { ownSettings } from './own-settings.ts';
import type { Setting } from './setting.ts';
import { telemetrySettings } from './telemetry-settings.ts';

/** Every setting there is. Documentation, example file, completion and checking are all made from these rows. */
export const settings = { ...ownSettings, ...telemetrySettings, ...httpSettings, ...otlpSettings };

export type SettingName = keyof typeof settings;

/** The parsed value of every setting, by name. */
export type SettingValues = {
  readonly [Name in SettingName]: (typeof settings)[Name] extends Setting<infer T> ? T : never;
};

export const settingNames = Object.keys(settings) as readonly SettingName[];

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settings, name);
}

/** The row of a setting, whatever its type. */
export function settingOf(name: SettingName): Setting<unknown> {
  return settings[name] as Setting<unknown>;
}

/** Texts by name -> values by name. A missing text takes the setting's default. */
export const settingsSchema = z.object(
  Object.fromEntries(
    settingNames.map((name) => {
      const { type, fallback } = settingOf(name);
      return [name, fallback === undefined ? type.schema.optional() : type.schema.prefault(fallback)];
    }),
  ),
) as unknown as z.ZodType<SettingValues, Readonly<Partial<Record<SettingName, string>>>>;
