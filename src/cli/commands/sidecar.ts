/** Commands of the image, which containers run. */
import { color, command, output } from './command.js';

export const SHIP = command({
  name: 'ship',
  summary: 'run the sidecar, or test its settings',
  synopsis: '[--check]',
  description: 'Runs the shipper. LOGTAP_* variables configure it: docs/reference/settings.md lists them.',
  flags: {
    check: { help: 'only test the settings, with one request to each service' },
    output: output(['text', 'json', 'yaml'], 'text', 'form of the answer of --check'),
    color,
  },
  examples: [
    { purpose: 'Test the settings', line: 'LOGTAP_SINK=stdout logtap ship --check' },
    { purpose: 'The same for a program', line: 'LOGTAP_SINK=stdout logtap ship --check -o json' },
  ],
  exitCodes: [
    [
      0,
      'all that was read is delivered, or was refused by a sink and counted; for --check: every service would take records',
    ],
    [64, 'wrong use'],
    [74, 'records remain undelivered, or lines unread; the last line on standard error has their number'],
    [78, 'the settings cannot work; for --check also: a service would not take records'],
  ],
});

export const REPLAY = command({
  name: 'replay',
  summary: 'resend dead letters',
  synopsis: 'FILE',
  description: 'Sends the records of a file of dead letters. The settings are those of `logtap ship`.',
  args: [
    { name: 'FILE', isRequired: true, completes: 'file', help: 'a file of dead letters, of LOGTAP_DEAD_LETTER_FILE' },
  ],
  flags: {},
  examples: [{ purpose: 'Resend', line: 'LOGTAP_SINK=stdout logtap replay letters.ndjson' }],
  exitCodes: [
    [0, 'every letter is delivered'],
    [64, 'wrong use'],
    [74, 'not every letter was delivered'],
    [78, 'the settings cannot work'],
  ],
});

export const INSTALL = command({
  name: 'install',
  summary: 'install the library for this architecture into a directory',
  synopsis: 'DIR [RINGS]',
  description:
    'The command of the init container: puts the library for this machine into DIR, and creates the directory RINGS for programs that start before the shipper.',
  args: [
    { name: 'DIR', isRequired: true, completes: 'directory', help: 'a directory for the library' },
    { name: 'RINGS', completes: 'directory', help: 'a directory for rings, which any user may write to' },
  ],
  flags: {},
  examples: [{ purpose: 'Install', line: 'logtap install "$PWD/lib" "$PWD/rings"' }],
  exitCodes: [
    [0, 'done'],
    [64, 'wrong use'],
    [73, 'the directory cannot be used'],
  ],
});

export const TERMINATE = command({
  name: 'terminate',
  summary: 'notify the shipper of this container that the pod ends',
  synopsis: '',
  description:
    'The preStop hook: the kubelet runs it when the termination of the pod begins, and sends SIGTERM only when the application has ended.',
  flags: {},
  examples: [{ purpose: 'As a preStop hook', line: 'logtap terminate' }],
  exitCodes: [[0, 'always, except for wrong use: a failed hook would only cause an event without a remedy']],
});
