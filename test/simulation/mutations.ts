/** Faults that the shipper had, put back: each removes its correction. A seed must find each of them. */
import type { Mutation } from './world/program.js';

const SHIPPER = 'src/shipper';

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'a debt of a ring is forgotten before its notice is delivered',
    file: `${SHIPPER}/source/rings/reader.ts`,
    find: 'this.#unacknowledged = this.lostWithPreviousRun;',
    replace: 'this.#unacknowledged = NOTHING;',
  },
  {
    name: 'counts of earlier runs are not taken over',
    file: `${SHIPPER}/accounting/ledger.ts`,
    find: '    this.#takeOver(journal.previous);\n',
    replace: '',
  },
  {
    name: 'counts are not kept beyond a kill',
    file: `${SHIPPER}/accounting/ledger.ts`,
    find: '    if (this.#journal === undefined) return [];\n    const entries = this.#entries;\n',
    replace: '    return [];\n    const entries = this.#entries;\n',
  },
  {
    name: 'a hole between segments is not counted',
    file: `${SHIPPER}/buffer/survey.ts`,
    find: '    if (reached !== undefined && first > reached) this.#hole(first);\n',
    replace: '',
  },
  {
    name: 'a hole at the end of the segments is not counted',
    file: `${SHIPPER}/buffer/survey.ts`,
    find: 'known > this.#reached) this.#hole(known);',
    replace: 'known > this.#reached) this.#reached = known;',
  },
  {
    name: 'segments are not synced',
    file: `${SHIPPER}/buffer/segment-store.ts`,
    find: '        await segment.file?.syncLater();\n',
    replace: '',
  },
  {
    name: 'names of segments are not synced',
    file: `${SHIPPER}/buffer/segment-store.ts`,
    find: '        await this.#disk.syncDirectoryLater(this.#options.directory);\n',
    replace: '',
  },
  {
    name: 'counts are not synced',
    file: `${SHIPPER}/buffer/segment-store.ts`,
    find: '      await this.#options.counts?.syncLater();\n',
    replace: '',
  },
  {
    name: 'a segment that cannot be read now counts as lost',
    file: `${SHIPPER}/buffer/segment-bodies.ts`,
    find: 'const isLost = isMissing(error) && this.#isThere();',
    replace: 'const isLost = true;',
  },
  {
    name: 'rings that cannot be listed end the shipper',
    file: `${SHIPPER}/source/rings/directory.ts`,
    find: "if (codeOf(error) === 'ENOENT') return [];",
    replace: 'throw error;',
  },
  {
    name: 'a ring that cannot be opened now is not looked at again',
    file: `${SHIPPER}/source/rings/source.ts`,
    find: 'if (!this.#isLate(nowMs)) this.#isAllFound = false;\n      }',
    replace: 'this.#refused.add(ring.name);\n      }',
  },
  {
    name: 'two shippers use one directory',
    file: `${SHIPPER}/lock/directory-lock.ts`,
    find: '      if (alive !== undefined) return alive;\n',
    replace: '',
  },
  {
    name: 'durations are those of the wall clock',
    file: `${SHIPPER}/build.ts`,
    find: 'const now = () => performance.now();',
    replace: 'const now = () => Date.now();',
  },
  {
    name: 'rings are timed by the wall clock',
    file: `${SHIPPER}/source/rings/source.ts`,
    find: 'this.#now = options.now ?? (() => performance.now());',
    replace: 'this.#now = () => Date.now();',
  },
  {
    name: 'losses of processes without a ring are not heard',
    file: `${SHIPPER}/source/rings/directory.ts`,
    find: 'onLoss(instanceAt(bytes, at + WAKE_UP_BYTES), { lines: lines!, bytes: lost! });',
    replace: '',
  },
  {
    name: 'a refusal is believed without a record that is known to be good',
    file: `${SHIPPER}/sinks/opensearch/known-good.ts`,
    find: '    let refused = new Map<string, Failure>();\n',
    replace: '    if (asked.size >= 0) return new Map();\n    let refused = new Map<string, Failure>();\n',
  },
  {
    name: 'the number of items in an answer is not checked',
    file: `${SHIPPER}/sinks/opensearch/answer.ts`,
    find: '  if (items.length !== actions) return',
    replace: '  if (items.length > actions) return',
  },
  {
    name: 'an answer of another shape counts as an acknowledgement',
    file: `${SHIPPER}/sinks/opensearch/pass.ts`,
    find: "    if (typeof items === 'string') {\n",
    replace: "    if (typeof items === 'string') return;\n    if (typeof items === 'string') {\n",
  },
  {
    name: 'ids change from attempt to attempt',
    file: `${SHIPPER}/source/frames/frame-stream.ts`,
    find: 'const place = seq * PLACES_PER_FRAME;',
    replace: 'const place = seq * PLACES_PER_FRAME + (Math.floor(this.#nowMs) % 7);',
  },
  {
    name: 'a ring is released without a debt',
    file: `${SHIPPER}/source/rings/reader.ts`,
    find: 'if (!mark.isAcknowledged) this.#unacknowledged = plus(this.#unacknowledged, mark.records);',
    replace: '',
  },
  {
    name: 'what a service refuses partly is delivered wholly',
    file: `${SHIPPER}/delivery/deliver.ts`,
    find: '    sent = launch(options, piece.select(again));',
    replace: '    if (again.length < piece.batch.count) return true;\n    sent = launch(options, piece.select(again));',
  },
  {
    name: 'an entry of the journal that was cut off is not made up for',
    file: `${SHIPPER}/accounting/count-journal.ts`,
    find: '    this.#isBehind = true;\n',
    replace: '',
  },
  {
    name: 'a checkpoint is where the newest request began',
    file: `${SHIPPER}/buffer/cursor.ts`,
    find: 'return this.#out[0]?.first ?? this.next.position;',
    replace: 'return this.#out.at(-1)?.first ?? this.next.position;',
  },
  {
    name: 'the newest request is booked first',
    file: `${SHIPPER}/delivery/requests.ts`,
    find: 'return this.#out[0];',
    replace: 'return this.#out.at(-1);',
  },
];
