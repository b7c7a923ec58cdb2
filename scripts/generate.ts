/**
 * Writes native/src/base/contract.h and docs/reference/contract.md from src/contract.ts, docs/reference/settings.md from src/catalog,
 * docs/internals/rules.md from rules.ts and the tests, docs/internals/performance.md from bench/results/peers.json, docs/reference/api.md from src/constructs,
 * src/cli/config-schema.json likewise, docs/reference/commands.md and man/logtap.1 from src/cli/commands, imports/*.ts from
 * imports/crds, the manifests in examples/kubernetes and examples/pipeline, and the diagrams in docs/pictures.
 *
 *     tsx scripts/generate.ts            writes the files
 *     tsx scripts/generate.ts --check    writes nothing; exits 1 and names each file that differs
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { releaseBits } from '../src/catalog/release.js';
import type { Setting } from '../src/catalog/setting.js';
import { GROUPS, RULES } from '../src/catalog/settings.js';
import { SINKS } from '../src/catalog/sinks/index.js';
import * as contract from '../src/contract.js';
import { apiReference, constructsProgram } from './api-reference.js';
import { configSchema } from './config-schema.js';
import { pathOfAByte, podBeforeAndAfter } from './diagrams.js';
import { kubernetesExample } from './kubernetes-example.js';
import { performancePage } from './performance-page.js';
import { pipelineExample } from './pipeline-example.js';
import { propertyTable } from './property-table.js';
import { rulesTable } from './rules-table.js';

const C_TYPES = { u8: 'uint8_t', u16: 'uint16_t', u32: 'uint32_t', u64: 'uint64_t' } as const;
const root = join(__dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

function cStruct(name: string, fields: readonly contract.LayoutField[], bytes: number): string[] {
  return [
    `struct ${name} {`,
    ...fields.map((field) => `    ${C_TYPES[field.type]} ${field.name}; /* ${field.offset}: ${field.meaning} */`),
    '};',
    `_Static_assert(sizeof(struct ${name}) == ${bytes}, "${name}: no padding");`,
    '',
  ];
}

function header(): string {
  const define = (name: string, value: string | number) => `#define LT_${name} ${value}`;
  const text = (value: string) => JSON.stringify(value);
  const magic = (bytes: readonly number[]) =>
    `"${bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`;
  return [
    '/* GENERATED from src/contract.ts by `npm run generate`. Do not edit. Little endian throughout. */',
    '#ifndef LT_CONTRACT_H',
    '#define LT_CONTRACT_H',
    '',
    '#include <stdint.h>',
    '',
    define('FRAME_VERSION', contract.FRAME_VERSION),
    `/* ${version}, as in package.json. */`,
    define('LIBRARY_RELEASE', releaseBits(version)),
    define('FRAME_MAGIC', magic(contract.FRAME_MAGIC)),
    define('FRAME_MAGIC_BYTES', contract.FRAME_MAGIC.length),
    define('FRAME_MAX_BYTES', contract.FRAME_MAX_BYTES),
    define('FRAME_HEADER_BYTES', contract.FRAME_HEADER_BYTES),
    define('FRAME_MAX_PAYLOAD_BYTES', contract.FRAME_MAX_PAYLOAD_BYTES),
    '',
    ...Object.entries(contract.FRAME_TYPES).map(
      ([name, { value, meaning }]) => `${define(`FRAME_${name}`, value)} /* ${meaning} */`,
    ),
    '',
    ...Object.entries(contract.FRAME_FLAGS).map(
      ([name, { value, meaning }]) => `${define(`FLAG_${name}`, value)} /* ${meaning} */`,
    ),
    '',
    ...Object.entries(contract.STREAMS).map(([name, value]) => define(`STREAM_${name}`, value)),
    define('FIRST_FILE_STREAM', contract.FIRST_FILE_STREAM),
    '',
    ...cStruct('lt_frame_header', contract.FRAME_HEADER, contract.FRAME_HEADER_BYTES),
    '/* Followed by the process name and the container name. */',
    ...cStruct('lt_hello_payload', contract.HELLO_PAYLOAD, contract.HELLO_PAYLOAD_BYTES),
    define('NAME_MAX_BYTES', contract.HELLO_NAME_MAX_BYTES),
    '',
    ...cStruct('lt_lost_payload', contract.LOST_PAYLOAD, contract.LOST_PAYLOAD_BYTES),
    define('RING_MAGIC', magic(contract.RING_MAGIC)),
    define('RING_VERSION', contract.RING_VERSION),
    define('RING_HEADER_BYTES', contract.RING_HEADER_BYTES),
    define('RING_OWN_CAPACITY_BYTES', contract.RING_OWN_CAPACITY_BYTES),
    define('EXIT_STATUS_KNOWN', contract.EXIT_STATUS_KNOWN),
    define('BELL_LOSS', `0x${contract.BELL_LOSS.toString(16)}ULL`),
    ...Object.entries(contract.RING_NAMES).map(([name, value]) => define(`RING_NAME_${name}`, text(value))),
    ...cStruct('lt_loss_slot', contract.LOSS_SLOT, contract.LOSS_SLOT_BYTES),
    define('SOCKET_LOSSES_SUFFIX', text(contract.SOCKET_LOSSES_SUFFIX)),
    define('LOSS_PAGE_BYTES', contract.LOSS_PAGE_BYTES),
    define('LOSS_PAGE_MAGIC', magic(contract.LOSS_PAGE_MAGIC)),
    '',
    "/* Offsets of the words in a ring's header. */",
    ...contract.RING_HEADER.map(
      ({ name, offset, type, by, meaning }) =>
        `${define(`RING_${name.toUpperCase()}_AT`, offset)} /* ${type}, ${by}: ${meaning} */`,
    ),
    '',
    define('SOCKET_PATH_MAX_BYTES', contract.SOCKET_PATH_MAX_BYTES),
    define('LIBRARY_NAME', text(contract.LIBRARY_NAME)),
    define('STDIO_PLACEHOLDER_BYTES', contract.STDIO_PLACEHOLDER.length),
    '',
    ...Object.entries(contract.LIBRARY_ENV).map(([name, { name: variable }]) => define(`ENV_${name}`, text(variable))),
    '',
    '#endif',
    '',
  ].join('\n');
}

