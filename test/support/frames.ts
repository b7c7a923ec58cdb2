/** Writes frames as contract.ts lays them out, in TypeScript: an encoder independent of the C library's. */
import {
  FRAME_HEADER_BYTES,
  FRAME_MAGIC,
  FRAME_TYPES,
  FRAME_VERSION,
  HELLO_PAYLOAD_BYTES,
  LOST_PAYLOAD_BYTES,
} from '../../src/contract.js';

export const magic = Buffer.from(FRAME_MAGIC);

export interface FrameFields {
  readonly type: number;
  readonly flags?: number;
  readonly stream?: number;
  readonly timeNs?: bigint;
  readonly seq?: bigint;
  readonly thread?: number;
}

export function frame(
  { type, flags = 0, stream = 0, timeNs = 0n, seq = 0n, thread = 0 }: FrameFields,
  payload: Uint8Array,
): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt8(type, 4);
  header.writeUInt8(flags, 5);
  header.writeUInt16LE(stream, 6);
  header.writeBigUInt64LE(timeNs, 8);
  header.writeUIntLE(Number(seq), 16, 6);
  header.writeUInt16LE(thread, 22);
  return Buffer.concat([header, payload]);
}

export interface HelloFields {
  readonly version?: number;
  readonly library?: number;
  readonly pid?: number;
  readonly instance?: bigint;
  readonly process?: string;
  readonly container?: string;
  readonly lostLines?: bigint;
  readonly lostBytes?: bigint;
  /** Line ends that were handed over before; unknown when absent. */
  readonly handed?: number;
}

export function hello(fields: HelloFields = {}): Buffer {
  const name = Buffer.from(fields.process ?? 'app');
  const container = Buffer.from(fields.container ?? 'web');
  const payload = Buffer.alloc(HELLO_PAYLOAD_BYTES);
  payload.writeUInt16LE(fields.version ?? FRAME_VERSION, 0);
  payload.writeUInt16LE(name.length, 2);
  payload.writeUInt16LE(container.length, 4);
  payload.writeUInt16LE(fields.library ?? 0, 6);
  payload.writeUInt32LE(fields.pid ?? 42, 8);
  payload.writeBigUInt64LE(fields.instance ?? 0xabcn, 24);
  payload.writeBigUInt64LE(fields.lostLines ?? 0n, 32);
  payload.writeBigUInt64LE(fields.lostBytes ?? 0n, 40);
  const seq = fields.handed === undefined ? 0n : BigInt(fields.handed + 1);
  return frame({ type: FRAME_TYPES.HELLO.value, seq }, Buffer.concat([payload, name, container]));
}

export function data(stream: number, seq: bigint, text: string | Uint8Array, timeNs = 0n, thread = 0): Buffer {
  return frame({ type: FRAME_TYPES.DATA.value, stream, seq, timeNs, thread }, Buffer.from(text));
}

export function file(stream: number, path: string): Buffer {
  return frame({ type: FRAME_TYPES.FILE.value, stream }, Buffer.from(path));
}

export function lost(lines: bigint, bytes: bigint, stream = 0): Buffer {
  const payload = Buffer.alloc(LOST_PAYLOAD_BYTES);
  payload.writeBigUInt64LE(lines, 0);
  payload.writeBigUInt64LE(bytes, 8);
  return frame({ type: FRAME_TYPES.LOST.value, stream }, payload);
}

/** Cuts bytes at the given places. */
export function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}
