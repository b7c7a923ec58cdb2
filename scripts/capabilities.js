// Requirements of programs and tests on the machine: how to detect each, how to get it, and which tests need it.
const { execFileSync, spawnSync } = require('node:child_process');
const { existsSync, statSync } = require('node:fs');
const { join } = require('node:path');
const { ensureBusyBox, isBusyBoxPresent } = require('./busybox.js');
const { ensureCloudWatch, isCloudWatchPresent } = require('./cloudwatch.js');
const { ensureCluster, hasOlderCgroups, isClusterPresent } = require('./cluster.js');
const { ensureJsii, isJsiiPresent } = require('./jsii.js');
const { ensureGoProgram, isGoProgramPresent } = require('./go-program.js');
const { ensureSchemas, isSchemasPresent } = require('./kubernetes-schemas.js');
const { ensureLint, isLintPresent } = require('./lint-c.js');
const { ensureLocked, isLockedPresent } = require('./locked-packages.js');
const { ensureImageParts, isImagePartsPresent } = require('./image-parts.js');
const {
  areOtherOpenSearchesPresent,
  prepareOpenSearch,
  prepareOtherOpenSearches,
  isOpenSearchPresent,
} = require('./opensearch.js');
const { ensureSarifSchema, isSarifSchemaPresent } = require('./sarif-schema.js');
const { isInstalled } = require('./installed.js');
const { isMemoryCgroupWritable } = require('./memory-cgroups.js');
const { ensureOpenSearchSecurity, isOpenSearchSecurityPresent } = require('./opensearch-security.js');

const root = join(__dirname, '..');
const PYTHON = 'python3 with pip and venv';

/**
 * @typedef {object} Capability something that tests or programs need from the machine
 * @property {string} name
 * @property {() => boolean} isPresent answers within milliseconds
 * @property {() => unknown} [install] absent where only Debian packages bring it
 * @property {readonly string[]} [debian] packages that bring it
 * @property {readonly string[]} [needs] names of those without which `install` cannot work
 * @property {string} [remedy] what to do about it, where set-up can do nothing
 * @property {string} without the tests that are left out while it is missing
 */

/**
 * Programs that only Debian packages bring.
 * @param {string} name @param {readonly string[]} programs @param {readonly string[]} debian @param {string} without
 * @returns {Capability}
 */
const fromDebian = (name, programs, debian, without) => ({
  name,
  isPresent: () => programs.every(isInstalled),
  debian,
  without,
});

/** Debian's python3 alone has neither. Asks Python itself, so only when something has to be installed with it. */
const canPythonInstall = () => spawnSync('python3', ['-c', 'import ensurepip, pip']).status === 0;

/** @type {Capability} */
const npmPackages = {
  name: 'npm packages',
  isPresent: () => {
    const installed = join(root, 'node_modules', '.package-lock.json');
    return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
  },
  install: () => execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root, stdio: 'pipe' }),
  without: 'everything',
};

const compiler = fromDebian(
  'gcc and make',
  ['gcc', 'make'],
  ['gcc', 'libc6-dev', 'make'],
  'everything: the library is compiled here',
);

