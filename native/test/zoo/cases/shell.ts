/** Shells: what every one of them has to do, and what only bash can. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the shells' own.
import { busyBox } from '../../../../scripts/busybox.js';
import type { Place, ZooCase } from '../case.js';

interface Expected extends Omit<ZooCase, 'name' | 'family' | 'command'> {}

/** What is to be run, and what has to come of it. */
interface Script extends Expected {
  readonly name: string;
  readonly script: string;
}

/** `name FROM` to `name TO`, a line each. */
const lines = (name: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `${name} ${from + i}\n`).join('');

/** What `echo {FROM..TO}` writes, without the line end. */
const words = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i).join(' ');

/** What `seq COUNT` writes. */
const seq = (count: number) => Array.from({ length: count }, (_, i) => `${i + 1}\n`).join('');

/** Shell: a loop from 1 to COUNT in $i. */
const loop = (count: number, body: string) => `i=1; while [ $i -le ${count} ]; do ${body}; i=$((i + 1)); done`;

const APP_LOG = { tapFile: 'app.log' } as const;

/** What POSIX promises: every shell runs these. */
const posix: readonly Script[] = [
  {
    name: 'echo and printf',
    script: `${loop(200, 'echo "out $i"; printf "err %d\\n" $i >&2')}; printf 'no end'`,
    stdout: `${lines('out', 1, 200)}no end`,
    stderr: lines('err', 1, 200),
  },
  {
    ...APP_LOG,
    name: 'here-documents',
    script:
      "name=value\ncat <<END\nstdout has $name\nEND\ncat >>app.log <<'END'\nlog has $name\nEND\ncat >&2 <<END\nstderr\nEND\n",
    stdout: 'stdout has value\n',
    stderr: 'stderr\n',
    files: { 'app.log': 'log has $name\n' },
  },
  {
    ...APP_LOG,
    name: 'redirections',
    script: `echo one >app.log; echo two >>app.log; { echo three; echo four >&2; } >>app.log 2>&1; (echo five) >>app.log
      echo stderr >&2; { echo joined >&2; } 2>&1; echo back 3>&1 >/dev/null >&3; echo swapped 3>&1 1>&2 2>&3
      echo gone >/dev/null; echo other >other.txt; 6>>app.log echo six >&6`,
    stdout: 'joined\nback\n',
    stderr: 'stderr\nswapped\n',
    files: { 'app.log': 'one\ntwo\nthree\nfour\nfive\nsix\n' },
    untapped: { 'other.txt': 'other\n' },
  },
  {
    ...APP_LOG,
    name: 'a log truncated by >',
    script: 'seq 100 >app.log; seq 5 >app.log; echo end >>app.log',
    files: { 'app.log': `${seq(100)}${seq(5)}end\n` },
    onDisk: { 'app.log': `${seq(5)}end\n` },
  },
  {
    ...APP_LOG,
    name: 'exec >>log 2>&1, and back',
    script: `echo before; exec 3>&1 4>&2 >>app.log 2>&1; echo logged; echo error >&2; seq 300
      exec >&3 2>&4 3>&- 4>&-; echo after; echo stderr >&2`,
    stdout: 'before\nafter\n',
    stderr: 'stderr\n',
    files: { 'app.log': `logged\nerror\n${seq(300)}` },
  },
  {
    ...APP_LOG,
    name: 'a log in the place of a closed stdout',
    script: 'echo out; exec >&-; exec >>app.log; echo logged; seq 3',
    stdout: 'out\n',
    files: { 'app.log': `logged\n${seq(3)}` },
  },
  {
    name: 'background jobs and wait',
    script: `for job in a b c d; do { ${loop(100, 'echo "$job $i"')}; } & done; wait; echo all done`,
    order: 'lines',
    stdout: `${['a', 'b', 'c', 'd'].map((job) => lines(job, 1, 100)).join('')}all done\n`,
  },
  {
    name: 'traps',
    script: `trap 'echo at the end' EXIT; trap 'echo signal; echo signal >&2' USR1; echo before; kill -USR1 $$; echo after; exit 3`,
    stdout: 'before\nsignal\nafter\nat the end\n',
    stderr: 'signal\n',
    exitCode: 3,
  },
  {
    name: 'command substitution is not captured, subshells are',
    script:
      'secret=$(echo secret; seq 3 >&2; exit 4); echo "$?"; (echo sub; (echo deeper)); { echo group; }; echo "${#secret} long"; echo `echo ticks`',
    stdout: '4\nsub\ndeeper\ngroup\n6 long\nticks\n',
    stderr: seq(3),
  },
  {
    name: 'of a pipeline only what comes out at its end',
    script: `seq 9 | grep 5; seq 1000 | sort -rn | head -n 3; echo aside | cat | cat >&2
      seq 3 | while read n; do echo "read $n"; done; seq 4 | tee copy | wc -l; { seq 2; echo passing >&2; } | tail -n 1`,
    stdout: '5\n1000\n999\n998\nread 1\nread 2\nread 3\n4\n2\n',
    stderr: 'aside\npassing\n',
    untapped: { copy: seq(4) },
  },
  {
    name: 'what is read from stdin is not captured',
    script: 'while read -r line; do echo "got $line"; done',
    stdin: lines('line', 1, 200),
    stdout: lines('got line', 1, 200),
  },
  {
    name: 'a shell that becomes another program',
    script: `echo first; exec sh -c 'echo second; exec env sh -c "echo third >&2; exec seq 100"'`,
    stdout: `first\nsecond\n${seq(100)}`,
    stderr: 'third\n',
  },
  {
    ...APP_LOG,
    name: '50 short programs one after the other',
    script: loop(25, 'env echo "run $i"; env echo "log $i" >>app.log'),
    stdout: lines('run', 1, 25),
    files: { 'app.log': lines('log', 1, 25) },
  },
  {
    ...APP_LOG,
    name: 'an empty environment',
    script: `env -i echo direct; env -i sh -c 'echo shell; env -i echo inner; echo stderr >&2; echo log >>app.log'`,
    stdout: 'direct\nshell\ninner\n',
    stderr: 'stderr\n',
    files: { 'app.log': 'log\n' },
  },
  {
    name: 'an empty environment within a pipeline',
    script: `env -i seq 9 | env -i grep 5; x=$(env -i echo secret); env -i echo "\${#x}"`,
    stdout: '5\n6\n',
  },
  {
    ...APP_LOG,
    name: 'nohup and setsid, which outlive the shell',
    script: `nohup sh -c 'sleep 0.1; echo under nohup; echo error >&2; sleep 0.2' </dev/null >>app.log 2>&1 &
      setsid sh -c 'sleep 0.2; echo late' & echo started`,
    stdout: 'started\nlate\n',
    files: { 'app.log': 'under nohup\nerror\n' },
  },
  {
    name: 'log names linked to /dev/stdout and /dev/stderr',
    script: `ln -s /dev/stdout access.log; ln -s /dev/stderr error.log; echo a >access.log; echo b >>access.log
      echo c >error.log; echo d >/proc/self/fd/1; (echo e >/dev/stderr); seq 2 >/dev/fd/1`,
    stdout: 'a\nb\nd\n1\n2\n',
    stderr: 'c\ne\n',
  },
  {
    ...APP_LOG,
    name: 'mv of a log that is open, and a new one',
    script: `exec 3>>app.log; ${loop(100, 'echo "log $i" >&3')}; mv app.log app.log.1; echo still the old >&3
      exec 3>>app.log; echo the new >&3`,
    files: { 'app.log': `${lines('log', 1, 100)}still the old\nthe new\n` },
    onDisk: { 'app.log.1': `${lines('log', 1, 100)}still the old\n`, 'app.log': 'the new\n' },
  },
  {
    ...APP_LOG,
    name: 'every line by tee -a',
    script: `log() { printf '%s\\n' "$*" | tee -a app.log; }; ${loop(20, 'log "line $i"')}`,
    stdout: lines('line', 1, 20),
    files: { 'app.log': lines('line', 1, 20) },
  },
  {
    ...APP_LOG,
    name: 'an end by SIGKILL',
    script: 'seq 50; echo log >>app.log; kill -KILL $$; echo never',
    stdout: seq(50),
    files: { 'app.log': 'log\n' },
    signal: 'SIGKILL',
  },
  {
    ...APP_LOG,
    name: 'twelve descriptors at most',
    script: 'ulimit -n 12; echo out; echo err >&2; echo log >>app.log; seq 50; sh -c "echo sub"',
    stdout: `out\n${seq(50)}sub\n`,
    stderr: 'err\n',
    files: { 'app.log': 'log\n' },
  },
  {
    ...APP_LOG,
    name: 'a log on disk of which another program wrote the start',
    script: `echo >seed start; cat seed >>app.log; (cd / && seq 3) >>app.log; mkdir deep; cd deep; echo relative >>../app.log`,
    files: { 'app.log': `start\n${seq(3)}relative\n` },
    untapped: { seed: 'start\n' },
  },
];

