import { closest } from '../../../src/catalog/closest.js';

const KNOWN = ['LOGTAP_ON_FULL', 'LOGTAP_SINK', 'suppressStreams', 'suppressFile', 'file', 'url'];

test.each([
  ['LOGTAP_ON_FUL', 'LOGTAP_ON_FULL'],
  ['LOGTAP_SNIK', 'LOGTAP_SINK'],
  ['suppressstreams', 'suppressStreams'],
  ['suppresFile', 'suppressFile'],
  ['flie', 'file'],
  ['ulr', 'url'],
])('%s was likely meant to be %s', (name, meant) => {
  expect(closest(name, KNOWN)).toBe(meant);
});

test.each(['', 'x', 'LOGTAP_SOMETHING_ELSE', 'streams'])('%j is like none', (name) => {
  expect(closest(name, KNOWN)).toBeUndefined();
});
