import { defineCommand } from './command.ts';
import { settingOptions } from './config-options.ts';

const { config, pid, exe, port, functions } = settingOptions;

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
  options: { config, pid, exe, port, functions },
  async run() {
    throw new Error('not wired yet');
  },
});
