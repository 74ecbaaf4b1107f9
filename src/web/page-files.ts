import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import nodeModule from 'node:module';
import { join } from 'node:path';
import { isCheckout, packageFile } from '../package-file.ts';
import { securityHeaders } from './http-reply.ts';

/**
 * The page's files. A package has them compiled, uPlot's among them; in a checkout the modules are TypeScript and their
 * types are stripped when they are first asked for. index.html names `boot.js` either way, and each module imports the
 * others by the ending they have there.
 */
const PAGE_DIRECTORY = packageFile(isCheckout() ? 'src' : 'dist', 'web', 'page');
const UPLOT_DIRECTORY = isCheckout() ? packageFile('node_modules', 'uplot', 'dist') : PAGE_DIRECTORY;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  ts: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

interface PageFile {
  readonly contentType: string;
  readonly bytes: Buffer;
  readonly etag: string;
}

/** Read once: the agent's files do not change under it. */
const cache = new Map<string, Promise<PageFile>>();

/** Answers with a file of the page; false if the path is none. */
export async function sendPageFile(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const source = sourceOf(path);
  if (source === undefined) return false;
  const loading = cache.get(source) ?? load(source);
  cache.set(source, loading);
  const file = await loading.catch((cause: unknown) => {
    cache.delete(source);
    throw cause;
  });
  const headers = {
    ...securityHeaders,
    'Content-Type': file.contentType,
    ETag: file.etag,
    'Cache-Control': 'no-cache',
  };
  if (request.headers['if-none-match'] === file.etag) {
    response.writeHead(304, headers).end();
  } else {
    response.writeHead(200, { ...headers, 'Content-Length': file.bytes.length }).end(file.bytes);
  }
  return true;
}

/** One name without folders, so that no path leads out of the page's own. */
const FILE_PATH = /^\/([a-z][a-z-]*\.(?:html|css|js|ts|svg))$/;

function sourceOf(path: string): string | undefined {
  if (path === '/') return join(PAGE_DIRECTORY, 'index.html');
  if (path === '/uplot.js') return join(UPLOT_DIRECTORY, 'uPlot.esm.js');
  if (path === '/uplot.css') return join(UPLOT_DIRECTORY, 'uPlot.min.css');
  const name = FILE_PATH.exec(path)?.[1];
  if (name === undefined || name.endsWith('.d.ts')) return undefined;
  const candidates = name === 'boot.js' ? ['boot.js', 'boot.ts'] : [name];
  return candidates.map((candidate) => join(PAGE_DIRECTORY, candidate)).find((file) => existsSync(file));
}

async function load(source: string): Promise<PageFile> {
  const text = await readFile(source, 'utf8');
  const extension = source.slice(source.lastIndexOf('.') + 1);
  const bytes = Buffer.from(extension === 'ts' ? withoutTypes(text) : text);
  const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`;
  return { contentType: CONTENT_TYPES[extension] ?? 'application/octet-stream', bytes, etag };
}

/**
 * The function is what Node itself loads our modules with, yet calling it prints a warning, into the terminal of
 * somebody who asked for traces. Only this warning, at this place, is kept back.
 */
function withoutTypes(text: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return nodeModule.stripTypeScriptTypes(text);
  } finally {
    process.emitWarning = emitWarning;
  }
}
