/** The documentation site: every page is there, every link and anchor leads somewhere, and the search finds a page. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { navigationOf, pagesOf } from '../../scripts/docs-site.js';
import { describeWith } from '../support/capability.js';
import { root, run, temporaryDirectory } from '../support/run.js';

jest.setTimeout(600_000);

const decoded = (text: string) => text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");

describeWith(['documentation site'], 'the documentation site', () => {
  const site = temporaryDirectory();
  const html = new Map<string, string>();
  beforeAll(async () => {
    const built = await run(process.execPath, [join(root, 'scripts/docs-site.js'), '--out', site]);
    expect({ code: built.code, stderr: built.stderr }).toMatchObject({ code: 0 });
    for (const file of readdirSync(site, { recursive: true, encoding: 'utf8' }))
      if (file.endsWith('.html')) html.set(file, readFileSync(join(site, file), 'utf8'));
  });

  test('has every page, and the navigation has every page of the index', () => {
    const pages = pagesOf().map((page) => page.replace(/\.md$/, '.html'));
    expect(pages.filter((page) => !html.has(page))).toEqual([]);
    const navigation = navigationOf();
    const listed = navigation.flatMap(({ items }) => items.map(({ link }) => link.slice(1)));
    expect(navigation.map(({ text }) => text)).toEqual(['Start', 'Guides', 'Reference', 'Internals', 'Decisions']);
    const docs = pagesOf().filter((page) => page.startsWith('docs/') && page !== 'docs/README.md');
    expect(docs.filter((page) => !listed.includes(page))).toEqual([]);
  });

  test('every link to a page and to an anchor leads somewhere', () => {
    const ids = new Map(
      [...html].map(([file, text]) => [
        file,
        new Set([...text.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => decoded(id!))),
      ]),
    );
    const wrong: string[] = [];
    let links = 0;
    for (const [file, text] of html) {
      for (const [, given = ''] of text.matchAll(/<a [^>]*href="([^"]+)"/g)) {
        const href = decoded(given);
        if (/^[a-z]+:/.test(href)) continue;
        links += 1;
        const [path = '', anchor] = href.split('#');
        const from = path.startsWith('/') ? path.slice(1) : posix.join(posix.dirname(file), path);
        const target = path === '' ? file : from === '' || from.endsWith('/') ? `${from}index.html` : from;
        const known = ids.get(target);
        const isThere =
          known !== undefined && (anchor === undefined || anchor === '' || known.has(decodeURIComponent(anchor)));
        if (!isThere) wrong.push(`${file}: ${href}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(links).toBeGreaterThan(5000);
  });

  test('braces and angle brackets of the text are shown as they are', () => {
    const text = (page: string) => decoded((html.get(page) ?? '').replaceAll('&lt;', '<').replaceAll('&gt;', '>'));
    expect(text('docs/guides/cloudwatch.html').includes('{namespace}')).toBe(true);
    expect(text('docs/reference/cli.html').includes('<code>{{ }}</code>')).toBe(true);
    expect(text('docs/guides/halve-the-bill.html').includes('{{ edit: Function')).toBe(true);
  });

  test('the search has the text of the pages, and no page loads anything from elsewhere', () => {
    const scripts = readdirSync(join(site, 'assets'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.includes('localSearchIndex'),
    );
    expect(scripts.map((file) => readFileSync(join(site, 'assets', file), 'utf8')).join('')).toContain(
      'Nothing is read',
    );
    for (const [file, text] of html) {
      const loaded = [...text.matchAll(/<(?:script|link|img)[^>]+(?:src|href)="(https?:[^"]+)"/g)].map(
        ([, url]) => url,
      );
      expect([file, loaded]).toEqual([file, []]);
    }
  });
});
