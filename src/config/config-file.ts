import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { nearestName } from './nearest.ts';
import { isSettingName, type SettingName, settingNames, settingOf } from './schema.ts';

/** Larger than any list of settings; a file beyond it is some other file. */
const maxFileBytes = 1024 * 1024;

/** The text of a setting and the line where its value begins. */
export interface FileEntry {
  readonly text: string;
  readonly line: number;
}

/** What a file says, and what is not right in it, by line. */
export interface ConfigFile {
  readonly entries: ReadonlyMap<SettingName, FileEntry>;
  readonly problems: readonly ConfigProblem[];
}

/**
 * Reads a YAML file with one map of settings: name -> text, number, boolean, list or map. Lists and maps become the text
 * that the environment would hold. Empty values are left out.
 */
export function readConfigFile(path: string): ConfigFile {
  try {
    return parseConfig(readText(path), path);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { entries: new Map(), problems: error.problems };
  }
}

/** As `readConfigFile`, of a text. `path` is for messages. */
export function parseConfig(text: string, path: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, schema: 'core' });
  const lineOf = (node: Node) => lines.linePos(node.range?.[0] ?? 0).line;
  const problems: ConfigProblem[] = document.errors.map((error) => ({
    place: `${path}:${lines.linePos(error.pos[0]).line}`,
    what: `not valid YAML: ${firstLine(error.message)}`,
    remedy: 'Correct the line, or see the example in config/sidespan.yaml.',
  }));
  const entries = new Map<SettingName, FileEntry>();
  const root = document.contents;
  if (problems.length === 0 && root !== null && !isEmpty(root) && !isMap(root)) {
    problems.push({
      place: `${path}:1`,
      what: 'the file is not a map of settings',
      remedy: 'Write NAME: value lines.',
    });
  }
  if (problems.length === 0 && isMap(root)) {
    for (const { key, value } of root.items) {
      const name = isScalar(key) ? String(key.value) : String(key);
      const line = isNode(key) ? lineOf(key) : 1;
      const problem = (what: string, remedy: string) => problems.push({ name, place: `${path}:${line}`, what, remedy });
      if (!isSettingName(name)) {
        const nearest = nearestName(name, settingNames);
        problem('no such setting', nearest ? `Did you mean ${nearest}?` : 'All are listed by `sidespan config`.');
      } else if (settingOf(name).notInFile) {
        problem('can not be set in a file', 'Set it in the environment, or use --config.');
      } else {
        const read = textOf(isNode(value) ? value : null, name, document);
        if (read.problem !== undefined) problem(read.problem, read.remedy);
        else if (read.text !== '') entries.set(name, { text: read.text, line });
      }
    }
  }
  return { entries, problems };
}

type Text =
  | { readonly text: string; readonly problem?: undefined }
  | { readonly problem: string; readonly remedy: string };

function textOf(node: Node | null, name: SettingName, document: Document): Text {
  const { fromList, fromMap } = settingOf(name).type;
  const alias = danglingAlias(node, document);
  if (alias !== undefined) {
    return { problem: `*${alias} without quotes is a reference to YAML's &${alias}`, remedy: `Write '*${alias}'.` };
  }
  const value = resolved(node, document);
  if (value === null) return { text: '' };
  if (isScalar(value)) return { text: scalarText(value.value, value.source) };
  if (isSeq(value) && fromList) {
    const parts = scalars(value.items, document);
    return parts
      ? { text: fromList(parts) }
      : { problem: 'an item is not a plain value', remedy: 'List plain values.' };
  }
  if (isMap(value) && fromMap) {
    const keys = scalars(
      value.items.map((pair) => pair.key),
      document,
    );
    const contents = scalars(
      value.items.map((pair) => pair.value),
      document,
    );
    if (!keys || !contents) return { problem: 'an entry is not a plain value', remedy: 'Write key: value lines.' };
    return { text: fromMap(new Map(keys.map((key, index) => [key, contents[index]!]))) };
  }
  const kind = isSeq(value) ? 'a list' : 'a map';
  const wanted = ['a plain value', ...(fromList ? ['a list'] : []), ...(fromMap ? ['a map'] : [])].join(' or ');
  return { problem: `${kind} is not a value for it`, remedy: `Give ${wanted}, such as ${settingOf(name).example}.` };
}

/** The name of an alias, in a value or an item of a list, that refers to nothing: most often a pattern without quotes. */
function danglingAlias(node: Node | null, document: Document): string | undefined {
  const nodes = isSeq(node) ? node.items : [node];
  for (const item of nodes) {
    if (isAlias(item) && item.resolve(document) === undefined) return item.source;
  }
  return undefined;
}

/** The texts of plain nodes, or undefined if one isn't plain. */
function scalars(nodes: readonly unknown[], document: Document): string[] | undefined {
  const texts: string[] = [];
  for (const node of nodes) {
    const value = resolved(isNode(node) ? node : null, document);
    if (value !== null && !isScalar(value)) return undefined;
    texts.push(value === null ? '' : scalarText(value.value, value.source));
  }
  return texts;
}

/** Follows an alias. Nothing is expanded, so aliases of aliases cost nothing. */
function resolved(node: Node | null, document: Document): Node | null {
  return isAlias(node) ? (node.resolve(document) ?? null) : node;
}

/** Numbers as they were written (`1e3`, `007`), so that what is checked is what the user sees. */
function scalarText(value: unknown, source: string | undefined): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : (source ?? String(value));
}

function isEmpty(node: Node): boolean {
  return isScalar(node) && (node.value === null || node.value === '');
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]!.replace(/[.:]\s*$/, '');
}

function readText(path: string): string {
  const fail = (what: string, cause?: unknown): never => {
    const remedy = 'Name a readable YAML file with --config or SIDESPAN_CONFIG.';
    throw new ConfigError([{ place: path, what, remedy }], { cause });
  };
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const stat = fstatSync(fd);
    if (stat.isDirectory()) return fail('is a directory');
    // Read up to the limit rather than the size that the file claims: pipes and /proc claim 0.
    const bytes = Buffer.alloc(maxFileBytes + 1);
    let length = 0;
    for (let count = -1; count !== 0 && length <= maxFileBytes; length += count) {
      count = readSync(fd, bytes, length, bytes.length - length, null);
    }
    if (length > maxFileBytes) return fail(`is larger than ${maxFileBytes} bytes`);
    return bytes.toString('utf8', 0, length);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return fail('no such file', error);
    return fail(code === 'EACCES' ? 'no permission to read it' : `can not be read (${code ?? String(error)})`, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
