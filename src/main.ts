#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import type { CommandContext, StopReason } from './commands/command.ts';
import { commandList, loadCommand } from './commands/command-list.ts';
import { errorText } from './commands/error-text.ts';
import { exitCode, exitCodeOf } from './commands/exit-code.ts';
import { commandHelp, overview } from './commands/help-text.ts';
import { openOutput } from './commands/output.ts';
import { parseArguments } from './commands/parse-arguments.ts';
import { styleFor } from './commands/style.ts';
import { compileCache } from './package-file.ts';

// Commands are loaded when they are asked for.
const cache = compileCache();
if (cache !== undefined) enableCompileCache(cache);

const env = process.env;
const style = { stdout: styleFor(process.stdout, env), stderr: styleFor(process.stderr, env) };
const stop = new AbortController();
let stopWatched = false;
/** For what is left to end by itself. */
const lastMomentMs = 100;

const stdout = openOutput(process.stdout, 'stdout', () => {
  if (stopWatched) stop.abort('output closed' satisfies StopReason);
  else process.exit(exitCode.done);
});
// Without stderr nobody reads the notes: the work goes on.
const stderr = openOutput(process.stderr, 'stderr', () => {});

process.exitCode = await main(process.argv.slice(2));
// A request to a receiver that hangs ends with its own time, which gRPC does not let us cut short: it must not hold us up.
setTimeout(() => process.exit(), lastMomentMs).unref();

async function main(args: readonly string[]): Promise<number> {
  try {
    const code = await runCommand(args);
    await written();
    const failure = stdout.failure();
    if (failure) throw failure;
    return code;
  } catch (error) {
    stderr.write(errorText(error, style.stderr, { stack: env['SIDESPAN_LOG_LEVEL'] === 'debug' }));
    return exitCodeOf(error);
  }
}

async function runCommand([first, ...rest]: readonly string[]): Promise<number> {
  if (first === undefined) {
    stderr.write(overview(commandList, style.stderr));
    return exitCode.usage;
  }
  if (first === '--help' || first === '-h') {
    stdout.write(overview(commandList, style.stdout));
    return exitCode.done;
  }
  const command = await loadCommand(first === '--version' || first === '-V' ? 'version' : first);
  const { help, ...parsed } = parseArguments(command, rest);
  if (help) {
    stdout.write(commandHelp(command, style.stdout));
    return exitCode.done;
  }
  const context: CommandContext = { ...parsed, env, stdout, stderr, style, stopSignal };
  return await command.run(context);
}

function stopSignal(): AbortSignal {
  if (!stopWatched) {
    stopWatched = true;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        // The second time the user means it. 128 + number, as shells show a death by signal.
        if (stop.signal.aborted && signal !== 'SIGHUP') process.exit(signal === 'SIGINT' ? 130 : 143);
        stop.abort(signal satisfies StopReason);
      });
    }
  }
  return stop.signal;
}

/** Lets the `error` events of the last writes arrive. */
async function written(): Promise<void> {
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  await new Promise<void>((resolve) => setImmediate(resolve));
}