function layoutTable(fields: readonly contract.LayoutField[]): string[] {
  return [
    '| offset | type | field | meaning |',
    '|---|---|---|---|',
    ...fields.map((field) => `| ${field.offset} | ${field.type} | ${field.name} | ${field.meaning} |`),
    '',
  ];
}

function documentation(): string {
  const numbered = (entries: Record<string, { value: number; meaning: string }>) => [
    '| value | name | meaning |',
    '|---|---|---|',
    ...Object.entries(entries).map(([name, { value, meaning }]) => `| ${value} | ${name} | ${meaning} |`),
    '',
  ];
  return [
    '<!-- GENERATED from src/contract.ts by `npm run generate`. Do not edit. -->',
    '# Contract between library, shipper and manifests',
    '',
    "## The library's environment",
    '',
    '| variable | meaning | default |',
    '|---|---|---|',
    ...Object.values(contract.LIBRARY_ENV).map((v) => `| \`${v.name}\` | ${v.meaning} | ${v.default} |`),
    '',
    '## Paths',
    '',
    '| what | path |',
    '|---|---|',
    `| shared memory volume, in application and shipper | \`${contract.MOUNT_PATH}\` |`,
    `| library, on a volume of its own, read-only | \`${contract.LIBRARY_MOUNT_PATH}/${contract.LIBRARY_NAME}\` |`,
    `| keys of Secrets, in the shipper | \`${contract.SECRETS_PATH}\` |`,
    `| program of the shipper's hook and probes, on the same volume | \`${contract.LIBRARY_MOUNT_PATH}/${contract.PROBE_NAME}\` |`,
    `| socket (at most ${contract.SOCKET_PATH_MAX_BYTES} bytes) | \`${contract.MOUNT_PATH}/${contract.RUN_DIR}/${contract.SOCKET_NAME}\` |`,
    `| status port of the shipper | ${contract.STATUS_PORT} |`,
    '',
    `## Frames, version ${contract.FRAME_VERSION}`,
    '',
    'Little endian. A framed connection starts with the magic bytes',
    `\`${contract.FRAME_MAGIC.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}\` and a HELLO frame; anything else is read as raw lines.`,
    `A frame is a header of ${contract.FRAME_HEADER_BYTES} bytes and its payload, ${contract.FRAME_MAX_BYTES} bytes together at most.`,
    '',
    ...layoutTable(contract.FRAME_HEADER),
    'Version 1 has a u64 `seq` at offset 16 and no `thread`. Numbers stay below 2^38, so its upper 16 bits are 0, which is the',
    'tag of an unknown thread. A reader takes all versions up to its own and refuses a HELLO of a later one.',
    '',
    '### Types',
    '',
    ...numbered(contract.FRAME_TYPES),
    '### Flags',
    '',
    ...numbered(contract.FRAME_FLAGS),
    '### Streams',
    '',
    `${contract.STREAMS.STDOUT} is stdout, ${contract.STREAMS.STDERR} is stderr; ids from ${contract.FIRST_FILE_STREAM} on are files.`,
    '',
    '### HELLO payload',
    '',
    'These fields, then the process name, then the container name, in UTF-8 without terminators.',
    '',
    ...layoutTable(contract.HELLO_PAYLOAD),
    '### LOST payload',
    '',
    ...layoutTable(contract.LOST_PAYLOAD),
    `## Rings, version ${contract.RING_VERSION}`,
    '',
    'A ring is a file in the ring directory, mapped by one process, read by the shipper with `pread`, released with `pwrite`.',
    `Its header has ${contract.RING_HEADER_BYTES} bytes; byte N of what the process ever wrote is \`capacity\` bytes around behind it.`,
    'What is written is what a framed connection carries, only whole frames. A free ring is made and filled by the shipper,',
    `named \`${contract.RING_NAMES.FREE}N\`; a process claims it by renaming it to \`${contract.RING_NAMES.USED}PID-INSTANCE-N\`. The process wakes`,
    `the shipper by eight bytes, its instance, in the FIFO \`${contract.RING_NAMES.BELL}\`: once after each rise of \`sleep_epoch\`, and after a claim. A process that gets no ring,`,
    `and cannot use the page of losses, tells its loss there, in four words of eight bytes: 0x${contract.BELL_LOSS.toString(16)}, its instance, its lost lines and bytes.`,
    '',
    '| offset | type | word | written by | meaning |',
    '|---|---|---|---|---|',
    ...contract.RING_HEADER.map((w) => `| ${w.offset} | ${w.type} | ${w.name} | ${w.by} | ${w.meaning} |`),
    '',
    '## The page of losses',
    '',
    `The file \`${contract.RING_NAMES.LOSSES}\` in the ring directory, of ${contract.LOSS_PAGE_BYTES} bytes, is a row of slots. A process that loses bytes and has no ring maps it,`,
    'claims the first slot with instance 0 by a compare-and-swap, and stores its totals there. The first slot belongs to no process: its maker',
    `gives it a random instance and the magic \`${contract.LOSS_PAGE_MAGIC.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}\`. A process that finds no free slot adds to the first one's totals, and takes`,
    'as much off its own. Nothing is taken out of the page. The shipper only reads it.',
    `Beside a socket, the file \`SOCKET${contract.SOCKET_LOSSES_SUFFIX}\` is such a page for processes that write frames to the socket: at each loss, whether they are connected or not.`,
    'Their totals there are those of HELLO and LOST, so each of them counts once.',
    '',
    ...layoutTable(contract.LOSS_SLOT),
  ].join('\n');
}

