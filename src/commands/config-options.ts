import type { CommandLineValue } from '../config/load-config.ts';
import type { SettingName } from '../config/schema.ts';
import type { Option } from './command.ts';

/** Options that stand for settings; those of a command are picked from here. */
export const settingOptions = {
  config: { type: 'string', placeholder: 'FILE', description: 'YAML file with settings', complete: 'file' },
  pid: { type: 'string', short: 'p', placeholder: 'N', description: 'the process with this id', complete: 'pid' },
  exe: {
    type: 'string',
    placeholder: 'PATTERN',
    description: "processes whose executable's path or name matches; '*': every Go process",
    complete: 'file',
  },
  port: { type: 'string', placeholder: 'N', description: 'processes that listen on this TCP port' },
  functions: {
    type: 'string',
    placeholder: 'PATTERNS',
    description: "functions to trace, separated by ';': 'main.*;github.com/acme/shop/cart.(*Cart).Add'",
  },
  inlined: {
    type: 'string',
    placeholder: 'on|off',
    description: 'count calls that the compiler inlined; off where small functions are called too often',
  },
} as const satisfies Record<string, Option>;

const settingOf = {
  pid: 'SIDESPAN_TARGET_PID',
  exe: 'SIDESPAN_TARGET_EXE',
  port: 'SIDESPAN_TARGET_PORT',
  functions: 'SIDESPAN_FUNCTIONS',
  inlined: 'SIDESPAN_INLINED',
} as const satisfies Record<string, SettingName>;

/** For `loadConfig`: the settings that were given as options. */
export function commandLineValues(
  options: Readonly<Partial<Record<keyof typeof settingOf, string | undefined>>>,
): CommandLineValue[] {
  return Object.entries(settingOf).map(([name, setting]) => ({
    setting,
    option: `--${name}`,
    text: options[name as keyof typeof settingOf],
  }));
}
