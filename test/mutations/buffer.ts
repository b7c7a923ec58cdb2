/** Faults in the buffer: memory, segments, checkpoints. */
import { type Mutation, unit } from './mutation.js';

const IN = 'src/shipper/buffer';
const MODELS = unit('buffer/record-buffer', 'buffer/buffer-model', 'buffer/crash-model');
const STORE = unit('buffer/disk-order', 'buffer/segment-store', 'buffer/crash-model', 'buffer/damaged-segments');

export const BUFFER: readonly Mutation[] = [
  {
    fault: 'a batch is discarded once one sink has it',
    file: `${IN}/record-buffer.ts`,
    text: 'if (cursors.every((cursor) => cursor.isAcknowledged(buffered))) {',
    by: 'if (cursors.some((cursor) => cursor.isAcknowledged(buffered))) {',
    foundBy: MODELS,
  },
  {
    fault: 'records in flight count as acknowledged',
    file: `${IN}/cursor.ts`,
    text: 'return !this.wants(span) && !isOut;',
    by: 'return !this.wants(span) || isOut;',
    foundBy: MODELS,
  },
  {
    fault: 'the position of a sink is past its records in flight',
    file: `${IN}/cursor.ts`,
    text: 'return this.#out[0]?.first ?? this.next.position;',
    by: 'return this.next.position;',
    foundBy: MODELS,
  },
  {
    fault: 'dropped records are not counted',
    file: `${IN}/record-buffer.ts`,
    text: '    tellDropped(this.#options, { sink: name, reason, dropped, ...unread });\n',
    by: '    void [name, dropped, unread];\n',
    foundBy: MODELS,
  },
  {
    fault: 'the source forgets a batch that only memory has',
    file: `${IN}/record-buffer.ts`,
    text: 'if (stored !== undefined) {\n',
    by: 'if (stored !== null) {\n',
    foundBy: [...MODELS, { seeds: 200 }],
  },
  {
    fault: 'a full buffer keeps reading',
    file: `${IN}/record-buffer.ts`,
    text: 'while (this.fullness >= 1 && !signal.aborted) await',
    by: 'while (this.fullness >= 100 && !signal.aborted) await',
    foundBy: MODELS,
  },
  {
    fault: 'a take skips the record at which the limit was reached',
    file: `${IN}/taking.ts`,
    text: 'this.next = { position: first + to, before:',
    by: 'this.next = { position: first + to + 1, before:',
    foundBy: MODELS,
  },
  {
    fault: 'recovered records are not in the books',
    file: `${IN}/record-buffer.ts`,
    text: '      this.#options.onRecovered?.(name, recovered);\n      cursor.held.add(recovered);',
    by: '      cursor.held.add(recovered);',
    foundBy: MODELS,
  },
  {
    fault: 'the checkpoint is written over the line that is synced',
    file: `${IN}/checkpoint.ts`,
    text: 'const line = (this.#syncedLine + 1) % SYNCED_LINES;',
    by: 'const line = this.#syncedLine;',
    foundBy: STORE,
  },
  {
    fault: 'the oldest valid checkpoint counts',
    file: `${IN}/checkpoint.ts`,
    text: 'other.number - one.number)[0]',
    by: 'one.number - other.number)[0]',
    foundBy: STORE,
  },
  {
    fault: 'a damaged checkpoint is believed',
    file: `${IN}/checkpoint.ts`,
    text: 'version !== VERSION || crc !== crcOf(',
    by: 'version !== VERSION || crc === crcOf(',
    foundBy: STORE,
  },
  {
    fault: 'segments are removed before the checkpoint says so',
    file: `${IN}/segment-store.ts`,
    text: '      const doomed = [...this.#doomed];\n      await this.#checkpoint.commitLater(this.#state());\n      this.#removeDoomed(doomed);',
    by: '      const doomed = [...this.#doomed];\n      this.#removeDoomed(doomed);\n      await this.#checkpoint.commitLater(this.#state());',
    foundBy: STORE,
  },
  {
    fault: 'the room of a removed segment does not come back',
    file: `${IN}/segment-store.ts`,
    text: '      this.#used -= segment.bytes;\n',
    by: '',
    foundBy: STORE,
  },
  {
    fault: 'a frame with a wrong checksum is read',
    file: `${IN}/segments/segment.ts`,
    text: 'if (crc32(bytes.subarray(at + AT.first, end)) !== bytes.readUInt32LE(at + AT.crc)) return undefined;',
    by: '',
    foundBy: [...unit('buffer/segment-format'), ...STORE],
  },
  {
    fault: 'records that are missing between two segments are not noticed',
    file: `${IN}/segments/survey.ts`,
    text: '    if (reached !== undefined && first > reached) this.#hole(first);\n',
    by: '',
    foundBy: STORE,
  },
  {
    fault: 'a copied segment is read twice',
    file: `${IN}/segments/survey.ts`,
    text: 'if (first < this.#spansEnd && this.#spans.some(isCopy)) return;',
    by: '',
    foundBy: STORE,
  },
  {
    fault: 'numbers of records that only memory had are given again',
    file: `${IN}/segment-store.ts`,
    text: 'const gap = first === endBefore ? [] : [encodeGap(endBefore, first)];',
    by: 'const gap: Buffer[] = [];',
    foundBy: STORE,
  },
  {
    fault: 'synced data is not synced with LOGTAP_SPOOL_SYNC=always',
    file: `${IN}/segment-store.ts`,
    text: "    if (this.#sync === 'always') segment.file!.sync();\n    else if",
    by: "    if (this.#sync === 'always') void segment;\n    else if",
    foundBy: STORE,
  },
  {
    fault: 'a segment that could not be read at the start is removed although a record of it is needed',
    file: `${IN}/segments/unexpected-segments.ts`,
    text: '      if (!records.every(isDone)) return true;\n',
    by: '',
    foundBy: STORE,
  },
  {
    fault: 'a segment that could not be read at the start is passed where a number behind it is not believed',
    file: `${IN}/segments/survey.ts`,
    text: 'const end = most - first > holeMax ? least : most;',
    by: 'const end = most;\n    if (most - first > holeMax) return;',
    foundBy: STORE,
  },
];
