import { defineCommand } from './command.ts';
import { settingOptions } from './config-options.ts';
import { type CheckResult, type CheckState, standsInTheWay } from './doctor/check.ts';
import { exitCode } from './exit-code.ts';
import { parsePid } from './parse-pid.ts';
import type { Style } from './style.ts';

export default defineCommand({
  name: 'doctor',
  summary: 'check whether tracing will work here, and say what is missing',
  description: `Each check is a small real attempt, or a look at what the kernel says: ok, limited, missing, or unknown where it could
not be asked, with the remedy. The exit code is 0 only if tracing will work, else 3.`,
  examples: [
    ['sidespan doctor', 'the kernel, the rights and the limits of this machine'],
    ['sidespan doctor --pid 4711', 'and of this process: its binary, its symbols, what can be traced of it'],
    ['sidespan doctor --json', 'the same as JSON'],
  ],
  options: {
    pid: settingOptions.pid,
    config: settingOptions.config,
    json: { type: 'boolean', description: 'print JSON' },
  },
  async run({ options, env, stdout, style }) {
    const pid = options.pid === undefined ? undefined : parsePid(options.pid, 'doctor');
    const [{ loadConfig }, { examine }] = await Promise.all([
      import('../config/load-config.ts'),
      import('./doctor/examine.ts'),
    ]);
    const { config } = loadConfig(env, options.config);
    const groups = await examine(config, pid);
    const obstacles = groups.flatMap(({ results }) => results).filter(standsInTheWay);
    const works = obstacles.length === 0;

    if (options.json) {
      const checks = groups.flatMap(({ group, results }) => results.map((result) => ({ group, ...result })));
      stdout.line(JSON.stringify({ works, checks }, null, 2));
    } else {
      for (const { group, results } of groups) {
        stdout.line(style.stdout.bold(group));
        for (const result of results) stdout.line(resultText(result, style.stdout));
        stdout.line();
      }
      stdout.line(verdict(obstacles, pid, style.stdout));
    }
    return works ? exitCode.done : exitCode.impossible;
  },
});

function verdict(obstacles: readonly CheckResult[], pid: number | undefined, { green, red }: Style): string {
  const names = (state: CheckState) => [
    ...new Set(obstacles.filter((found) => found.state === state).map(({ name }) => name)),
  ];
  const [missing, unknown] = [names('missing'), names('unknown')];
  if (missing.length > 0) return red(`Tracing will not work here. Missing: ${missing.join(', ')}.`);
  if (unknown.length > 0) return red(`Whether tracing will work can't be told. Unknown: ${unknown.join(', ')}.`);
  return green(pid === undefined ? 'Tracing will work here.' : `Tracing process ${pid} will work.`);
}

const nameWidth = 26;
const stateWidth = 7;

function resultText({ name, state, detail, remedy }: CheckResult, style: Style): string {
  const paint: Readonly<Record<CheckState, (text: string) => string>> = {
    ok: style.green,
    limited: style.yellow,
    missing: style.red,
    unknown: style.dim,
  };
  const lines = detail.split('\n');
  const indent = ' '.repeat(2 + stateWidth + 2 + nameWidth + 2);
  const text = `  ${paint[state](state.padEnd(stateWidth))}  ${name.padEnd(nameWidth)}  ${lines.join(`\n${indent}`)}`;
  return remedy === undefined ? text : `${text}\n${indent}-> ${remedy}`;
}