/** @type {readonly Capability[]} */
const forTests = [
  fromDebian('musl', ['musl-gcc'], ['musl', 'musl-tools'], 'the tests on musl, the libc of Alpine'),
  fromDebian(
    'aarch64',
    ['aarch64-linux-gnu-gcc', 'qemu-aarch64-static'],
    ['gcc-aarch64-linux-gnu', 'libc6-dev-arm64-cross', 'qemu-user-static'],
    'the library for aarch64 and its tests',
  ),
  fromDebian(
    'clang',
    ['clang-14', 'llvm-symbolizer-14'],
    ['clang-14', 'libclang-rt-14-dev', 'llvm-14'],
    'the fuzzing of the library',
  ),
  fromDebian('go', ['go'], ['golang-go'], 'the tests of Go programs, which write past libc'),
  fromDebian('java', ['java', 'javac'], ['default-jdk-headless'], 'the tests of Java programs'),
  fromDebian('rust', ['rustc'], ['rustc'], 'the tests of Rust programs'),
  fromDebian('gawk', ['gawk'], ['gawk'], 'the tests of GNU awk'),
  fromDebian('bzip2', ['bzip2'], ['bzip2'], 'BusyBox, whose source is packed with it'),
  {
    name: 'busybox',
    isPresent: isBusyBoxPresent,
    install: ensureBusyBox,
    needs: ['musl', 'bzip2'],
    without: 'the tests of BusyBox, the shell and programs of Alpine',
  },
  fromDebian(
    'file capabilities',
    ['setcap', 'getcap'],
    ['libcap2-bin'],
    'the tests of programs that gain rights when they start',
  ),
  {
    name: 'file system that clones',
    isPresent: () => isInstalled('mkfs.xfs') && existsSync('/dev/loop-control'),
    debian: ['xfsprogs'],
    without: 'the tests of files that are cloned onto a log',
  },
  {
    name: 'root',
    isPresent: () => process.getuid?.() === 0,
    remedy: 'run them as root',
    without: 'the tests of programs that change their user or their root directory',
  },
  {
    name: 'memory cgroups',
    isPresent: isMemoryCgroupWritable,
    without: 'the tests of what counts against the memory limit of an application',
  },
  fromDebian('nginx', ['nginx'], ['nginx-light'], 'the tests that follow the logs of nginx'),
  fromDebian(
    'apache2',
    ['apache2', 'rotatelogs'],
    ['apache2-bin', 'apache2-utils'],
    'the tests of Apache and its logs',
  ),
  fromDebian('lighttpd', ['lighttpd'], ['lighttpd'], 'the tests of lighttpd and its logs'),
  fromDebian('redis', ['redis-server', 'redis-cli'], ['redis-server'], 'the tests of Redis and its logs'),
  fromDebian('rsyslog', ['rsyslogd'], ['rsyslog'], 'the tests of rsyslog and its logs'),
  fromDebian('haproxy', ['haproxy'], ['haproxy'], 'the tests of HAProxy and its logs'),
  fromDebian('logrotate', ['logrotate'], ['logrotate'], 'the tests of rotated logs'),
  fromDebian('zsh', ['zsh'], ['zsh'], 'the tests of the completion for zsh'),
  fromDebian('fish', ['fish'], ['fish'], 'the tests of the completion for fish'),
  fromDebian('mandoc', ['mandoc'], ['mandoc'], 'the check of the manual page'),
  {
    name: 'documentation site',
    isPresent: () => isLockedPresent('docs-site'),
    install: () => ensureLocked('docs-site'),
    without: 'the build of the documentation site',
  },
  fromDebian('jq', ['jq'], ['jq'], 'the commands of the runbook'),
  fromDebian('chromium', ['chromium'], ['chromium', 'fonts-dejavu-core'], 'the tests of the console in a browser'),
  fromDebian(
    'podman',
    ['podman', 'runc', 'conmon'],
    ['podman', 'runc', 'netavark', 'aardvark-dns', 'nftables', 'iptables', 'catatonit', 'uidmap'],
    'the tests of the image and of containers',
  ),
  {
    name: PYTHON,
    isPresent: () =>
      (isCloudWatchPresent() && isSchemasPresent() && isJsiiPresent() && isLintPresent()) || canPythonInstall(),
    debian: ['python3', 'python3-venv', 'python3-pip'],
    without: 'the CloudWatch Logs emulator, the Kubernetes schemas, jsii and the C linter',
  },
  fromDebian('maven', ['mvn'], ['maven'], 'OpenSearch'),
  {
    name: 'opensearch',
    isPresent: isOpenSearchPresent,
    install: prepareOpenSearch,
    needs: ['maven'],
    without: 'the tests against a real OpenSearch',
  },
  {
    name: 'other opensearch versions',
    isPresent: areOtherOpenSearchesPresent,
    install: prepareOtherOpenSearches,
    needs: ['maven', 'opensearch'],
    without: 'the tests against an older and the newest OpenSearch',
  },
  fromDebian('openssl', ['openssl'], ['openssl'], 'the tests of TLS'),
  {
    name: 'opensearch security',
    isPresent: isOpenSearchSecurityPresent,
    install: ensureOpenSearchSecurity,
    needs: ['maven', 'opensearch'],
    without: 'the tests against an OpenSearch with users, roles and TLS',
  },
  {
    name: 'cloudwatch',
    isPresent: isCloudWatchPresent,
    install: ensureCloudWatch,
    needs: [PYTHON],
    without: 'the tests against a CloudWatch Logs emulator',
  },
  {
    name: 'kubernetes schemas',
    isPresent: isSchemasPresent,
    install: ensureSchemas,
    needs: [PYTHON],
    without: 'the validation of manifests',
  },
  {
    name: 'jsii',
    isPresent: isJsiiPresent,
    install: ensureJsii,
    needs: [PYTHON],
    without: 'the constructs in other languages than TypeScript',
  },
  {
    name: 'typescript app',
    isPresent: () => isLockedPresent('typescript-app'),
    install: () => ensureLocked('typescript-app'),
    without: 'the first steps of a new user',
  },
  {
    name: 'cdk8s-plus',
    isPresent: () => isLockedPresent('cdk8s-plus'),
    install: () => ensureLocked('cdk8s-plus'),
    without: 'the tap on constructs of every version of cdk8s-plus',
  },
  {
    name: 'AWS CDK app',
    isPresent: () => isLockedPresent('aws-cdk-app'),
    install: () => ensureLocked('aws-cdk-app'),
    without: 'the constructs in an app of the AWS CDK',
  },
  {
    name: 'kubectl yaml',
    isPresent: () => isGoProgramPresent('kubectl-yaml'),
    install: () => ensureGoProgram('kubectl-yaml'),
    needs: ['go'],
    without: "the comparison with kubectl's reading of YAML",
  },
  {
    name: 'helm',
    isPresent: () => isGoProgramPresent('helm'),
    install: () => ensureGoProgram('helm'),
    needs: ['go'],
    without: 'the charts that Helm renders, which need Go 1.26',
  },
  {
    name: 'kustomize',
    isPresent: () => isGoProgramPresent('kustomize'),
    install: () => ensureGoProgram('kustomize'),
    needs: ['go'],
    without: 'the tap on the output of kustomize',
  },
  {
    name: 'custom resources',
    isPresent: () => isLockedPresent('custom-resources'),
    install: () => ensureLocked('custom-resources'),
    without: 'the schemas of what operators read',
  },
  {
    name: 'Prometheus rules',
    isPresent: () => isGoProgramPresent('prometheus-rules'),
    install: () => ensureGoProgram('prometheus-rules'),
    needs: ['go'],
    without: 'alerts and dashboard before the engine of Prometheus, which needs Go 1.26',
  },
  {
    name: 'SARIF schema',
    isPresent: isSarifSchemaPresent,
    install: ensureSarifSchema,
    needs: ['go'],
    without: 'the judgement of SARIF by its schema',
  },
  {
    name: 'OpenTelemetry receiver',
    isPresent: () => isGoProgramPresent('otel-receiver'),
    install: () => ensureGoProgram('otel-receiver'),
    needs: ['go'],
    without: 'the Forward and the OpenTelemetry protocol before a real peer, which needs Go 1.26',
  },
  {
    name: 'C linter',
    isPresent: isLintPresent,
    install: ensureLint,
    needs: [PYTHON],
    without: 'format and lint of C',
  },
  {
    name: 'image parts',
    isPresent: () => isImagePartsPresent(),
    install: () => ensureImageParts(),
    without: 'the tests of the image',
  },
  {
    name: 'image parts of aarch64',
    isPresent: () => isImagePartsPresent('linux/arm64'),
    install: () => ensureImageParts('linux/arm64'),
    needs: ['aarch64'],
    without: 'the test of the image for aarch64',
  },
  fromDebian(
    'network tools',
    ['ip', 'nsenter', 'setpriv', 'unshare'],
    ['iproute2', 'util-linux'],
    'the tests in a cluster',
  ),
  {
    name: 'cgroup v1',
    isPresent: hasOlderCgroups,
    remedy: 'run them on a machine with the controllers memory and cpuset in cgroup v1; cgroup v2 alone is not enough',
    without: 'the tests in a cluster',
  },
  {
    name: 'cluster',
    isPresent: isClusterPresent,
    install: ensureCluster,
    needs: ['go', 'root', 'podman', 'openssl', 'network tools', 'cgroup v1'],
    without: 'the tests in a cluster, which need Go 1.26, root and cgroup v1',
  },
];

/** @param {'demo' | 'test'} purpose @returns {readonly Capability[]} */
function capabilities(purpose = 'test') {
  return purpose === 'demo' ? [compiler, npmPackages] : [compiler, npmPackages, ...forTests];
}

module.exports = { capabilities, compiler, npmPackages };
