/** Commands that try the tap on this machine. */
import { color, command, output } from './command.js';

export const RUN = command({
  name: 'run',
  summary: 'run a tapped program with its own shipper',
  synopsis: '[--sink SINK] [--file PATH]... [--suppress] [-o text|json] [--console] -- CMD ARGS',
  description:
    'Runs a program under the tap, with a shipper beside it. LOGTAP_* variables configure the shipper. The program keeps its terminal and its signals. On a terminal the records of the sink stdout are lines such as `12:03:04 stderr text`, in the place of the original output; the counts of the ledger follow.',
  program: { name: 'CMD', help: 'a program with its arguments', isRequired: true, completes: 'program' },
  flags: {
    sink: { value: 'SINK', help: 'where the records go, as LOGTAP_SINK: stdout, file, opensearch, cloudwatch, ...' },
    file: {
      value: 'PATH',
      isRepeatable: true,
      completes: 'file',
      help: 'a log file or a pattern to tap, in addition to stdout and stderr',
    },
    suppress: {
      isNegatable: true,
      help: 'keep what is tapped from its original place; without it, --output text suppresses the streams that it shows itself',
    },
    output: {
      short: 'o',
      value: 'FORMAT',
      choices: ['text', 'json'],
      help: 'form of the records of the sink stdout; without it, text on a terminal and json elsewhere',
    },
    color,
    strict: { help: 'end with a code other than 0 if a line was not delivered' },
    console: { help: 'print the address of a page that shows the live lines, the counts and what is stuck' },
    record: {
      value: 'TAPE',
      completes: 'file',
      help: 'record the writes for `logtap try` instead of shipping them',
    },
  },
  examples: [
    { purpose: 'Show the records of a program', line: "logtap run --suppress -- sh -c 'echo out; echo err >&2'" },
    { purpose: 'Tap its log file, too', line: "logtap run --file '/tmp/app-*.log' -- sh -c 'echo started'" },
    { purpose: 'Fail where a line is not delivered', line: 'logtap run --strict --sink stdout -- date' },
    { purpose: 'Record its writes', line: 'logtap run --record program.tape -- date' },
  ],
  exitCodes: [
    [64, 'wrong use'],
    [74, 'with --strict: a line was not delivered'],
    [78, 'the settings of the shipper cannot work'],
    [126, 'the program cannot be executed'],
    [127, 'there is no such program'],
  ],
  note: 'Any other exit code is the program’s, or 128 + n if signal n ended it.',
});

export const TRY = command({
  name: 'try',
  summary: 'show the records that the shipper makes of a log',
  synopsis: '[--config logtap.yaml] FILE|TAPE|- [options]',
  description:
    'Shows each record that the shipper makes of a log: its lines, its stages, and the reason if it is withheld. Nothing is sent. The settings are those of logtap.yaml. LOGTAP_* variables override them.',
  args: [
    {
      name: 'FILE|TAPE|-',
      isRequired: true,
      completes: 'file',
      help: 'a log, of which only the text of its lines decides which of them are one record; a recording of `logtap run --record`, with the times and the boundaries of writes; or standard input',
    },
  ],
  flags: {
    config: { value: 'FILE', completes: 'file', help: 'a logtap.yaml' },
    set: {
      value: 'PATH=VALUE',
      isRepeatable: true,
      help: 'a property that overrides the file, such as shipper.settings.LOGTAP_LINE_MAX_BYTES=2000',
    },
    stream: {
      value: 'STREAM',
      default: 'stdout',
      help: 'stdout, stderr or the path of a log file: the stream of FILE',
    },
    container: { value: 'NAME', default: '', help: 'the container of FILE' },
    expect: {
      value: 'FILE',
      completes: 'file',
      help: 'compare with an earlier output, and print the differences instead',
    },
    output: output(['text', 'json', 'yaml'], 'text', 'form of the output; json: one object per line'),
  },
  examples: [
    { purpose: 'Show the records of a log', line: 'logtap try app.log' },
    { purpose: 'Try a rule', line: "logtap try app.log --set rules='drop level<info'" },
    { purpose: 'Fail a pipeline where the records change', line: 'logtap try app.log --expect expected.txt' },
  ],
  exitCodes: [
    [0, 'done, or as expected'],
    [1, 'differences'],
    [64, 'wrong use'],
    [65, 'damaged tape'],
    [66, 'no input'],
    [78, 'wrong config'],
  ],
});

export const DOCTOR = command({
  name: 'doctor',
  summary: 'report whether a program can be tapped, with the remedy',
  synopsis: '[-o text|json|yaml] PROGRAM|DIR | --pid N | --root DIR',
  description:
    'Reports whether a program, a running process or the programs of a directory can be tapped: each observation, its effect and its remedy.',
  args: [
    {
      name: 'PROGRAM',
      completes: 'program',
      help: 'a path, or a name to find in PATH; for a script, its interpreter; for a directory, all programs below it',
    },
  ],
  flags: {
    pid: {
      value: 'N',
      help: 'a running process, also of another container if its processes are visible here',
    },
    root: {
      value: 'DIR',
      completes: 'directory',
      help: 'the file system of an image, unpacked: lists its programs; links and interpreters are those inside it',
    },
    output: output(['text', 'json', 'yaml'], 'text'),
  },
  oneOf: [['PROGRAM', '--pid', '--root']],
  examples: [
    { purpose: 'Before the tap', line: 'logtap doctor sh' },
    { purpose: 'When nothing arrives from a process', line: 'logtap doctor --pid $$' },
  ],
  exitCodes: [
    [0, 'can be tapped'],
    [2, 'can be tapped in part'],
    [3, 'cannot be tapped'],
    [64, 'wrong use'],
    [66, 'no such program or process'],
    [77, 'no permission to read it'],
  ],
});
