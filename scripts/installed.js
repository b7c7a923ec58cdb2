// Programs of the machine.
const { existsSync } = require('node:fs');
const { delimiter, join } = require('node:path');

/** Whether the machine has a program. @param {string} program */
function isInstalled(program) {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return directories.some((directory) => existsSync(join(directory, program)));
}

module.exports = { isInstalled };
