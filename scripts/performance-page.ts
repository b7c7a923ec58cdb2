/** docs/internals/performance.md from the results of `npm run bench peers` in bench/results/peers.json. */
import type { Machine, Report, Result, RowReport } from '../bench/peers/report.js';
import { costOf, problemsOf, REFERENCE, tableOf } from '../bench/peers/table.js';

/** Of the reference's cost, the most that the product should take: one eighth of another shipper that it costs 1.32 times as much as. */
interface Aim {
  readonly row: string;
  readonly text: string;
  readonly most: number;
}

/**
 * The aims are shares of the CPU time of Fluent Bit. Where its program is not at hand, the reference is what a plain pipeline costs:
 * 1.32 times Fluent Bit on access lines, 1.43 times on JSON lines, 1.14 times on CloudWatch Logs over TLS, as measured beside
 * it once.
 */
const AIMS: readonly Aim[] = [
  { row: 'opensearch', text: 'an eighth of Fluent Bit', most: 1 / 8 / 1.32 },
  { row: 'json', text: 'a quarter of Fluent Bit', most: 1 / 4 / 1.43 },
  { row: 'cloudwatch', text: 'a third of Fluent Bit', most: 1 / 3 / 1.14 },
];

const PRODUCT = ['logtap-socket', 'logtap-rings'] as const;

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

function table(rows: readonly (readonly string[])[]): string[] {
  const [head = [], ...rest] = rows;
  return [
    line(head),
    `|${'---|'.repeat(head.length)}`,
    ...rest.map((cells) => line([...cells, ...Array(head.length - cells.length).fill('')])),
    '',
  ];
}

function section(row: RowReport, { cores }: Machine): string[] {
  const { title, lines, bytes, rounds, date, load } = row;
  const shared =
    load > cores ? ` on ${cores} cores: the machine was shared, so elapsed times and delays say little` : '';
  return [
    `## ${title}`,
    '',
    `${lines.toLocaleString('en')} lines of ${Math.round(bytes / lines)} bytes on average, ${rounds} rounds, ${date}. Load ${load}${shared}.`,
    '',
    ...table(tableOf(row)),
    ...problemsOf(row).map((problem) => `- ${problem.split('\n')[0]}`),
    '',
  ];
}

/** What the product costs in a row, as a share of the reference. */
function shareOf({ results, lines }: RowReport, peer: string): number | undefined {
  const [own, reference] = [peer, REFERENCE].map((name) => {
    const result: Result | undefined = results.find((each) => each.peer === name);
    return result === undefined ? undefined : costOf(result, lines);
  });
  return own === undefined || reference === undefined ? undefined : own / reference;
}

function aimsTable(rows: readonly RowReport[]): string[] {
  const cells = AIMS.flatMap(({ row: name, text, most }) => {
    const row = rows.find((each) => each.name === name);
    if (row === undefined) return [];
    const reached = PRODUCT.map((peer) => {
      const share = shareOf(row, peer);
      if (share === undefined) return 'not run';
      return share <= most ? `x${share.toFixed(2)}: reached` : `x${share.toFixed(2)}: **missed**`;
    });
    return [[row.title, text, `x${most.toFixed(2)}`, ...reached]];
  });
  return table([['row', 'aim', `of ${REFERENCE}`, 'over a socket', 'over rings'], ...cells]);
}

function machineLines({ machine, peers, missing }: Report): string[] {
  const { processor, cores, memoryGb, kernel } = machine;
  return [
    `Measured with ${cores} cores of ${processor}, ${memoryGb} GB, ${kernel}.`,
    '',
    ...table([['peer', 'version', 'reads'], ...peers.map(({ name, version, input }) => [name, version, input])]),
    ...missing.map(({ name, install }) => `- Without ${name}: ${install}.`),
    '',
  ];
}

/** Read before the figures. */
const METHOD = `Each peer is started with a configuration of its own, left alone until it rests, and fed by a program in C. CPU time is that of the peer,
all threads and the kernel's work for them, from the first line until the sink has the last. Peers take turns, round after
round; a cell has the median, and the least and the most in parentheses. \`lost\` and \`twice\` are the worst of all rounds: each
line has a number, and the sink looks for it. The sink answers at once and writes nothing, so that a service's own speed is
not measured.

The start of a runtime counts: compiling takes a pipeline of Node some tenths of a second of CPU time, which are a second per million in
a run of 200,000 lines. So compare rows of the same number of lines.

The product has every guarantee on, and does by default what others do not: it joins stack traces, reads fields from the text,
and gives each document an id. The row "text only" is without these.`;

/** Why aims are missed, as far as it is known. */
const MISSED = `Memory: a process of Node 20 takes 39 MB before it does anything. The shipper adds 20 MB of code and kernels, and in an outage holds
records up to \`LOGTAP_MEMORY_MAX_BYTES\`, 64 MiB without a limit of the container. So the aims of 50 MB idle and of 90 MB under
full load and in an outage are missed, and \`npm run bench -- memory\` fails until they are not:
[decision 41](../decisions/0041-memory-in-an-outage.md).

CPU time: by default the shipper joins stack traces and reads fields, which the row with text only does not.
A document has its id, its place, its stream and process, and the fields of its text, so that the wire has more bytes per line. The plain
pipeline here asks for short answers and sends no ids: it is leaner than the one that was measured beside Fluent Bit, and these aims are
harder by that.`;

export function performancePage(report: Report): string {
  return [
    '<!-- GENERATED from bench/results/peers.json by `npm run generate`. Do not edit. -->',
    '# Performance',
    '',
    'What lines cost on their way to the service, beside other shippers in one run. To repeat it:',
    '',
    '```sh',
    'npm run bench -- peers --json bench/results/peers.json   # three rounds of a million lines: hours; --rows and --peers choose',
    'npm run generate                                         # this page',
    '```',
    '',
    'Peers that no package registry has are given by `--peer fluent-bit=BINARY`, `--peer vector=BINARY` and `--peer otel-collector=BINARY`.',
    '',
    METHOD,
    '',
    ...machineLines(report),
    '## Aims',
    '',
    ...aimsTable(report.rows),
    MISSED,
    '',
    ...report.rows.flatMap((row) => section(row, report.machine)),
  ]
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .replace(/\n+$/, '\n');
}
