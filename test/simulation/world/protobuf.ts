/**
 * Protocol Buffers as a receiver reads them: every field of a message, in order, with what is wrong about its bytes. It has nothing in
 * common with the shipper's own code.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */

export interface Field {
  readonly number: number;
  readonly type: 'varint' | 'fixed64' | 'bytes' | 'fixed32';
  readonly value: bigint | Buffer;
}

const TYPES: Readonly<Record<number, Field['type']>> = { 0: 'varint', 1: 'fixed64', 2: 'bytes', 5: 'fixed32' };
const BITS_MAX = 64n;
const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Throws an Error for bytes that are no message. */
export function fieldsIn(message: Buffer): readonly Field[] {
  const fields: Field[] = [];
  let at = 0;
  const take = (bytes: number): Buffer => {
    if (bytes > message.length - at)
      throw new Error(`a field ends ${bytes - message.length + at} bytes behind its message`);
    at += bytes;
    return message.subarray(at - bytes, at);
  };
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < BITS_MAX; shift += 7n) {
      const [byte] = take(1);
      value |= BigInt(byte! & 0x7f) << shift;
      if (byte! < 0x80) return value;
    }
    throw new Error('a varint of more than ten bytes');
  };
  while (at < message.length) {
    const key = Number(varint());
    const type = TYPES[key & 7];
    if (type === undefined || key >> 3 === 0) throw new Error(`a field with the key ${key}`);
    const value = type === 'varint' ? varint() : take({ fixed64: 8, fixed32: 4, bytes: 0 }[type] || Number(varint()));
    fields.push({ number: key >> 3, type, value });
  }
  return fields;
}

/** Messages, texts or bytes of a repeated field. */
export const allOf = (fields: readonly Field[], number: number): readonly Buffer[] =>
  fields.filter((field) => field.number === number).map((field) => bytesOf(field));

/** The only one. */
export function oneOf(fields: readonly Field[], number: number): Field {
  const found = fields.filter((field) => field.number === number);
  if (found.length !== 1) throw new Error(`field ${number} is there ${found.length} times`);
  return found[0]!;
}

export function bytesOf({ number, type, value }: Field): Buffer {
  if (type !== 'bytes') throw new Error(`field ${number} is of type ${type}`);
  return value as Buffer;
}

export const textOf = (bytes: Buffer): string => text.decode(bytes);

/** A message with one field: a number, or bytes. */
export function messageWith(number: number, value: number | Buffer): Buffer {
  const type = typeof value === 'number' ? 0 : 2;
  const head = Buffer.of((number << 3) | type);
  if (typeof value === 'number') return Buffer.concat([head, varintOf(value)]);
  return Buffer.concat([head, varintOf(value.length), value]);
}

function varintOf(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = BigInt(value); ; left >>= 7n) {
    if (left < 0x80n) return Buffer.from([...bytes, Number(left)]);
    bytes.push(Number(left & 0x7fn) | 0x80);
  }
}
