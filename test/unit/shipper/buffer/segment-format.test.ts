/** The format of a segment over releases: records of one without events are read, those of this one keep how they were formed. */
import { crc32 } from 'node:zlib';
import {
  decodeFrame,
  encodeFrame,
  isSegmentHeader,
  segmentHeader,
} from '../../../../src/shipper/buffer/segments/segment.js';
import { batchOf, messagesOf } from '../../../support/batches.js';

/** As a release before wrote it: another mark, and no column `formed`. */
function withoutFormed(frame: Buffer, count: number): Buffer {
  const [columns, formed] = [32, 8 + 8 + 4 + 4 + 2];
  const at = columns + count * formed;
  const old = Buffer.concat([frame.subarray(0, at), frame.subarray(at + count)]);
  old.write('LTB1', 0, 'latin1');
  old.writeUInt32LE(old.length - 12, 4);
  old.writeUInt32LE(crc32(old.subarray(12)), 8);
  return old;
}

test('a frame keeps how its records were formed', () => {
  const batch = { ...batchOf(['one', 'two\nlines']), formed: Uint8Array.of(0, 3) };
  expect([...decodeFrame(encodeFrame(7, batch), 0)!.batch.formed]).toEqual([0, 3]);
});

test('a frame of a release without events is read: each record is one line', () => {
  const old = withoutFormed(encodeFrame(7, batchOf(['one', 'two'])), 2);
  const frame = decodeFrame(old, 0)!;
  expect(messagesOf(frame.batch)).toEqual(['one', 'two']);
  expect([...frame.batch.formed]).toEqual([0, 0]);
  expect([frame.first, frame.bytes]).toEqual([7, old.length]);
});

test('headers of both versions are known, and of no other', () => {
  const header = (version: number) => {
    const bytes = segmentHeader();
    bytes.writeUInt32LE(version, 8);
    return bytes;
  };
  expect([0, 1, 2, 3].map((version) => isSegmentHeader(header(version)))).toEqual([false, true, true, false]);
});
