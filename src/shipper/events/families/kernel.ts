/** Linux: oopses, warnings, lockups and kills for want of memory, behind the time since the start of the kernel or the prefix of syslog. */
import { isDigit, isUpper } from '../../records/bytes.js';
import { CLOSED, KIND, step, VERDICT } from '../kinds.js';
import type { Line } from '../line.js';
import { type Family, literals } from './family.js';

const BASE = 240;
const OOPS = BASE;

const RULE = '------------[ cut here ]------------';
const HEADS = [
  'BUG: unable to handle ',
  'BUG: kernel NULL pointer ',
  'BUG: KASAN: ',
  'BUG: Bad page ',
  'BUG: scheduling while atomic',
  'general protection fault',
  'Unable to handle kernel ',
  'Kernel panic - not syncing: ',
  'watchdog: BUG: soft lockup',
  'rcu: INFO: rcu_',
  'INFO: rcu_',
  RULE,
];
const isHung = (line: Line) => line.has('INFO: task ') && line.includes(' blocked for more than ');
const isOutOfMemory = (line: Line) => line.has(' invoked oom-killer: ', line.wordEnd);

const END = '---[ end ';
/** The last line of a kill for want of memory. */
const KILLED = ['Memory cgroup out of memory: Killed process ', 'Out of memory: Killed process '];
/** Beside indented lines and registers. */
const PARTS = [
  '#PF: ',
  'PGD ',
  'Oops: ',
  'CPU: ',
  'Hardware name: ',
  'Call Trace:',
  'Call trace:',
  'Modules linked in:',
  'Workqueue: ',
  'WARNING: CPU: ',
  'kernel BUG at ',
  'invalid opcode: ',
  'Internal error: ',
  'Mem abort info:',
  'Data abort info:',
  'pstate: ',
  'pc : ',
  'lr : ',
  'sp : ',
  'user pgtable: ',
  'Kernel Offset: ',
  'NMI backtrace ',
  'note: ',
  'task:',
  '"echo 0 > ',
  'memory: usage ',
  'memory+swap: usage ',
  'swap: usage ',
  'kmem: usage ',
  'Memory cgroup stats for ',
  'Mem-Info:',
  'Node ',
  'active_anon:',
  'Tasks state ',
  '[ ',
  'oom-kill:',
];

/** `RSP: 0018:ffffb0a1`, `CR2: 0000`, `x29: ffff`, `r10: 0`. */
function isRegister(line: Line): boolean {
  const { wordEnd } = line;
  if (wordEnd < 3 || wordEnd > 5 || line.at(wordEnd - 1) !== 0x3a) return false;
  const first = line.at(0);
  return isUpper(first) || isDigit(line.at(1));
}

export const kernel: Family = {
  heads: [
    ...literals(HEADS, OOPS),
    ...literals(['INFO: task ']).map((head) => ({ ...head, test: isHung, mode: OOPS })),
    { test: isOutOfMemory, mode: OOPS },
  ],
  continuations: [],
  rules: {
    [OOPS]: (line, kind) => {
      if (line.has(END) || KILLED.some((text) => line.has(text))) return step(VERDICT.JOIN, CLOSED);
      const isPart = kind === KIND.INDENTED || isRegister(line) || PARTS.some((text) => line.has(text));
      return step(isPart ? VERDICT.JOIN : VERDICT.NEW, OOPS);
    },
  },
};
