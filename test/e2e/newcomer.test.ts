/**
 * A newcomer with a clone and nothing built: the commands below "Try it" of the README, one after the other. It finds what works only
 * in a tree that was built before, and output that is no longer that of the README.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { runPage, type Step } from '../support/page.js';
import { root, run, temporaryDirectory } from '../support/run.js';

// The packages are downloaded, and the library is compiled for two architectures.
jest.setTimeout(1_800_000);

/** The files of a clone: neither packages nor a build. */
function clone(): string {
  const directory = temporaryDirectory();
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of files.toString().split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    cpSync(join(root, file), join(directory, file), { verbatimSymlinks: true });
  }
  return directory;
}

/** The code blocks of a section. */
function blocksOf(section: string): { language: string; text: string }[] {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const [, after = ''] = readme.split(`\n## ${section}\n`);
  const [text = ''] = after.split('\n## ');
  return [...text.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, language = '', block = '']) => ({
    language,
    text: block,
  }));
}

const blocks = blocksOf('Try it');
const directory = clone();

test('the first command installs, builds and shows what arrived: every line of every program', async () => {
  const [command = ''] = (blocks[0]?.text ?? '').split(/\s+#|\n/);
  expect(command).toBe('npm run demo');
  const { code, stdout, stderr } = await run('sh', ['-c', command], { cwd: directory });
  expect({ code, output: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, output: '' });
  const [, written, arrived] = /^(\d+) lines written by unchanged programs, (\d+) arrived\.$/m.exec(stdout) ?? [];
  expect(Number(written)).toBeGreaterThanOrEqual(9);
  expect(arrived).toBe(written);
});

test('a program of their own, a stack trace as one record, and a tapped manifest print what the README shows', async () => {
  const [, file = '', program = ''] = /^# (\S+)\n(.*)$/s.exec(blocks[1]?.text ?? '') ?? [];
  expect(file).toBe('orders.sh');
  writeFileSync(join(directory, file), program);
  const steps: Step[] = blocks
    .filter(({ language }) => language === 'console')
    .flatMap(({ text }) =>
      text
        .split(/^\$ /m)
        .slice(1)
        .map((part) => ({ command: part.slice(0, part.indexOf('\n')), prints: part.slice(part.indexOf('\n') + 1) })),
    );
  expect(steps).toHaveLength(3);
  await runPage(steps, { cwd: directory });
  // The ledger of the run is the last line of its shipper.
  const last = readFileSync(join(directory, 'shipper.log'), 'utf8').trimEnd().split('\n').at(-1) ?? '';
  expect(JSON.parse(last)).toMatchObject({ read: 2, delivered: { stdout: 2 }, held: 0, balanced: true });
  const kinds = parseAllDocuments(readFileSync(join(directory, 'tapped.yaml'), 'utf8')).map(
    (document) => document.toJS().kind,
  );
  expect(kinds).toEqual(['ServiceAccount', 'Deployment']);
});
