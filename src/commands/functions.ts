import type { GoFunction } from '../binary/go-binary.ts';
import { defineCommand } from './command.ts';
import { settingOptions } from './config-options.ts';
import { exitCode, UsageError } from './exit-code.ts';
import type { FunctionRow } from './function-row.ts';
import { parsePid } from './parse-pid.ts';

/** Lines are written so many characters at a time: a hundred thousand writes take longer than what they write. */
const chunkCharacters = 64 * 1024;

/** A progress line is drawn at most this often. */
const progressIntervalMs = 100;

export default defineCommand({
  name: 'functions',
  summary: 'list the functions of a process or file that can be traced',
  description: `Each function is a line: name, file and line, where its entry is probed, number of exits, signature. One that can't be
traced says why. Without a pattern all functions are listed.
In a pattern * matches any characters and ? one; write it between single quotes: the shell has its own meaning for
* ( ) and ; Of a package's path the last element is enough: http.(*conn).serve.`,
  examples: [
    [
      "sidespan functions --pid 4711 'main.*'",
      'functions of a running process, with signature and place in the source',
    ],
    ["sidespan functions --exe ./shop '*.(*Cart).*'", 'methods of a type in a file'],
    ["sidespan functions --pid 4711 --json '*'", 'everything, one JSON object a line'],
  ],
  options: {
    pid: settingOptions.pid,
    exe: { type: 'string', placeholder: 'FILE', description: 'an executable file', complete: 'file' },
    json: { type: 'boolean', description: 'one JSON object a line' },
  },
  positionals: { placeholder: 'PATTERN…', description: 'names or patterns; left out: all', min: 0, max: 1000 },
  async run({ options, positionals, stdout, stderr, style }) {
    if ((options.pid === undefined) === (options.exe === undefined)) {
      throw new UsageError('Give either --pid or --exe: the process or the file to look at.', 'functions');
    }
    const path = options.pid === undefined ? options.exe! : await executableOf(parsePid(options.pid, 'functions'));
    const [
      { loadedBuildmode },
      { openGoBinary },
      { findInlinedSites },
      { functionPattern },
      { selectFunctions },
      { SiteFinder },
      rows,
    ] = await Promise.all([
      import('../binary/build-info.ts'),
      import('../binary/open-go-binary.ts'),
      import('../probe/code/inlined-sites.ts'),
      import('../probe/pattern.ts'),
      import('../probe/select-functions.ts'),
      import('../probe/code/site-finder.ts'),
      import('./function-row.ts'),
    ]);

    const patterns = (positionals.length === 0 ? ['*'] : positionals).map(functionPattern);
    using binary = openGoBinary(path);
    using sites = new SiteFinder(binary);
    const selected = selectFunctions(binary, patterns, Number.POSITIVE_INFINITY);
    // One pass over all functions instead of a search for each name.
    const reasons = new Map(selected.untraceable.map(({ functionName, reason }) => [functionName, reason]));
    // For a whole program that would be most of the time.
    const lookAtInlined = options.json === true || positionals.length > 0;
    const inlinedSites = lookAtInlined ? findInlinedSites(binary, sites, selected.inlined) : undefined;
    // Several functions may have one name (`main.Map[...]`); which of them was inlined, that doesn't tell.
    const inlined = new Map(selected.inlined);
    const generated: GoFunction[] = [];
    if (reasons.size > 0) for (const fn of binary.functions()) if (reasons.has(fn.name)) generated.push(fn);
    const all = [...selected.functions, ...generated].sort((a, b) => a.entryVaddr - b.entryVaddr);

    const { goVersion } = binary.buildInfo;
    if (!options.json) {
      const parts = [
        goVersion === 'unknown' ? 'Go of unknown version' : goVersion,
        binary.arch,
        binary.hasDwarf ? 'DWARF' : 'no DWARF',
      ];
      stderr.line(`${path}: ${parts.join(', ')}; ${all.length} of ${binary.functionCount} functions`);
      const buildmode = loadedBuildmode(binary.buildInfo);
      if (buildmode !== undefined) {
        const isTraced =
          buildmode === 'plugin'
            ? 'where it is loaded, its functions are traced that the program does not have itself'
            : 'other programs load it, and only executables and plugins are traced';
        stderr.line(`It was built with -buildmode=${buildmode}: ${isTraced}.`);
      }
    }
    let chunk = '';
    const flush = () => {
      stdout.write(chunk);
      chunk = '';
    };
    const print = (row: FunctionRow) => {
      chunk += `${options.json ? JSON.stringify(rows.rowJson(row)) : rows.rowText(row, style.stdout)}\n`;
      if (chunk.length >= chunkCharacters) flush();
    };
    let drawnAt = Number.NEGATIVE_INFINITY;
    try {
      for (const [index, fn] of all.entries()) {
        if (stderr.isTTY && !stdout.isTTY && performance.now() - drawnAt > progressIntervalMs) {
          drawnAt = performance.now();
          stderr.write(`\r\x1b[K${index} of ${all.length}`);
        }
        const row = rows.functionRow(binary, sites, fn, {
          untraceable: reasons.get(fn.name),
          written: selected.signatures.get(fn.entryVaddr),
          inlined: inlined.get(fn.name),
          inlinedSites,
        });
        inlined.delete(fn.name);
        print(row);
      }
      for (const name of selected.onlyInlined) {
        print(rows.inlinedRow(binary, name, { inlined: inlined.get(name), inlinedSites }));
      }
    } finally {
      flush();
    }
    if (drawnAt > 0) stderr.write('\r\x1b[K');

    for (const { pattern, nearest } of selected.unmatched) {
      const suggestion = nearest.length > 0 ? `Nearest: ${nearest.join(', ')}.` : 'No name resembles it.';
      stderr.line(`${style.stderr.red('sidespan:')} ${pattern} matches no function of ${path}. ${suggestion}`);
    }
    return selected.unmatched.length > 0 ? exitCode.failed : exitCode.done;
  },
});

async function executableOf(pid: number): Promise<string> {
  const { targetByPid } = await import('../discovery/target.ts');
  targetByPid(pid);
  return `/proc/${pid}/exe`;
}
