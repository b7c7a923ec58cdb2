// Rebuilds when a source changes, until it is interrupted.
//
//     node scripts/watch.js
const { watch } = require('node:fs');
const { join } = require('node:path');
const { build } = require('./build.js');

/** An editor writes several files, each several times. */
const SETTLED_MS = 200;
const root = join(__dirname, '..');

function rebuild() {
  try {
    build();
  } catch (error) {
    console.error(`build: ${error instanceof Error ? error.message : error}`);
  }
}

/** @type {NodeJS.Timeout | undefined} */
let settling;
for (const directory of ['src', 'native/src', 'imports']) {
  watch(join(root, directory), { recursive: true }, () => {
    clearTimeout(settling);
    settling = setTimeout(rebuild, SETTLED_MS);
  });
}
rebuild();
console.log('watching src, native/src and imports');
