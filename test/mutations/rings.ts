/** Faults in the reader of rings, in frames, and in the C library that writes them. */
import { type Mutation, native, unit } from './mutation.js';

const IN = 'src/shipper/source/rings';
const FRAMES = 'src/shipper/source/frames';
const C = 'native/src/handover';
const RINGS = [...unit('source/ring-file', 'source/ring-source', 'source/ring-transient'), { seeds: 300 }];
const WRITERS = native('ring', 'ring-losses', 'losses');

export const RINGS_AND_LIBRARY: readonly Mutation[] = [
  {
    fault: 'a later acknowledgement releases bytes that lie before it',
    file: `${IN}/reader.ts`,
    text: 'while (this.#marks[0]?.isAcknowledged) last = this.#marks.shift();',
    by: 'last = mark;\n    this.#marks.splice(0, this.#marks.indexOf(mark) + 1);',
    foundBy: RINGS,
  },
  {
    fault: 'the checkpoint is where reading is, not where the batch ended',
    file: `${IN}/reader.ts`,
    text: '    const progress = this.#frames.progress();\n',
    by: '    const now = this.#frames.progress();\n    const progress = now && { ...now, position: this.#position };\n',
    foundBy: RINGS,
  },
  {
    fault: 'a ring is removed before its last batch is acknowledged',
    file: `${IN}/reader.ts`,
    text: 'if (this.#shared.builder.count > 0) this.#isDirty = true;',
    by: 'if (this.#shared.builder.count < 0) this.#isDirty = true;',
    foundBy: RINGS,
  },
  {
    fault: 'losses in the header are not read',
    file: `${IN}/reader.ts`,
    text: '      this.#losses.update(this.ring.instance, lost);\n      this.#isDirty = true;',
    by: '      this.#isDirty = true;',
    foundBy: RINGS,
  },
  {
    fault: 'lines that were released in an outage are forgotten',
    file: `${IN}/reader.ts`,
    text: '    if (!mark.isAcknowledged) this.#unacknowledged = plus(this.#unacknowledged, mark.records);\n',
    by: '',
    foundBy: RINGS,
  },
  {
    fault: 'lines that were released early stay unacknowledged',
    file: `${IN}/reader.ts`,
    text: '    if (mark.isReleasedEarly) this.#unacknowledged = minus(this.#unacknowledged, mark.records);\n',
    by: '',
    foundBy: RINGS,
  },
  {
    fault: 'reading does not go round at the end of a ring',
    file: `${IN}/file.ts`,
    text: 'Math.min(head - from, this.capacity - offset, into.length)',
    by: 'Math.min(head - from, into.length)',
    foundBy: RINGS,
  },
  {
    fault: 'notes go into the half that is valid',
    file: `${IN}/file.ts`,
    text: 'const other = this.#half === 1 ? 2 : 1;',
    by: 'const other = 1;',
    foundBy: RINGS,
  },
  {
    fault: 'a head that went back is believed',
    file: `${IN}/file.ts`,
    text: 'head < from || head - from > this.capacity ||',
    by: 'head - from > this.capacity ||',
    foundBy: [...unit('source/ring-garbage'), ...RINGS],
  },
  {
    fault: 'a reader sleeps although something came meanwhile',
    file: `${IN}/reader.ts`,
    text: 'return this.#file.state(this.#position).head === this.#position;',
    by: 'return true;',
    foundBy: RINGS,
  },
  {
    fault: 'a later ring of a process is read before its earlier one',
    file: `${IN}/source.ts`,
    text: '      if (!earlier.isFinished) {\n',
    by: '      if (earlier.isFinished) {\n',
    foundBy: RINGS,
  },
  {
    fault: 'rings that were claimed at the last moment are not looked for',
    file: `${IN}/source.ts`,
    text: '    // Looks once more in any case: a ring may have been claimed since the last look.\n    this.#gotMs = this.#now();\n    this.#wantsScan = true;',
    by: '    this.#isLastScanDone = true;',
    foundBy: RINGS,
  },
  {
    fault: 'a process that was killed keeps its ring open',
    file: `${IN}/reader.ts`,
    text: 'return isClaimed && !this.isAmong(locked);',
    by: 'return isClaimed && this.isAmong(locked);',
    foundBy: RINGS,
  },
  {
    fault: 'frames of an earlier ring are read twice',
    file: `${IN}/source.ts`,
    text: '    if (known !== undefined) reader.skipFrames(known);\n',
    by: '    void known;\n',
    foundBy: [...unit('source/frame-stream'), ...RINGS],
  },
  {
    fault: 'an older total of losses counts again',
    file: `${FRAMES}/loss-totals.ts`,
    text: 'const bytes = Math.max(0, total.bytes - known.bytes);',
    by: 'const bytes = total.bytes;',
    foundBy: [...unit('source/loss-totals'), ...RINGS],
  },
  {
    fault: 'a ring that is full of lines is read before all others, again and again',
    file: `${IN}/source.ts`,
    text: '      this.#rings.last(reader);\n',
    by: '',
    foundBy: unit('source/ring-idle'),
  },
  {
    fault: 'C: a write does not see that the ring is full',
    file: `${C}/transport_ring.c`,
    text: 'return used > ring->capacity ? 0 : ring->capacity - used;',
    by: 'return used > ring->capacity ? 0 : ring->capacity;',
    foundBy: WRITERS,
  },
  {
    fault: 'C: bytes that go round the end of a ring are cut',
    file: `${C}/transport_ring.c`,
    text: '    lt_copy(data, (const uint8_t *)from + first, length - first);\n',
    by: '',
    foundBy: WRITERS,
  },
  {
    fault: 'C: a retired ring is written on',
    file: `${C}/transport_ring.c`,
    text: '    if (LT_UNLIKELY(is_retired())) return -EPIPE;\n',
    by: '',
    foundBy: WRITERS,
  },
  {
    fault: 'C: a sleeping reader is not woken',
    file: `${C}/transport_ring.c`,
    text: 'LT_RING_SLEEP_EPOCH_AT), __ATOMIC_SEQ_CST) != ring->rung_epoch)) ring_bell();',
    by: 'LT_RING_SLEEP_EPOCH_AT), __ATOMIC_SEQ_CST) == ring->rung_epoch + 7)) ring_bell();',
    foundBy: WRITERS,
  },
  {
    fault: 'C: losses are not noted in the header',
    file: `${C}/transport_ring.c`,
    text: '    __atomic_store_n(word(LT_RING_LOST_BYTES_AT), bytes, __ATOMIC_RELEASE);\n',
    by: '',
    foundBy: WRITERS,
  },
  {
    fault: 'C: a loss has no lines',
    file: `${C}/emit.c`,
    text: "        if (is_certain) lines += lt_count(part.iov_base, part.iov_len, '\\n');\n",
    by: '        (void)is_certain;\n',
    foundBy: WRITERS,
  },
  {
    fault: 'C: a broken connection is not tried again for the frame',
    file: `${C}/emit.c`,
    text: 'CONNECTIONS_PER_FRAME = 2,',
    by: 'CONNECTIONS_PER_FRAME = 1,',
    foundBy: native('delivery', 'ring', 'losses'),
  },
  {
    fault: 'C: a ring whose process ends is not marked as ended',
    file: `${C}/transport_ring.c`,
    text: '    note_loss(false);\n    note_end();\n    if (!is_retired())',
    by: '    note_loss(false);\n    if (!is_retired())',
    foundBy: WRITERS,
  },
];
