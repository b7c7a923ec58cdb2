/** The page of a mutation run. */
import type { Verdict } from './copy.js';
import type { Mutation } from './mutation.js';

const HEAD = `# Mutations

A test that cannot fail finds nothing. So faults are put into delivery, buffer, rings, the C library and the ledger on purpose, one
at a time, into a copy of the tree; each must be found by a test or by the [simulation](reliability-simulation.md).

    npm run mutate
    npm run mutate -- --new

writes this page; \`--new\` tries the faults that it does not have yet, and goes on where an earlier call was interrupted. A fault is a text of a file and its replacement, in \`test/mutations/\`; a unit test checks that each text still
occurs once, so that the list keeps up with the source. A fault that survives is a missing test.
`;

const SURVIVED = '**survived**';

/** @param known of faults without a verdict: their cells, as the page has them */
export function tableOf(
  rooms: readonly (readonly [room: string, mutations: readonly Mutation[]])[],
  verdicts: ReadonlyMap<Mutation, Verdict>,
  known: ReadonlyMap<string, string> = new Map(),
): string {
  const tables = rooms.map(([room, mutations]) => {
    const rows = mutations.map((mutation) => {
      const verdict = verdicts.get(mutation);
      const cell = known.get(mutation.fault) ?? SURVIVED;
      const found = verdict === undefined ? cell : `\`${verdict.test}\`: ${plain(verdict.title)}`;
      return `| ${mutation.fault} | ${found} |\n`;
    });
    return `\n## ${room}\n\n| fault | found by |\n|---|---|\n${rows.join('')}`;
  });
  return `${HEAD}${tables.join('')}`;
}

/** What found each fault of a page, by its description. Those that survived are not among them. */
export function foundIn(page: string): ReadonlyMap<string, string> {
  const rows = [...page.matchAll(/^\| (.*?) \| (`.*) \|$/gm)];
  return new Map(rows.map(([, fault = '', found = '']) => [fault, found]));
}

const plain = (title: string): string => title.replace(/[|\\`<>*_[\]]/g, '\\$&').replace(/\s+/g, ' ');
