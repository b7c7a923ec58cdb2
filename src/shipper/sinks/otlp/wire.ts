/**
 * Protocol Buffers, as far as log records need them.
 *
 *     field              key, value
 *     key                varint of (number << 3 | type)
 *     type 0             varint: seven bits a byte, the least first, the highest bit set but in the last byte
 *     type 1             8 bytes, little endian
 *     type 2             length as varint, then so many bytes
 *     type 5             4 bytes
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */

const VARINT = 0;
const EIGHT_BYTES = 1;
const BYTES = 2;
const FOUR_BYTES = 5;
/** A varint that is longer is none. */
const VARINT_MAX_BYTES = 10;

/** Bytes of a varint of a number up to 2^53. */
export function varintBytes(value: number): number {
  let bytes = 1;
  for (let left = value; left >= 0x80; left = Math.floor(left / 0x80)) bytes += 1;
  return bytes;
}

/** Returns the place behind it. */
export function writeVarint(to: Uint8Array, at: number, value: number): number {
  let left = value;
  let end = at;
  while (left >= 0x80) {
    to[end++] = (left % 0x80) | 0x80;
    left = Math.floor(left / 0x80);
  }
  to[end++] = left;
  return end;
}

/** A field with a number. */
export function varintField(number: number, value: number): Buffer {
  const to = Buffer.alloc(2 * VARINT_MAX_BYTES);
  return to.subarray(0, writeVarint(to, writeVarint(to, 0, (number << 3) | VARINT), value));
}

/** A field with a text, with bytes, or with a message. */
export function bytesField(number: number, value: string | Uint8Array): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  const head = Buffer.alloc(2 * VARINT_MAX_BYTES);
  const end = writeVarint(head, writeVarint(head, 0, (number << 3) | BYTES), bytes.length);
  return Buffer.concat([head.subarray(0, end), bytes]);
}

/** A KeyValue of OpenTelemetry, with a text or a whole number. */
export function keyValue(name: string, value: string | number): Buffer {
  const any = typeof value === 'number' ? varintField(3, value) : bytesField(1, value);
  return Buffer.concat([bytesField(1, name), bytesField(2, any)]);
}

/** Numbers and bytes by the number of their field, the last of each; undefined for bytes that are no message. */
export function readMessage(bytes: Uint8Array): ReadonlyMap<number, number | Uint8Array> | undefined {
  const fields = new Map<number, number | Uint8Array>();
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): number | undefined => {
    let value = 0;
    for (let i = 0; i < VARINT_MAX_BYTES && at < view.length; i++) {
      const byte = view[at++]!;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  while (at < view.length) {
    const key = varint();
    if (key === undefined || key < 8) return undefined;
    const type = key % 8;
    const size = type === VARINT ? varint() : type === BYTES ? varint() : { [EIGHT_BYTES]: 8, [FOUR_BYTES]: 4 }[type];
    if (size === undefined) return undefined;
    const number = Math.floor(key / 8);
    if (type === VARINT) {
      fields.set(number, size);
      continue;
    }
    if (size > view.length - at) return undefined;
    fields.set(number, view.subarray(at, at + size));
    at += size;
  }
  return fields;
}