const bashOnly: readonly Script[] = [
  {
    name: 'process substitution is not captured',
    script: 'diff <(seq 3) <(seq 4); cat <(echo inner) >&2; seq 3 > >(cat >copy); wait $!; echo end',
    stdout: '3a4\n> 4\nend\n',
    stderr: 'inner\n',
    untapped: { copy: seq(3) },
  },
  {
    ...APP_LOG,
    name: 'exec > >(tee -a log) 2>&1',
    script: 'exec > >(tee -a app.log) 2>&1; echo out; seq 300; echo err >&2',
    stdout: `out\n${seq(300)}err\n`,
    files: { 'app.log': `out\n${seq(300)}err\n` },
  },
  {
    name: 'a coprocess is not captured',
    script:
      'coproc cat; echo secret >&"${COPROC[1]}"; read -r answer <&"${COPROC[0]}"; echo "${#answer}"; kill $COPROC_PID',
    stdout: '6\n',
  },
  {
    ...APP_LOG,
    name: '&>>, |& and <<<',
    script: '{ echo out; echo err >&2; } &>>app.log; { echo out; echo err >&2; } |& cat; cat <<<here',
    stdout: 'out\nerr\nhere\n',
    files: { 'app.log': 'out\nerr\n' },
  },
  {
    // No part of it occurs twice: how many bytes went to the original can be told wherever the target closed.
    name: 'a line of 100,000 characters',
    script: 'echo {1..20000}; echo {20001..30000}',
    stdout: `${words(1, 20_000)}\n${words(20_001, 30_000)}\n`,
  },
  {
    ...APP_LOG,
    name: 'set -x, on stderr and in a log',
    script: 'set -x; echo one; { set +x; } 2>/dev/null; exec 7>>app.log; BASH_XTRACEFD=7; set -x; echo two',
    stdout: 'one\ntwo\n',
    stderr: '+ echo one\n',
    files: { 'app.log': '+ echo two\n' },
  },
  {
    name: 'printf -v, mapfile and read -d',
    script: `printf -v text '%s-' 1 2 3; mapfile -t all < <(seq 3); echo "$text \${all[*]}"; read -rd '' both <<<"$text"; echo "$both"`,
    stdout: '1-2-3- 1 2 3\n1-2-3-\n',
  },
];

const shells: readonly { name: string; command(place: Place): readonly string[]; more: Partial<ZooCase> }[] = [
  { name: 'bash', command: () => ['bash', '--norc'], more: {} },
  { name: 'dash', command: () => ['dash'], more: {} },
  {
    name: 'busybox',
    command: ({ libc }) => [busyBox(libc === 'musl' ? 'musl' : 'glibc'), 'sh'],
    more: { needs: ['busybox'], platforms: ['glibc', 'musl'] },
  },
];

export const cases: readonly ZooCase[] = shells.flatMap((shell) =>
  [...posix, ...(shell.name === 'bash' ? bashOnly : [])].map(({ name, script, ...expected }) => ({
    ...expected,
    ...shell.more,
    name: `${shell.name}: ${name}`,
    family: `shell: ${shell.name}`,
    command: (place: Place) => [...shell.command(place), '-c', script],
  })),
);
