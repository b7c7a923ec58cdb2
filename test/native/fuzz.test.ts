/** The library's encoders and parsers under libFuzzer, for a bounded time, with the sanitizers watching. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LIBRARY_ENV, STDIO_PLACEHOLDER } from '../../src/contract.js';
import { describeWith } from '../support/capability.js';
import { root, temporaryDirectory } from '../support/run.js';

const SECONDS = 12;
/** Each name with a value that means something, one a line in libFuzzer's format. */
const dictionary = [
  ...Object.values(LIBRARY_ENV).map(({ name }) => `${name}=`),
  ...['file:/', 'socket:/', 'block:250', 'true', 'frame', 'raw', '3', STDIO_PLACEHOLDER],
  Array.from({ length: 4 }, () => '0123456789abcdef').join(':'),
];

function seeds(): Readonly<Record<string, Buffer>> {
  const vectors = join(root, 'test', 'vectors', 'v1');
  const frames = readdirSync(vectors).map((name) => [name, readFileSync(join(vectors, name))] as const);
  const streams = Array.from({ length: 4 }, () => '00000000000000a7').join(':');
  const settings = `LLT_TAP_INTO=3\0LLT_TARGET=socket:/run/tap\0LLT_FORMAT=frame\0LLT_ON_FULL=block:9\0LLT_STDIO=${streams}\0`;
  return { ...Object.fromEntries(frames), settings: Buffer.from(settings) };
}

/** Runs a fuzzer over the seeds; answers its exit code and what it said, with the input that broke it. */
function fuzz(fuzzer: string, seconds: number): { status: number | null; said: string } {
  const directory = temporaryDirectory();
  const corpus = join(directory, 'corpus');
  const words = join(directory, 'words');
  mkdirSync(corpus);
  for (const [name, bytes] of Object.entries(seeds())) writeFileSync(join(corpus, name), bytes);
  writeFileSync(words, dictionary.map((word) => `"${word}"\n`).join(''));
  const limits = [`-max_total_time=${seconds}`, '-max_len=4096', '-timeout=10', '-rss_limit_mb=2048'];
  const { status, stderr } = spawnSync(fuzzer, [...limits, `-dict=${words}`, corpus], {
    cwd: directory,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  const broken = readdirSync(directory).filter((name) => /^(crash|leak|oom|timeout)-/.test(name));
  const inputs = broken.map((name) => `${name}: ${readFileSync(join(directory, name)).toString('base64')}`);
  return { status, said: [...stderr.split('\n').slice(-60), ...inputs].join('\n') };
}

describeWith(['clang'], 'the fuzzed parts of the library', () => {
  let build: string;
  beforeAll(() => {
    build = temporaryDirectory();
    const { status, stderr } = spawnSync('make', ['--silent', '-C', join(root, 'native'), `BUILD=${build}`, 'fuzz']);
    if (status !== 0) throw new Error(`the fuzzers do not compile: ${stderr}`);
  });

  test.each(['frame', 'environment', 'elf_lookup'])('%s', (name) => {
    const { status, said } = fuzz(join(build, 'fuzz', name), SECONDS);
    // libFuzzer says how far it came only when nothing broke.
    if (status !== 0) throw new Error(`${name} broke, exit code ${status}:\n${said}`);
    expect(said).toMatch(/Done \d{4,} runs/);
  });

  test('a fuzzer that finds something fails and shows the input', () => {
    const source = join(root, 'native');
    const copy = join(temporaryDirectory(), 'native');
    cpSync(join(source, 'src'), join(copy, 'src'), { recursive: true });
    cpSync(join(source, 'test', 'fuzz'), join(copy, 'test', 'fuzz'), { recursive: true });
    cpSync(join(source, 'Makefile'), join(copy, 'Makefile'));
    const frame = join(copy, 'src', 'handover', 'frame.c');
    // The limit of names forgotten: what a long one writes over is found by the sanitizer.
    writeFileSync(frame, readFileSync(frame, 'utf8').replace('return length < LT_NAME_MAX_BYTES ?', 'return true ?'));
    const { status, stderr } = spawnSync('make', ['--silent', '-C', copy, 'build/fuzz/frame']);
    expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' });
    expect(existsSync(join(copy, 'build', 'fuzz', 'frame'))).toBe(true);
    const found = fuzz(join(copy, 'build', 'fuzz', 'frame'), 20);
    expect(found.status).not.toBe(0);
    expect(found.said).toMatch(/crash-[0-9a-f]+: \S+/);
  });
});
