// The generator's configuration. scripts/docs-site.js has put the pages beside it, and has written site.json:
//
//     title, description     of the package
//     repository             where files that are no pages are linked to; absent for no links
//     pages                  paths of all pages
//     sidebar                groups of pages, as docs/README.md lists them
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';

const directory = dirname(fileURLToPath(import.meta.url));
const { title, description, repository, pages, sidebar } = JSON.parse(
  readFileSync(join(directory, 'site.json'), 'utf8'),
);
const isPage = new Set(pages);

/** Links to files of the repository that are no pages lead there, or are plain text. */
function linksOfFiles(md) {
  md.core.ruler.push('files', ({ tokens, env }) => {
    for (const { children } of tokens.filter(({ type }) => type === 'inline')) rewriteLinks(children, env.relativePath);
  });
}

function rewriteLinks(children, page) {
  let isPlain = false;
  for (const token of children) {
    if (token.type === 'link_close' && isPlain) {
      token.tag = 'span';
      isPlain = false;
    }
    if (token.type !== 'link_open') continue;
    const href = token.attrGet('href');
    const [path, anchor = ''] = href.split('#');
    if (path === '' || /^[a-z]+:/.test(path)) continue;
    const file = normalize(join(dirname(page), decodeURI(path))).replace(/\/$/, '');
    const index = `${file}/README.md`;
    if (isPage.has(file)) continue;
    if (isPage.has(index)) token.attrSet('href', `/${index}${anchor === '' ? '' : `#${anchor}`}`);
    else if (repository !== undefined) token.attrSet('href', `${repository}/${file}`);
    else {
      token.tag = 'span';
      token.attrs = [];
      isPlain = true;
    }
  }
}

/** Braces in the text of a page are text, no expression. In blocks of code they are already. */
function plainBraces({ renderer: { rules } }) {
  const escaped = (text) => text.replaceAll('{{', '&#123;&#123;').replaceAll('}}', '&#125;&#125;');
  for (const name of ['text', 'code_inline']) {
    const render = rules[name];
    rules[name] = (...args) => escaped(render(...args));
  }
}

/** The anchors of the repository's host, which the links of the pages use. */
const slugify = (text) =>
  text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replaceAll(' ', '-');

export default defineConfig({
  title,
  description,
  srcDir: 'pages',
  outDir: 'site',
  cleanUrls: false,
  lastUpdated: false,
  // Addresses of the reader's own machine.
  ignoreDeadLinks: 'localhostLinks',
  markdown: {
    html: false,
    languageAlias: { env: 'shellscript', patterns: 'shellscript' },
    anchor: { slugify },
    config(md) {
      linksOfFiles(md);
      plainBraces(md);
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: 'deep',
    nav: sidebar.map(({ text, items }) => ({ text, link: items[0].link })),
    sidebar,
  },
});
