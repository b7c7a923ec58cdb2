// Builds the documentation site from the Markdown files of the repository: README, docs, examples and the changelog.
//
//     npm run docs                                    dist/site, which any web server serves
//     npm run docs -- --out DIR                       into another directory
//     npm run docs -- --repository URL                links to source files lead there: https://host/owner/name/blob/main
//
// Each page keeps its path, and the navigation is that of docs/README.md. A link to a page that does not exist fails the build.
// Exported for tests: pagesOf(), navigationOf().
const { execFileSync } = require('node:child_process');
const {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} = require('node:fs');
const { tmpdir } = require('node:os');
const { dirname, join, posix, resolve } = require('node:path');
const { parseArgs } = require('node:util');
const { ensureLocked } = require('./locked-packages.js');

const root = join(__dirname, '..');
const INDEX = 'docs/README.md';

/**
 * Paths of all pages.
 * @returns {string[]}
 */
function pagesOf() {
  const below = ['docs', 'examples'].flatMap((directory) =>
    readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' }).map((file) => `${directory}/${file}`),
  );
  const pages = below.filter((file) => file.endsWith('.md') && !file.includes('node_modules'));
  return ['README.md', 'CHANGELOG.md', ...pages.sort()];
}

/** @param {string} page */
const titleOf = (page) => /^# (.+)$/m.exec(readFileSync(join(root, page), 'utf8'))?.[1]?.replaceAll('`', '') ?? page;

/**
 * The groups of docs/README.md, and the decisions.
 * @returns {{ text: string, items: { text: string, link: string }[] }[]}
 */
function navigationOf() {
  const pages = new Set(pagesOf());
  const [, ...groups] = readFileSync(join(root, INDEX), 'utf8').split(/^## /m);
  const item = (/** @type {string} */ page) => ({ text: titleOf(page), link: `/${page}` });
  const found = groups.map((group) => {
    const linked = [...group.matchAll(/^\| \[[^\]]*\]\(([^)#]+)\)/gm)].map(([, path = '']) => posix.join('docs', path));
    const items = linked.flatMap((path) => [path, posix.join(path, 'README.md')].filter((page) => pages.has(page)));
    return { text: group.split('\n')[0] ?? '', items: items.map(item) };
  });
  const decisions = [...pages].filter((page) => page.startsWith('docs/decisions/')).map(item);
  return [...found, { text: 'Decisions', items: decisions }];
}

/** The first page: where a reader can go. @param {string} description */
function home(description) {
  const action = (/** @type {string} */ text, /** @type {string} */ page) => ({ theme: 'alt', text, link: `/${page}` });
  const actions = [
    { ...action('Try it in two commands', 'README.md'), theme: 'brand' },
    action('All pages, by question', INDEX),
    action('Examples', 'examples/README.md'),
    action('Logs do not arrive', 'docs/guides/runbook.md'),
  ];
  const hero = {
    name: 'cdk8s-logtap',
    text: 'Every line is delivered, or counted with a reason',
    tagline: description,
    actions,
  };
  // JSON is YAML.
  return `---\n${JSON.stringify({ layout: 'home', hero }, null, 2)}\n---\n`;
}

/** Pages as the generator reads them: without the comments for those who edit them. */
function writePages(
  /** @type {string} */ to,
  /** @type {readonly string[]} */ pages,
  /** @type {string} */ description,
) {
  for (const page of pages) {
    const file = join(to, page);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, readFileSync(join(root, page), 'utf8').replace(/^<!--.*?-->\n/gms, ''));
  }
  writeFileSync(join(to, 'index.md'), home(description));
  cpSync(join(root, 'docs/pictures'), join(to, 'docs/pictures'), { recursive: true });
}

/** @param {string} out @param {string | undefined} repository */
function build(out, repository) {
  const { description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const packages = ensureLocked('docs-site');
  const work = mkdtempSync(join(tmpdir(), 'logtap-docs-'));
  try {
    const pages = pagesOf();
    writePages(join(work, 'pages'), pages, description);
    mkdirSync(join(work, '.vitepress'));
    cpSync(join(__dirname, 'docs-site/config.mjs'), join(work, '.vitepress/config.mjs'));
    const site = { title: 'cdk8s-logtap', description, repository, pages, sidebar: navigationOf() };
    writeFileSync(join(work, '.vitepress/site.json'), JSON.stringify(site));
    symlinkSync(join(packages, 'node_modules'), join(work, 'node_modules'));
    writeFileSync(join(work, 'package.json'), '{"private":true,"type":"module"}');
    execFileSync(process.execPath, [join(packages, 'node_modules/vitepress/bin/vitepress.js'), 'build', work], {
      cwd: work,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    rmSync(out, { recursive: true, force: true });
    cpSync(join(work, 'site'), out, { recursive: true });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

module.exports = { pagesOf, navigationOf };

if (require.main === module) {
  try {
    const options = /** @type {const} */ ({
      out: { type: 'string', default: 'dist/site' },
      repository: { type: 'string' },
    });
    const { values } = parseArgs({ options });
    const out = resolve(root, values.out);
    build(out, values.repository);
    console.log(`${out}: serve it, for example with npx http-server`);
  } catch (error) {
    console.error(`docs: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
