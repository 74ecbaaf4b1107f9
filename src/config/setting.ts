import type { ValueType } from './value-type.ts';

/** Headings of the documentation, in order. */
export const settingGroups = [
  'What to trace',
  'What to read of a call',
  'Viewer and agent',
  'Telemetry',
  'OTLP',
  'Prometheus and metrics',
  'Spans',
] as const;

export type SettingGroup = (typeof settingGroups)[number];

/** One row of the schema. Its name is an environment variable and a key of the YAML file. */
export interface Setting<T> {
  readonly type: ValueType<NonNullable<T>>;
  readonly group: SettingGroup;
  /** One sentence or two; Markdown's backticks allowed. */
  readonly description: string;
  readonly example: string;
  /** The default as it would be written. Without one the value is undefined unless set. */
  readonly fallback?: string;
  /** What undefined comes to, for the documentation. */
  readonly otherwise?: string;
  /** Only the environment and the command line can set it. */
  readonly notInFile?: true;
}

/** A setting that always has a value. */
export function withDefault<T>(row: Setting<T> & { readonly fallback: string }): Setting<T> {
  return row;
}

/** A setting that may stay undefined. */
export function optional<T>(row: Omit<Setting<T>, 'fallback'>): Setting<T | undefined> {
  return row as Setting<T | undefined>;
}
