/** Where manifests are read from: files of any encoding and kind, and directories. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { readManifestFiles, readManifestStream } from '../../../src/cli/manifests/manifest-text.js';
import { parseManifests } from '../../../src/cli/manifests/manifests.js';
import { CommandError } from '../../../src/cli/usage.js';
import { temporaryDirectory } from '../../support/run.js';

const POD = `apiVersion: v1
kind: Pod
metadata: { name: orders } # café
spec: { containers: [{ name: orders, image: orders }] }
`;

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});

function errorOf(act: () => unknown): CommandError {
  try {
    act();
  } catch (error) {
    return error as CommandError;
  }
  throw new Error('no error');
}

const UTF_16 = /^NAME: is UTF-16: convert it, for example with `iconv -f utf-16 -t utf-8`; nothing was written$/;
const swapped = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16();

describe.each([
  ['Latin-1', Buffer.from(POD, 'latin1'), /^NAME, line 3: is not UTF-8: convert it, .*`iconv -f latin1 -t utf-8`/],
  ['cut UTF-8 in the last line', Buffer.from(`${POD}# é`).subarray(0, -1), /^NAME, line 5: is not UTF-8/],
  ['UTF-16 of PowerShell', Buffer.from(`\ufeff${POD}`, 'utf16le'), UTF_16],
  ['UTF-16 of the other order', swapped(POD), UTF_16],
  ['UTF-16 without a mark', Buffer.from(POD, 'utf16le'), /^NAME, line \d: is not (text|UTF-8)/],
  ['a zero byte', Buffer.from(`${POD}# \0\n`), /^NAME, line 5: is not text, because it contains a zero byte: give a/],
])('%s is refused instead of read with other characters', (_what, bytes, says) => {
  test('in a file and at standard input', async () => {
    const file = join(directory, 'pod.yaml');
    writeFileSync(file, bytes);
    const fromFile = errorOf(() => readManifestFiles(file));
    expect(fromFile).toBeInstanceOf(CommandError);
    expect({ ...fromFile, message: fromFile.message.replace(file, 'NAME') }).toEqual({
      exitCode: 65,
      message: expect.stringMatching(says),
    });
    await expect(readManifestStream('NAME', Readable.from([bytes]))).rejects.toThrow(says);
  });
});

test('a character in two parts of a stream is one', async () => {
  const bytes = Buffer.from(POD);
  const cut = bytes.indexOf('é') + 1;
  const stream = Readable.from([bytes.subarray(0, cut), bytes.subarray(cut)]);
  expect((await readManifestStream('stdin', stream)).text).toBe(POD);
});

describe('a directory', () => {
  const names = () => readManifestFiles(directory).map(({ name }) => name.slice(directory.length + 1));

  test('has each file once, with links to files, and without links to directories and what is no file', () => {
    const other = temporaryDirectory();
    writeFileSync(join(other, 'linked.yaml'), POD);
    mkdirSync(join(directory, 'b.yaml'));
    writeFileSync(join(directory, 'b.yaml', 'c.yml'), POD);
    writeFileSync(join(directory, 'a.json'), '{}');
    symlinkSync(join(other, 'linked.yaml'), join(directory, 'd.yaml'));
    symlinkSync(directory, join(directory, 'b.yaml', 'up'));
    symlinkSync(other, join(directory, 'e.yaml'));
    execFileSync('mkfifo', [join(directory, 'f.yaml')]);
    expect(names()).toEqual(['a.json', 'b.yaml/c.yml', 'd.yaml']);
  });

  test('with a link that leads nowhere is an error that names the link', () => {
    symlinkSync('nowhere', join(directory, 'a.yaml'));
    const { message, exitCode } = errorOf(names);
    expect(message).toMatch(/ENOENT.*a\.yaml'\. Give a file, a directory or -$/);
    expect(exitCode).toBe(66);
  });

  test('without manifests is an error', () => {
    writeFileSync(join(directory, 'README.md'), POD);
    expect(errorOf(names)).toMatchObject({
      exitCode: 66,
      message: expect.stringMatching(/no \.yaml, \.yml or \.json/),
    });
    rmSync(directory, { recursive: true });
    expect(errorOf(names)).toMatchObject({ exitCode: 66, message: expect.stringMatching(/^cannot read '.*ENOENT/) });
  });
});

describe('a text that is no manifest', () => {
  const says = (name: string, text: string) => errorOf(() => parseManifests({ name, text })).message;

  test.each([
    [
      'base/kustomization.yaml',
      'resources: [a.yaml]\n',
      /kustomization\.yaml, line 1: this file is for kustomize: give/,
    ],
    [
      'shop/Chart.yaml',
      'apiVersion: v2\nname: shop\n',
      /Chart\.yaml, line 1: this file is part of a Helm chart: render/,
    ],
    [
      'shop/values.yaml',
      'image: {tag: 1}\n',
      /values\.yaml, line 1: this file is part of a Helm chart: render it first/,
    ],
  ])('%s is named for what it is', (name, text, expected) => {
    expect(says(name, text)).toMatch(expected);
  });

  test('because it never ends, or goes too deep', () => {
    expect(says('a', `${POD}x: &x\n  - 1\n  - y: *x\n`)).toBe(
      "a, line 7: the anchor 'x' contains itself: remove the alias '*x' from it; nothing was written",
    );
    const deep = `${POD}x: ${'['.repeat(50_000)}${']'.repeat(50_000)}\n`;
    expect(says('a', deep)).toMatch(/^a, line \d.*: not valid YAML: it is nested too deeply: correct it/);
  });
});
