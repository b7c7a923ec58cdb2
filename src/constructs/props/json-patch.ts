/** JSON Patch (RFC 6902). Injection is free of cdk8s, whose JsonPatch is therefore out of reach. */
import { isDeepStrictEqual } from 'node:util';

export interface Operation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

const HAS_VALUE: readonly unknown[] = ['add', 'replace', 'test'];
const HAS_FROM: readonly unknown[] = ['move', 'copy'];

/**
 * The operations in a text.
 *
 * @param name the property with the text, for messages
 * @throws if it is not a JSON Patch
 */
export function parsePatch(name: string, text: string): Operation[] {
  const refuse = (rule: string) => new Error(`'${name}' must be a JSON Patch (RFC 6902) as text: ${rule}`);
  let operations: unknown;
  try {
    operations = JSON.parse(text);
  } catch (error) {
    throw refuse((error as Error).message);
  }
  if (!Array.isArray(operations)) throw refuse('write a list of operations');
  for (const [index, operation] of operations.entries()) {
    const { op, path, from } = Object(operation);
    const where = `operation ${index}`;
    if (op !== 'remove' && !HAS_VALUE.includes(op) && !HAS_FROM.includes(op)) {
      throw refuse(`'op' of ${where} is not one of add, remove, replace, move, copy, test`);
    }
    if (!isPointer(path)) throw refuse(`'path' of ${where} is not a JSON Pointer: begin it with '/'`);
    if (HAS_FROM.includes(op) && !isPointer(from)) throw refuse(`'from' of ${where} is not a JSON Pointer`);
    if (HAS_VALUE.includes(op) && !Object.hasOwn(operation, 'value')) throw refuse(`${where} needs a 'value'`);
  }
  return operations;
}

const isPointer = (value: unknown) => typeof value === 'string' && /^(\/([^~]|~[01])*)?$/.test(value);

/**
 * A copy of the document after all operations.
 *
 * @throws with the operation that does not apply
 */
export function patched<T>(document: T, operations: readonly Operation[]): T {
  const root = { document: copyOf(document) };
  for (const operation of operations) {
    try {
      apply(root, operation);
    } catch (error) {
      throw new Error(`${operation.op} ${operation.path}: ${(error as Error).message}`);
    }
  }
  return root.document;
}

function apply(root: object, { op, path, from, value }: Operation): void {
  if (op === 'test') {
    if (!isDeepStrictEqual(read(root, path), value)) throw new Error('the value differs');
  } else if (op === 'add') {
    add(root, path, copyOf(value));
  } else if (op === 'copy') {
    add(root, path, copyOf(read(root, from!)));
  } else if (op === 'move') {
    if (path.startsWith(`${from}/`)) throw new Error(`'${from}' cannot move into itself`);
    const moved = read(root, from!);
    remove(root, from!);
    add(root, path, moved);
  } else if (op === 'remove') {
    remove(root, path);
  } else {
    const { owner, key } = place(root, path);
    present(owner, key);
    owner[key] = copyOf(value);
  }
}

const copyOf = <T>(value: T): T => JSON.parse(JSON.stringify(value));

interface Place {
  readonly owner: any;
  readonly key: string;
}

/** The object or list with the last key of a pointer. */
function place(root: object, pointer: string): Place {
  const keys = ['document', ...pointer.split('/').slice(1)].map((key) => key.replace(/~1/g, '/').replace(/~0/g, '~'));
  const last = keys.pop()!;
  const owner = keys.reduce<any>((value, key) => present(value, key), root);
  if (owner === null || typeof owner !== 'object') throw new Error('no object or list contains it');
  return { owner, key: last };
}

/** The value of a key that must exist. */
function present(owner: any, key: string): unknown {
  const isThere = Array.isArray(owner) ? indexOf(key) < owner.length : Object.hasOwn(Object(owner), key);
  if (!isThere) throw new Error(`'${key}' does not exist`);
  return owner[key];
}

/** The index of a list, which has no sign and no leading zero; infinite for any other key. */
const indexOf = (key: string) => (/^(0|[1-9]\d*)$/.test(key) ? Number(key) : Number.POSITIVE_INFINITY);

function read(root: object, pointer: string): unknown {
  const { owner, key } = place(root, pointer);
  return present(owner, key);
}

function add(root: object, pointer: string, value: unknown): void {
  const { owner, key } = place(root, pointer);
  if (!Array.isArray(owner)) {
    // Not by assignment, which would change the prototype for the key `__proto__`.
    Object.defineProperty(owner, key, { value, configurable: true, enumerable: true, writable: true });
    return;
  }
  const index = key === '-' ? owner.length : indexOf(key);
  if (index > owner.length) throw new Error(`the list has no place '${key}'`);
  owner.splice(index, 0, value);
}

function remove(root: object, pointer: string): void {
  const { owner, key } = place(root, pointer);
  present(owner, key);
  if (Array.isArray(owner)) owner.splice(indexOf(key), 1);
  else delete owner[key];
}
