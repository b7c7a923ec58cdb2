/** JSON Patch against the implementation that cdk8s has, and the rules of RFC 6902 that it does not follow. */
import { JsonPatch } from 'cdk8s';
import { type Operation, patched } from '../../../src/constructs/props/json-patch.js';

const document = { a: { b: [1, { c: 2 }, [3]], 'x/y': 1, 'm~n': 2 }, d: 'e', '': 0 };

test.each<[string, Operation[]]>([
  ['add a field', [{ op: 'add', path: '/a/z', value: { q: 1 } }]],
  ['add over a field', [{ op: 'add', path: '/d', value: null }]],
  ['insert into a list', [{ op: 'add', path: '/a/b/1', value: 9 }]],
  ['append to a list', [{ op: 'add', path: '/a/b/-', value: 9 }]],
  ['append by the length', [{ op: 'add', path: '/a/b/3', value: 9 }]],
  ['remove a field', [{ op: 'remove', path: '/a' }]],
  ['remove an item', [{ op: 'remove', path: '/a/b/0' }]],
  ['replace an item', [{ op: 'replace', path: '/a/b/2', value: 'r' }]],
  ['replace all', [{ op: 'replace', path: '', value: { n: 1 } }]],
  [
    'escaped keys',
    [
      { op: 'remove', path: '/a/x~1y' },
      { op: 'replace', path: '/a/m~0n', value: 3 },
    ],
  ],
  ['the empty key', [{ op: 'replace', path: '/', value: 1 }]],
  ['move', [{ op: 'move', from: '/a/b/1', path: '/d' }]],
  ['move within a list', [{ op: 'move', from: '/a/b/0', path: '/a/b/2' }]],
  [
    'copy',
    [
      { op: 'copy', from: '/a/b', path: '/a/copy' },
      { op: 'add', path: '/a/copy/-', value: 1 },
    ],
  ],
  [
    'test',
    [
      { op: 'test', path: '/a/b/1', value: { c: 2 } },
      { op: 'remove', path: '/d' },
    ],
  ],
])('%s', (_what, operations) => {
  const before = structuredClone(document);
  const calls = operations.map(({ op, path, from, value }) =>
    op === 'move' || op === 'copy'
      ? JsonPatch[op](from!, path)
      : op === 'remove'
        ? JsonPatch.remove(path)
        : JsonPatch[op](path, value),
  );
  expect(patched(document, operations)).toEqual(JsonPatch.apply(structuredClone(document), ...calls));
  expect(document).toEqual(before);
});

test.each<[string, Operation]>([
  ['a field that does not exist', { op: 'remove', path: '/z' }],
  ['a place after the end', { op: 'add', path: '/a/b/4', value: 1 }],
  ['an item after the end', { op: 'replace', path: '/a/b/3', value: 1 }],
  ['an index with a zero in front', { op: 'remove', path: '/a/b/01' }],
  ['a field of text', { op: 'add', path: '/d/x', value: 1 }],
  ['an inherited field', { op: 'replace', path: '/toString', value: 1 }],
  ['a field of the prototype', { op: 'add', path: '/__proto__/polluted', value: 1 }],
  ['a move into itself', { op: 'move', from: '/a', path: '/a/b' }],
  ['a value that differs', { op: 'test', path: '/d', value: 'f' }],
])('refuses %s', (_what, operation) => {
  expect(() => patched(document, [operation])).toThrow(new RegExp(`^${operation.op} ${operation.path}: `));
  expect({}).not.toHaveProperty('polluted');
});