function settingRow({ name, aliases, default: text, defaultMeaning, help }: Setting<unknown>): string {
  const also = aliases === undefined ? '' : ` Also read: ${aliases.map((alias) => `\`${alias}\``).join(', ')}.`;
  const absent = defaultMeaning ?? (text === undefined ? '' : `\`${text}\``);
  return `| \`${name}\` | ${absent} | ${help}${also} |`;
}

function settings(): string {
  return [
    '<!-- GENERATED from src/catalog by `npm run generate`. Do not edit. -->',
    '# Settings of the shipper',
    '',
    'The shipper is set by its environment and by nothing else. An empty variable counts as absent. All problems are',
    'reported at once, and an unknown `LOGTAP_*` name is one: the shipper then exits with code 78.',
    '',
    ...GROUPS.flatMap(([group, rows]) => [
      `## ${group}`,
      '',
      '| variable | default | meaning |',
      '|---|---|---|',
      ...Object.values(rows).map(settingRow),
      '',
    ]),
    '## Rules between settings',
    '',
    'The constructs and the command line apply them as well, so that a manifest with a broken one is not written.',
    '',
    ...Object.entries(SINKS).flatMap(([sink, { needed }]) =>
      needed.map(([row, example]) => `- The sink \`${sink}\` needs \`${row.name}\`, for example \`${example}\`.`),
    ),
    ...RULES.map((rule) => `- ${rule.says(({ name }) => `\`${name}\``)}`),
    '',
    '## Exit codes',
    '',
    '| code | meaning |',
    '|---|---|',
    '| 0 | all that was read is delivered, or was refused by a sink and counted or kept |',
    '| 1 | internal error |',
    '| 64 | wrong usage: it takes no arguments but `--check` and `replay FILE` |',
    '| 74 | records remain undelivered, or lines unread; the last line on stderr says how many |',
    '| 78 | the settings cannot work; with `--check` also: a service does not take the records |',
    '',
  ].join('\n');
}

/** What `cdk8s import` makes of the definitions that cdk8s.yaml names. */
function imports(): [path: string, source: string, content: string][] {
  const output = mkdtempSync(join(tmpdir(), 'cdk8s-import-'));
  try {
    const cdk8s = join(root, 'node_modules', 'cdk8s-cli', 'bin', 'cdk8s');
    const env = { ...process.env, CDK8S_CHECK_UPGRADE: 'false' };
    execFileSync(process.execPath, [cdk8s, 'import', '--no-save', '--output', output], {
      cwd: root,
      env,
      stdio: 'pipe',
    });
    return readdirSync(output).map((file) => [
      join('imports', file),
      'imports/crds',
      readFileSync(join(output, file), 'utf8'),
    ]);
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

const { program, index } = constructsProgram(root);
const schema = configSchema(program, index);
const isCheck = process.argv.includes('--check');

/** Writes the files that differ, or names them. */
function put(files: readonly (readonly [path: string, source: string, content: string])[]): void {
  for (const [path, source, content] of files) {
    const target = join(root, path);
    if (existsSync(target) && readFileSync(target, 'utf8') === content) continue;
    if (!isCheck) {
      writeFileSync(target, content);
      console.log(`wrote ${path}`);
    } else {
      console.error(`${path} does not match ${source}. Run \`npm run generate\` and commit the result.`);
      process.exitCode = 1;
    }
  }
}

