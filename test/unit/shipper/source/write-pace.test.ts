import { WritePace } from '../../../../src/shipper/source/rings/release/write-pace.js';

const MIB = 1024 * 1024;

test('a process whose pace is not known yet gets half of its ring', () => {
  const pace = new WritePace(0, 0);
  pace.note(100, MIB);
  expect(pace.room(MIB)).toBe(MIB / 2);
});

test.each([
  ['a slow one', 10, MIB / 8],
  ['one that writes 150 KiB a second', 150, 300 * 1024],
  ['a fast one', 15_000, MIB / 2],
])('%s gets the room of two seconds, within bounds', (_, kibPerSecond, room) => {
  const pace = new WritePace(1000, 5 * MIB);
  pace.note(2000, 5 * MIB + kibPerSecond * 1024);
  expect(pace.room(MIB)).toBe(room);
});

test('bytes from before the ring was opened are no pace', () => {
  const pace = new WritePace(0, 100 * MIB);
  pace.note(500, 100 * MIB);
  expect(pace.room(MIB)).toBe(MIB / 8);
});

test('the pace is that of the last window, however long the ring was not looked at', () => {
  const pace = new WritePace(0, 0);
  pace.note(500, 10 * MIB);
  pace.note(4500, 10 * MIB + 4 * 150 * 1024);
  pace.note(4600, 11 * MIB);
  expect(pace.room(MIB)).toBe(300 * 1024);
});
