// A real OpenSearch node for tests: the engine's jars from Maven Central, one JVM, loopback only.
//
//     node scripts/opensearch.js [key=value ...]    runs one in the foreground, with settings of OpenSearch's own
//
// Needs Maven and a JDK of version 21 or newer (OPENSEARCH_JAVA_HOME names one). Exported for set-up and tests:
// prepareOpenSearch(), isOpenSearchPresent(), startOpenSearch(), and the same for other versions.
const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } = require('node:fs');
const { basename, join } = require('node:path');
const { cacheDir } = require('./cache.js');
const { foreground, startService } = require('./service.js');

/** @typedef {import('./service.js').Service} OpenSearchServer */

const VERSION = '3.4.0';
/** Versions that some tests run besides: the last of the line before, and the newest. */
const OTHER_VERSIONS = ['2.19.6', '3.9.0'];
/** The core of Log4j that goes with the interface which a version brings. @type {Readonly<Record<string, string>>} */
const LOG4J = { [VERSION]: '2.21.0', '2.19.6': '2.25.4', '3.9.0': '2.25.5' };
const OLDEST_JAVA = 21;
const JVM_DIRECTORY = '/usr/lib/jvm';
const NODE_JAR = 'node.jar';
const source = join(__dirname, 'opensearch');

/** @param {string} home @returns {number} major version of a JDK, 0 where there is none */
function javaVersion(home) {
  if (!existsSync(join(home, 'bin', 'javac')) || !existsSync(join(home, 'release'))) return 0;
  return Number(/^JAVA_VERSION="(\d+)/m.exec(readFileSync(join(home, 'release'), 'utf8'))?.[1] ?? 0);
}

/** The newest JDK of this machine. @returns {string} */
function javaHome() {
  const named = process.env.OPENSEARCH_JAVA_HOME;
  const installed = existsSync(JVM_DIRECTORY)
    ? readdirSync(JVM_DIRECTORY).map((name) => join(JVM_DIRECTORY, name))
    : [];
  const homes = (named === undefined ? installed : [named]).sort((a, b) => javaVersion(b) - javaVersion(a));
  const [best] = homes;
  if (best === undefined || javaVersion(best) < OLDEST_JAVA) {
    throw new Error(
      `OpenSearch needs a JDK of version ${OLDEST_JAVA} or newer, found ${homes.join(', ') || `none in ${JVM_DIRECTORY}`}. Install one, or name its home in OPENSEARCH_JAVA_HOME.`,
    );
  }
  return best;
}

/** Sources of the node; what differs between major versions is in a directory of its own. @param {string} version */
const sourcesOf = (version) => ['SearchNode.java', join(version.split('.')[0] ?? '', 'PluggedNode.java')];

/** Of what is made of the sources; another number makes it anew. */
const LAYOUT = '2';

/** Holds the node's classes and the class path; complete if it exists. Another one as soon as its sources change. @param {string} version */
function target(version) {
  const hash = createHash('sha256').update(LAYOUT);
  for (const name of [...sourcesOf(version), 'pom.xml']) hash.update(readFileSync(join(source, name)));
  return join(cacheDir(), `opensearch-${version}-${hash.digest('hex').slice(0, 8)}`);
}

/** Of classes, in that directory. @param {string} version */
const archive = (version) => join(target(version), 'classes.jsa');

function isOpenSearchPresent(version = VERSION) {
  const directory = target(version);
  if (!existsSync(directory)) return false;
  // The class path names files of Maven's own repository, which somebody may have cleaned.
  return readFileSync(join(directory, 'classpath'), 'utf8').split(':').every(existsSync);
}

/** Downloads the jars and compiles the node, unless they are there. */
function ensureOpenSearch(version = VERSION) {
  if (isOpenSearchPresent(version)) return;
  const java = javaHome();
  const work = mkdtempSync(join(cacheDir(), 'opensearch-'));
  try {
    const classPath = join(work, 'classpath');
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:build-classpath';
    const versions = [`-Dopensearch.version=${version}`, `-Dlog4j.version=${LOG4J[version]}`];
    const output = `-Dmdep.outputFile=${classPath}`;
    execFileSync('mvn', ['-B', '-ntp', '-q', '-f', join(source, 'pom.xml'), goal, ...versions, output], {
      stdio: 'pipe',
    });
    const jars = readFileSync(classPath, 'utf8');
    const sources = sourcesOf(version).map((name) => join(source, name));
    const classes = join(work, 'classes');
    execFileSync(join(java, 'bin', 'javac'), ['-cp', jars, '-d', classes, ...sources], { stdio: 'pipe' });
    // The JVM shares no classes where a directory is on the class path.
    execFileSync(join(java, 'bin', 'jar'), ['--create', '--file', join(work, NODE_JAR), '-C', classes, '.']);
    rmSync(target(version), { recursive: true, force: true });
    renameSync(work, target(version));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Archives the classes that a node loads, which halves the CPU time of a start (5.7 s to 2.5 s). The JVM ignores an archive that is
 * of another JVM or class path.
 * @param {string} version
 */
async function archiveClasses(version) {
  const node = await startOpenSearch({ version, options: ['-XX:+RecordDynamicDumpInfo'] });
  try {
    const record = { '@timestamp': '2026-01-01T00:00:00Z', body: 'text', attributes: { number: 1 } };
    const lines = [{ create: { _id: 'a' } }, record].map((line) => `${JSON.stringify(line)}\n`).join('');
    await fetch(`${node.url}/logs/_bulk?refresh=true`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: lines,
    });
    await fetch(`${node.url}/logs/_search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ size: 10, sort: [{ 'attributes.number': 'asc' }] }),
    });
    await fetch(`${node.url}/logs`, { method: 'DELETE' });
    const written = `${archive(version)}.part`;
    execFileSync(join(javaHome(), 'bin', 'jcmd'), [String(node.pid()), 'VM.cds', 'dynamic_dump', written], {
      stdio: 'pipe',
    });
    renameSync(written, archive(version));
  } finally {
    await node.stop();
  }
}

/** Downloads, compiles and archives what is missing of a version. */
async function prepareOpenSearch(version = VERSION) {
  ensureOpenSearch(version);
  if (!existsSync(archive(version))) await archiveClasses(version);
}

const areOtherOpenSearchesPresent = () => OTHER_VERSIONS.every((version) => isOpenSearchPresent(version));

async function prepareOtherOpenSearches() {
  for (const version of OTHER_VERSIONS) await prepareOpenSearch(version);
}

/**
 * @typedef {object} Extension a plugin that is loaded into the node
 * @property {string} module its class
 * @property {readonly string[]} jars in front of which the node's own go on the class path
 * @property {(config: string) => void} configure puts its files into the node's directory of that kind
 * @property {(url: string, signal: AbortSignal) => Promise<boolean>} isReady
 * @property {'http' | 'https'} scheme
 */

/** @type {Omit<Extension, 'module' | 'jars'>} */
const PLAIN = {
  configure: () => {},
  isReady: async (url, signal) =>
    (await fetch(`${url}/_cluster/health?wait_for_status=yellow`, { signal })).status === 200,
  scheme: 'http',
};

/**
 * Starts a node on a free port with an empty home.
 * @param {{ version?: string, settings?: Readonly<Record<string, string>>, heapMb?: number, extension?: Extension,
 *   options?: readonly string[] }} [options] `settings` are OpenSearch's own, `options` the JVM's
 * @returns {Promise<OpenSearchServer>}
 */
async function startOpenSearch({ version = VERSION, settings = {}, heapMb = 512, extension, options = [] } = {}) {
  ensureOpenSearch(version);
  const java = javaHome();
  const { configure, isReady, scheme } = extension ?? PLAIN;
  /** @param {string} url */
  const withScheme = (url) => url.replace('http:', `${scheme}:`);
  const own = readFileSync(join(target(version), 'classpath'), 'utf8')
    .trim()
    .split(':');
  const names = new Set(own.map((jar) => basename(jar)));
  const more = (extension?.jars ?? []).filter((jar) => !names.has(basename(jar)));
  const service = await startService({
    name: `OpenSearch ${version}`,
    isReady: (url, signal) => isReady(withScheme(url), signal),
    command: (port, home) => {
      const config = join(home, 'config');
      mkdirSync(config, { recursive: true });
      configure(config);
      const all = {
        'path.home': home,
        'path.data': join(home, 'data'),
        'path.logs': join(home, 'logs'),
        'discovery.type': 'single-node',
        'network.host': '127.0.0.1',
        'http.port': String(port),
        'transport.port': '0',
        // A full disk of the machine would make every index read-only.
        'cluster.routing.allocation.disk.threshold_enabled': 'false',
        // Garbage of this small heap counts as memory in use otherwise, and requests are refused (429) until it is collected.
        'indices.breaker.total.use_real_memory': 'false',
        ...settings,
      };
      const heap = [`-Xms${heapMb}m`, `-Xmx${heapMb}m`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
      return {
        command: join(java, 'bin', 'java'),
        args: [
          ...heap,
          ...(existsSync(archive(version)) ? [`-XX:SharedArchiveFile=${archive(version)}`] : []),
          ...options,
          ...(extension === undefined ? [] : [`-Dlogtap.module=${extension.module}`]),
          '-cp',
          [join(target(version), NODE_JAR), ...own, ...more].join(':'),
          'SearchNode',
          ...Object.entries(all).map(([k, v]) => `${k}=${v}`),
        ],
      };
    },
  });
  return { ...service, url: withScheme(service.url) };
}

module.exports = {
  OTHER_VERSIONS,
  areOtherOpenSearchesPresent,
  ensureOpenSearch,
  isOpenSearchPresent,
  prepareOpenSearch,
  prepareOtherOpenSearches,
  startOpenSearch,
};

if (require.main === module) {
  const settings = Object.fromEntries(
    process.argv.slice(2).map((argument) => {
      const separator = argument.indexOf('=');
      return [argument.slice(0, separator), argument.slice(separator + 1)];
    }),
  );
  foreground(startOpenSearch({ settings })).catch((error) => {
    console.error(`opensearch: ${error.message}`);
    process.exit(1);
  });
}
