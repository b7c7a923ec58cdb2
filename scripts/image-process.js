// How the image starts the shipper, from the Dockerfile. Benchmarks and long tests measure the shipper as it runs there.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const dockerfile = readFileSync(join(__dirname, '..', 'Dockerfile'), 'utf8');

/** The rest of the last line with an instruction, such as USER. @param {string} name */
function instruction(name) {
  const [, rest] = [...dockerfile.matchAll(new RegExp(`^${name} (.+)$`, 'gm'))].at(-1) ?? [];
  if (rest === undefined) throw new Error(`the Dockerfile has no ${name}`);
  return rest;
}

/** @type {readonly string[]} */
const entrypoint = JSON.parse(instruction('ENTRYPOINT'));

/** @type {Readonly<Record<string, string>>} */
const environment = Object.fromEntries(
  instruction('ENV')
    .split(' ')
    .map((each) => each.split('=')),
);

/** The options of Node, between its program and the command line of logtap. */
const nodeOptions = entrypoint.slice(1, -1);

module.exports = { instruction, entrypoint, environment, nodeOptions };
