// Exits with 0 when node_modules has every package of package-lock.json in its version, so `npm ci` would change
// nothing that matters. Runs on any Node.js: it comes before the packages, and so before Node.js 24.
const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));

function fits(list, own) {
  return list === undefined || [list].flat().some((item) => item === own);
}

for (const [folder, entry] of Object.entries(packages)) {
  if (folder === '') continue;
  if (!fits(entry.os, process.platform) || !fits(entry.cpu, process.arch)) continue;
  // Alpine's and glibc's variants of the same package; either may be left out.
  if (entry.optional && entry.libc) continue;
  const file = join(root, folder, 'package.json');
  if (!existsSync(file) || JSON.parse(readFileSync(file, 'utf8')).version !== entry.version) process.exit(1);
}
