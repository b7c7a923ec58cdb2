/** Every relative link of the documentation leads to a file, and its anchor to a heading there. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ROOT = join(__dirname, '..', '..');

function pagesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return path.endsWith('.md') ? [path] : [];
  return readdirSync(path)
    .filter((name) => name !== 'node_modules')
    .flatMap((name) => pagesBelow(join(path, name)));
}

const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs', 'examples'].flatMap((name) =>
  pagesBelow(join(ROOT, name)),
);

/** A heading's anchor as repository hosts make it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');

function anchorsOf(path: string): readonly string[] {
  const text = readFileSync(path, 'utf8').replace(/^```.*?^```/gms, '');
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading.trim()));
  return [...headings, ...[...text.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, id = '']) => id)];
}

/** Links that lead nowhere. */
function brokenLinks(page: string, text: string): string[] {
  const prose = text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : join(dirname(page), path);
    if (!existsSync(target)) return [`${link}: there is no such file`];
    if (anchor === undefined || !target.endsWith('.md') || anchorsOf(target).includes(anchor)) return [];
    return [`${link}: there is no such heading`];
  });
}

test.each(pages.map((page) => relative(ROOT, page)))('the links of %s lead somewhere', (page) => {
  expect(brokenLinks(join(ROOT, page), readFileSync(join(ROOT, page), 'utf8'))).toEqual([]);
});

test('a missing file and a missing heading are found', () => {
  const page = join(ROOT, 'README.md');
  const text = '[a](docs/none.md) [b](docs/README.md#guides) [c](docs/README.md#none) [d](https://example.com/x)';
  expect(brokenLinks(page, text)).toEqual([
    'docs/none.md: there is no such file',
    'docs/README.md#none: there is no such heading',
  ]);
});

test('docs/README.md lists every page', () => {
  const index = readFileSync(join(ROOT, 'docs', 'README.md'), 'utf8');
  const missing = pages
    .map((page) => relative(join(ROOT, 'docs'), page))
    .filter((page) => /^(start|guides|reference|internals)\//.test(page) && !index.includes(`](${page})`));
  expect(missing).toEqual([]);
});

test('examples/README.md lists every example', () => {
  const directory = join(ROOT, 'examples');
  const index = readFileSync(join(directory, 'README.md'), 'utf8');
  const examples = readdirSync(directory).filter((name) => statSync(join(directory, name)).isDirectory());
  expect(examples.filter((name) => !index.includes(`](${name})`) && !index.includes(`](${name}/README.md)`))).toEqual(
    [],
  );
});
