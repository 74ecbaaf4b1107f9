import { defineCommand } from './command.ts';
import { commandLineValues, settingOptions } from './config-options.ts';
import { exitCode } from './exit-code.ts';

const { config, pid, exe, port, functions, inlined } = settingOptions;

export default defineCommand({
  name: 'run',
  summary: 'trace running Go processes and export traces and metrics',
  description: `Without --pid, --exe or --port (or the SIDESPAN_TARGET_* settings) every Go process of a container's own PID
namespace is traced; in the host's namespace the candidates are listed and you are asked to choose.
Nothing is exported unless OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_TRACES_EXPORTER says so; the viewer shows everything.
Write patterns between single quotes: the shell has its own meaning for * ( ) and ;`,
  examples: [
    ['sidespan run', 'in a container that shares the PID namespace of a Go service: trace it'],
    ["sidespan run --port 8080 --functions 'main.*;*.(*Cart).Add'", 'also trace functions of the service on that port'],
    [
      "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318 sidespan run --exe '/app/*'",
      'export traces and metrics of these services to a collector',
    ],
  ],
  options: { config, pid, exe, port, functions, inlined },
  async run(context) {
    const { options, env, stderr, style } = context;
    const stop = context.stopSignal();
    const { loadConfig } = await import('../config/load-config.ts');
    const loaded = loadConfig(env, options.config, commandLineValues(options));
    const { functionPattern } = await import('../probe/pattern.ts');
    for (const pattern of loaded.config.functions) functionPattern(pattern);
    const { createLog } = await import('../agent/log.ts');
    const log = createLog(loaded.config.logLevel, (line) => stderr.line(line));
    for (const warning of loaded.warnings) log.warn(warning);
    const { chooseSelection } = await import('./choose-selection.ts');
    const selection = await chooseSelection(loaded.config.target);
    const { runAgent } = await import('./run-agent.ts');
    return stop.aborted ? exitCode.done : await runAgent(loaded.config, selection, stop, { log, stderr, style });
  },
});
