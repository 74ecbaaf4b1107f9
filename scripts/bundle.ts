// Makes the agent's JavaScript from src/: what the npm package and the image run.
//   node scripts/bundle.ts FOLDER
// Bundled, because an agent of hundreds of modules keeps 14 MB of source text in memory, and because what nobody calls
// stays out. Names of functions and classes are kept: they stand in stack traces and errors.
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node scripts/bundle.ts FOLDER');

/**
 * `import` of a module of Node's own reads all that it exports: of node:http also WebSocket, behind a getter that loads
 * Node's whole client for fetch, 12 MB of memory. So it is required, and what is behind getters is left out.
 */
const plainHttp: Plugin = {
  name: 'node:http without getters',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?http$/ }, ({ kind }) =>
      kind === 'require-call' ? null : { path: 'node:http', namespace: 'required' },
    );
    const plain = Object.entries(Object.getOwnPropertyDescriptors(http)).flatMap(([name, { get }]) =>
      get ? [] : name,
    );
    onLoad({ filter: /^/, namespace: 'required' }, () => ({
      contents: `const http = require('node:http'); export default http; export const { ${plain} } = http;`,
    }));
  },
};

const { metafile } = await build({
  entryPoints: ['src/main.ts', 'src/tracer/planner-process.ts', 'src/probe/code/amd64/iced-decoder.ts'],
  entryNames: '[name]',
  outdir: folder,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  // Of packages that come both ways the ES modules: of the others nothing can be left out.
  mainFields: ['module', 'main'],
  minifyWhitespace: true,
  minifySyntax: true,
  // It loads the library for the machine that it runs on.
  external: ['koffi'],
  // For the packages that are CommonJS, require what Node has built in, and look for files beside themselves.
  banner: {
    js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url),__dirname=import.meta.dirname;",
  },
  legalComments: 'none',
  plugins: [plainHttp],
  metafile: true,
});
copyFileSync('node_modules/iced-x86/iced_x86_bg.wasm', join(folder, 'iced_x86_bg.wasm'));
writeFileSync(join(folder, 'THIRD-PARTY-LICENSES'), licences(bundledPackages(metafile)));

/** Folders of the packages of which something went into the bundle. */
function bundledPackages({ outputs }: Metafile): string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
  const folders = inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []);
  // The page's charts: copied, not bundled.
  return [...new Set([...folders, 'node_modules/uplot'])].sort();
}

/** Their terms demand that they are passed on. */
function licences(folders: readonly string[]): string {
  return folders.map(licenceOf).join(`\n${'-'.repeat(80)}\n\n`);
}

function licenceOf(packageFolder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  const file = readdirSync(packageFolder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? '' : readFileSync(join(packageFolder, file), 'utf8');
  return `${name} ${version} (${license})\n\n${text}`;
}
