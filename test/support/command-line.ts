import { type ParseArgsConfig, parseArgs } from 'node:util';

/**
 * The options and words that one of the test programs was started with. With `--help` its usage is printed and the process
 * ends; so it does with exit code 2 where an option is unknown or lacks its value.
 * @param usage begins with the program's command line: `npm run test:fuzz -- [--seed N]`
 */
export function commandLine<const T extends ParseArgsConfig>(
  usage: string,
  config: T,
): ReturnType<typeof parseArgs<T>> {
  const args = process.argv.slice(2);
  const isOption = (arg: string) => arg === '--help' || arg === '-h';
  if (args.slice(0, args.includes('--') ? args.indexOf('--') : undefined).some(isOption)) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    // Node's errors about a command line, and nothing else.
    const { code, message } = error as NodeJS.ErrnoException;
    if (!code?.startsWith('ERR_PARSE_ARGS_')) throw error;
    return endWithUsage(usage, message);
  }
}

/** Says what is wrong with the command line, and how it should be. */
export function endWithUsage(usage: string, problem: string): never {
  process.stderr.write(`${problem}\nusage: ${usage}\n`);
  process.exit(2);
}