put([
  ['native/src/base/contract.h', 'src/contract.ts', header()],
  ['docs/reference/contract.md', 'src/contract.ts', documentation()],
  ['docs/reference/settings.md', 'src/catalog', settings()],
  ['docs/internals/rules.md', 'scripts/rules.ts and the titles of tests', rulesTable(root)],
  [
    'docs/internals/performance.md',
    'bench/results/peers.json',
    performancePage(JSON.parse(readFileSync(join(root, 'bench/results/peers.json'), 'utf8'))),
  ],
  ['docs/reference/api.md', 'src/constructs', apiReference(program, index)],
  ['src/cli/config-schema.json', 'src/constructs', schema],
  ['src/constructs/props/property-table.ts', 'src/constructs', propertyTable(schema)],
  ...imports(),
]);
// The command line writes the examples, and reads the table of properties.
put(kubernetesExample(root));
put(pipelineExample(root));
put([
  ['docs/pictures/path-of-a-byte.svg', 'scripts/diagrams.ts', pathOfAByte()],
  ['docs/pictures/pod-before-and-after.svg', 'src/constructs/injection', podBeforeAndAfter()],
]);
// The flags of injection follow from the schema, which is up to date by now.
Promise.all([import('./commands-page.js'), import('./man-page.js')]).then(([{ commandsPage }, { manPage }]) =>
  put([
    ['docs/reference/commands.md', 'src/cli/commands', commandsPage()],
    ['man/logtap.1', 'src/cli/commands', manPage(version)],
  ]),
);
