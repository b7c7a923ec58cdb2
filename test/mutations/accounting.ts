/** Faults in the ledger and in the journal of counts. */
import { type Mutation, unit } from './mutation.js';

const IN = 'src/shipper/accounting';
const BOOKS = [...unit('ledger', 'count-journal'), { seeds: 200 }];

export const ACCOUNTING: readonly Mutation[] = [
  {
    fault: 'counts are forgotten before the journal has them',
    file: `${IN}/ledger.ts`,
    text: '        for (const [reason, tally] of counts[fate]) entries.push(journalEntry.ofSink(fate, sink, reason, tally));\n',
    by: '        void counts[fate];\n',
    foundBy: BOOKS,
  },
  {
    fault: 'the counts of a previous run are taken over twice',
    file: `${IN}/ledger.ts`,
    text: '      counts.recovered.add(tally);\n      addTo(counts[fate], reason, tally);',
    by: '      counts.recovered.add(tally);\n      addTo(counts[fate], reason, tally.plus(tally));',
    foundBy: BOOKS,
  },
  {
    fault: 'possible duplicates do not outlive a kill',
    file: `${IN}/ledger.ts`,
    text: "    this.#journal?.ofSink('possibleDuplicates', sink, LOST_ANSWER, repeated);\n",
    by: '',
    foundBy: BOOKS,
  },
  {
    fault: 'a ledger that does not balance says that it does',
    file: `${IN}/balance.ts`,
    text: 'balanced: sinks.every(([, { balanced }]) => balanced),',
    by: 'balanced: sinks.length > 0,',
    foundBy: BOOKS,
  },
  {
    fault: 'records held are no part of the balance',
    file: `${IN}/balance.ts`,
    text: '.plus(allDropped).plus(held);',
    by: '.plus(allDropped);',
    foundBy: BOOKS,
  },
  {
    fault: 'a tally takes records of one stream for those of another',
    file: `${IN}/tally.ts`,
    text: 'const stream = streams[batch.origin[i]!]!;',
    by: 'const stream = streams[0]!;',
    foundBy: BOOKS,
  },
  {
    fault: 'a reported journal is counted again',
    file: `${IN}/journal-sum.ts`,
    text: '    this.#sinks.clear();\n    this.#withheld.clear();',
    by: '    this.#withheld.clear();',
    foundBy: BOOKS,
  },
  {
    fault: 'losses of a process that earlier shippers have reported count again',
    file: `${IN}/journal-sum.ts`,
    text: 'unreported: minus(total, reported) }',
    by: 'unreported: total }',
    foundBy: BOOKS,
  },
  {
    fault: 'an entry that the disk refused is not made up for by the next one',
    file: `${IN}/count-journal.ts`,
    text: '    if (this.#isBehind) this.#startAnew();\n    else this.#write(',
    by: '    this.#write(',
    foundBy: BOOKS,
  },
  {
    fault: 'an entry for which the file has no room is left out',
    file: `${IN}/count-journal.ts`,
    text: 'if (!this.#file.append(entry)) this.#startAnew();',
    by: 'if (!this.#file.append(entry)) return;',
    foundBy: BOOKS,
  },
  {
    fault: 'what stages withheld is not kept in the journal',
    file: 'src/shipper/delivery/stage-counts.ts',
    text: 'for (const [reason, tally, places] of this.#withheld) ledger.keepWithheld(reason, tally, places);',
    by: '',
    foundBy: [...unit('pipeline', 'ledger', 'count-journal'), { seeds: 300 }],
  },
  {
    fault: 'records that were withheld and sent later are counted as both',
    file: `${IN}/ledger.ts`,
    text: '    addTo(this.withheld, reason, new Tally().minus(recalled));\n',
    by: '',
    foundBy: [...unit('ledger', 'pipeline', 'stages/bill')],
  },
];
