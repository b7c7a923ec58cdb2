// The order in which jest starts files: LONGEST as they are listed, then the others as jest does, by the times of earlier runs.
const { default: Sequencer } = require('@jest/test-sequencer');
const { join } = require('node:path');
const { LONGEST } = require('./test-files.js');

const root = join(__dirname, '..');
const places = new Map(LONGEST.map((path, place) => [join(root, path), place]));

module.exports = class LongestFirst extends Sequencer {
  /** @override @param {import('@jest/test-result').Test[]} tests */
  async sort(tests) {
    /** @param {{ path: string }} test */
    const placeOf = ({ path }) => places.get(path) ?? places.size;
    return (await super.sort(tests)).sort((a, b) => placeOf(a) - placeOf(b));
  }
};
