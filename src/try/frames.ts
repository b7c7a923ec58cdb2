/** Writes frames as contract.ts lays them out. */
import {
  FRAME_FLAGS,
  FRAME_HEADER_BYTES,
  FRAME_MAX_PAYLOAD_BYTES,
  FRAME_TYPES,
  FRAME_VERSION,
  HELLO_PAYLOAD_BYTES,
  LOST_PAYLOAD_BYTES,
} from '../contract.js';
import type { LossEntry, ProcessEntry, WriteEntry } from './tape.js';

interface Header {
  readonly type: number;
  readonly stream?: number;
  readonly timeMs?: number;
  readonly seq?: number;
  readonly thread?: number;
  readonly flags?: number;
}

function frame({ type, stream = 0, timeMs = 0, seq = 0, thread = 0, flags = 0 }: Header, payload: Buffer): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt8(type, 4);
  header.writeUInt8(flags, 5);
  header.writeUInt16LE(stream, 6);
  header.writeBigUInt64LE(BigInt(Math.round(timeMs * 1000)) * 1000n, 8);
  header.writeUIntLE(seq, 16, 6);
  header.writeUInt16LE(thread, 22);
  return Buffer.concat([header, payload]);
}

/** @param instance number that identifies the process */
export function helloFrame({ process, pid, container }: ProcessEntry, instance: number): Buffer {
  const [name, box] = [Buffer.from(process), Buffer.from(container)];
  const payload = Buffer.alloc(HELLO_PAYLOAD_BYTES);
  payload.writeUInt16LE(FRAME_VERSION, 0);
  payload.writeUInt16LE(name.length, 2);
  payload.writeUInt16LE(box.length, 4);
  payload.writeUInt32LE(pid, 8);
  payload.writeBigUInt64LE(BigInt(instance), 24);
  return frame({ type: FRAME_TYPES.HELLO.value }, Buffer.concat([payload, name, box]));
}

export const fileFrame = (stream: number, path: string): Buffer =>
  frame({ type: FRAME_TYPES.FILE.value, stream }, Buffer.from(path));

/** The frames of a write: several if it is longer than a frame. */
export function dataFrames({ n, h, c, d }: WriteEntry, stream: number, timeMs: number): Buffer[] {
  const bytes = Buffer.from(d, 'latin1');
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += FRAME_MAX_PAYLOAD_BYTES) {
    const end = Math.min(bytes.length, at + FRAME_MAX_PAYLOAD_BYTES);
    const flags = c === 1 || end < bytes.length ? FRAME_FLAGS.CONTINUES.value : 0;
    frames.push(
      frame(
        { type: FRAME_TYPES.DATA.value, stream, timeMs, seq: n + frames.length, thread: h, flags },
        bytes.subarray(at, end),
      ),
    );
  }
  return frames;
}

export function lostFrame({ lost }: LossEntry, timeMs: number): Buffer {
  const payload = Buffer.alloc(LOST_PAYLOAD_BYTES);
  payload.writeBigUInt64LE(BigInt(lost.lines), 0);
  payload.writeBigUInt64LE(BigInt(lost.bytes), 8);
  return frame({ type: FRAME_TYPES.LOST.value, timeMs }, payload);
}
