/** Python: tracebacks, chains of them, exception groups, errors of syntax. Ruby prints its frames under the same first line. */
import { KIND, step, TRACE, VERDICT } from '../kinds.js';
import { isWord, type Line } from '../line.js';
import { DRAWN_FIRST, isBottom, isDrawn, isTop } from './boxes.js';
import { type Family, literals } from './family.js';
import { isRubyHead, RUBY } from './scripts.js';

const BASE = 50;
/** The exception itself is still to come: a line that is not indented. */
const FRAMES = BASE;
/** The exception was named. */
const NAMED = BASE + 1;
/** Another traceback is announced. */
const CHAINED = BASE + 2;
/** Frames of a group, which end with its margin. */
const GROUP = BASE + 3;
/** A traceback follows, behind lines that say of what. */
const ANNOUNCED = BASE + 4;
/** The stack of the interpreter or of a call, innermost frame first or last, without an exception. */
const STACK = BASE + 5;
/** An error of syntax, or a stack: the exception may be missing. */
const BARE = BASE + 6;
/** Within the box that rich draws around a traceback; the exception follows below. */
const BOXED = BASE + 7;
/** pydantic's errors: the name of a field, and indented lines about it. */
const FIELDS = BASE + 8;
/** asyncio named the object of its message: a task, a future, a handle. */
const OBJECTED = BASE + 9;
/** Frames of where it was created, as asyncio prints them for debugging. */
const CREATED = BASE + 10;

const ANNOUNCEMENTS = [
  'Exception ignored ',
  'Exception in callback ',
  'Exception in default exception handler',
  'Task exception was never retrieved',
  'Future exception was never retrieved',
  'Unhandled exception in thread started by ',
  'Error in atexit._run_exitfuncs:',
  'Error in sys.excepthook:',
  'Original exception was:',
  '--- Logging error ---',
];
/** Lines between an announcement and the traceback. */
const OBJECTS = ['future: <', 'task: <', 'handle: <', 'protocol: <', 'transport: <', 'object: <', 'source_traceback: '];
/** Parts of a message of asyncio or aiohttp, in any layout. */
const NAMED_OBJECTS = [
  ...['future: <Task ', 'future: <Future ', 'future: <_GatheringFuture ', 'task: <Task ', 'handle: <Handle '],
  ...['handle: <TimerHandle ', 'client_session: <aiohttp.', 'connector: <aiohttp.', "connections: ['[(<aiohttp."],
];
const CREATION = 'source_traceback: Object created at (most recent call last):';
const isObject = (line: Line) => NAMED_OBJECTS.some((text) => line.has(text));
const STACKS = ['Current thread 0x', 'Thread 0x'];
/** Lines of a stack that are not indented. */
const STACK_PARTS = ['Extension modules: ', 'Message: ', 'Arguments: ', 'Python runtime state: ', ...STACKS];
/** SQLAlchemy, and what PostgreSQL's client adds to its message. */
const NOTES = [
  ...['[SQL: ', '[parameters: ', '(Background on this error at: '],
  ...['DETAIL:  ', 'HINT:  ', 'QUERY:  ', 'CONTEXT:  '],
];
/** `LINE 1: SELECT x FROM t`, above a mark below the place. */
const isPlace = (line: Line) => line.has('LINE ') && line.has(': ', 5 + line.digits(5));
const QUOTES = '"""';
const COLON = 0x3a;
/** Of a message, before the next traceback of a chain is announced. */
const MESSAGE_LINES = 8;

/** `Exception in thread worker-1:`; the name that Java gives has quotes. */
const isThread = (line: Line) =>
  line.has('Exception in thread ') && line.at(20) !== 0x22 && (line.last() === 0x3a || line.endsWith(':'));
const isAnnouncement = (line: Line) => ANNOUNCEMENTS.some((text) => line.has(text)) || isThread(line);
/** `concurrent.futures.process._RemoteTraceback: `, `multiprocessing.pool.RemoteTraceback: `. */
const isRemote = (line: Line) => line.length < 80 && line.includes('RemoteTraceback:');
const isStack = (line: Line) => STACKS.some((text) => line.has(text)) && line.includes('(most recent call first)');

const ESCAPE = 0x1b;
const COLOR_END = 0x6d;
/** Index behind a colour at `at`: Python 3.13 writes them where `FORCE_COLOR` is set. */
function behindColor(line: Line, at: number): number {
  if (line.at(at) !== ESCAPE) return at;
  let i = at;
  while (i < line.length && line.at(i) !== COLOR_END) i++;
  return i + 1;
}

/** `ValueError: x`, `shop.errors.NoOrder`, `KeyboardInterrupt`: a name, and a colon or the end behind it. */
function isName(line: Line): boolean {
  const start = behindColor(line, 0);
  let i = start;
  while (isWord(line.at(i)) || line.at(i) === 0x2e || line.at(i) > 0x7f) i++;
  // Names of local classes: `main.<locals>.NoOrder`.
  if (line.has('<locals>', i)) return true;
  const end = behindColor(line, i);
  return i > start && (end >= line.length || line.at(end) === 0x3a);
}

/** `2 validation errors for Order`. */
const hasFields = (line: Line) => line.includes(' validation error');
/** `id`, `items.0.price`; pydantic before version 2 writes `items -> 0 -> price`. */
const isField = (line: Line) => line.length < 200 && (line.wordEnd === line.length || line.includes(' -> '));

const TRACEBACK = 'Traceback (most recent call last):';
const isTraceback = (line: Line) => line.has(TRACEBACK);
/** PySpark: the message of an exception of Java is a traceback, and Java's frames follow behind an empty line. */
const isWithinJava = (line: Line) =>
  line.last() === COLON &&
  line.endsWith(TRACEBACK) &&
  line.length > TRACEBACK.length &&
  line.indexOf('.', 0, line.wordEnd) > 0;
const isCauseWithin = (line: Line) => line.last() === COLON && line.endsWith(TRACEBACK);
const isGroup = (line: Line) => line.has('  + Exception Group Traceback');
const CHAINS = ['The above exception was the direct cause', 'During handling of the above exception'];
const isChain = (line: Line) => CHAINS.some((text) => line.has(text));

const isBoxed = (line: Line) => isTop(line) && line.includes('Traceback (most recent call last)');

/** Whether the exception was named: of the same write, its message has further lines. */
export const isNamed = (mode: number): boolean => mode === NAMED || mode === FIELDS;

export const python: Family = {
  heads: [
    ...literals([TRACEBACK], FRAMES),
    { test: isWithinJava, mode: FRAMES },
    ...literals(['  + Exception Group Traceback'], GROUP),
    // An error of syntax, which has no traceback, and stacks without an exception.
    ...literals(['  File "'], BARE),
    ...literals(['Stack (most recent call last):'], BARE),
    ...literals(['Fatal Python error: '], STACK),
    { first: DRAWN_FIRST, test: isBoxed, mode: BOXED },
    { first: 'CT', test: isStack, mode: STACK },
    { first: 'ETFUO-', test: isAnnouncement, mode: ANNOUNCED },
    { first: 'cm', test: isRemote, mode: ANNOUNCED },
  ],
  continuations: [
    ...literals(['Caused by: ', ': ']).map((part) => ({
      ...part,
      test: (line: Line) => isCauseWithin(line) && part.test(line),
      mode: FRAMES,
    })),
    ...literals(['ResourceWarning: Enable tracemalloc', 'RuntimeWarning: Enable tracemalloc']),
    ...literals(NAMED_OBJECTS, OBJECTED),
    ...literals([CREATION], CREATED),
    ...literals(['Coroutine created at (most recent call last)'], BARE),
    ...literals(['Object allocated at (most recent call last):'], BARE),
  ],
  rules: {
    [FRAMES]: (line, kind) => {
      if (kind === KIND.INDENTED || line.has('  File "') || line.includes('.nim(')) return step(VERDICT.JOIN, FRAMES);
      // loguru marks the frame that caught the exception.
      if (line.has('> File "')) return step(VERDICT.JOIN, FRAMES);
      if (isTraceback(line)) return step(VERDICT.NEW, FRAMES);
      // Ruby, in the order of Python.
      if (isRubyHead(line)) return step(VERDICT.JOIN, RUBY);
      if (kind === KIND.JSON || kind === KIND.EMPTY) return step(VERDICT.NONE, FRAMES);
      if (!isName(line)) return step(VERDICT.NEW, FRAMES);
      return step(VERDICT.JOIN, hasFields(line) ? FIELDS : NAMED);
    },
    [BOXED]: (line) => {
      if (!isDrawn(line) || isTop(line)) return step(VERDICT.NEW, BOXED);
      return step(VERDICT.JOIN, isBottom(line) ? FRAMES : BOXED);
    },
    [FIELDS]: (line, kind, tail) => {
      if (kind === KIND.INDENTED) return step(VERDICT.JOIN, FIELDS);
      if (kind === KIND.EMPTY) return step(VERDICT.MAYBE, NAMED);
      return step(kind === KIND.PLAIN && tail === 0 && isField(line) ? VERDICT.MAYBE : VERDICT.NEW, FIELDS);
    },
    [BARE]: (line, kind) => {
      if (kind === KIND.INDENTED || line.has('  File "')) return step(VERDICT.JOIN, BARE);
      const isError = kind === KIND.HEAD && isName(line);
      return step(isError ? VERDICT.JOIN : VERDICT.NEW, NAMED);
    },
    [ANNOUNCED]: (line, kind) => {
      if (isTraceback(line)) return step(VERDICT.JOIN, FRAMES);
      if (isGroup(line)) return step(VERDICT.JOIN, GROUP);
      if (line.has(QUOTES)) return step(VERDICT.JOIN, ANNOUNCED);
      if (line.has(CREATION)) return step(VERDICT.JOIN, CREATED);
      if (isObject(line)) return step(VERDICT.JOIN, OBJECTED);
      const isPart = kind === KIND.EMPTY || OBJECTS.some((text) => line.has(text));
      return step(isPart ? VERDICT.MAYBE : VERDICT.NEW, ANNOUNCED);
    },
    [OBJECTED]: (line) => {
      if (isTraceback(line)) return step(VERDICT.JOIN, FRAMES);
      if (isGroup(line)) return step(VERDICT.JOIN, GROUP);
      if (line.has(CREATION)) return step(VERDICT.JOIN, CREATED);
      return step(isObject(line) ? VERDICT.JOIN : VERDICT.NEW, OBJECTED);
    },
    [CREATED]: (line, kind) => {
      if (kind === KIND.INDENTED || line.has('  File "')) return step(VERDICT.JOIN, CREATED);
      if (isTraceback(line)) return step(VERDICT.JOIN, FRAMES);
      if (isGroup(line)) return step(VERDICT.JOIN, GROUP);
      if (isObject(line)) return step(VERDICT.JOIN, OBJECTED);
      return step(kind === KIND.HEAD && isName(line) ? VERDICT.JOIN : VERDICT.NEW, NAMED);
    },
    [STACK]: (line, kind) => {
      if (kind === KIND.EMPTY) return step(VERDICT.MAYBE, STACK);
      const isPart = kind === KIND.INDENTED || line.has('  File "') || STACK_PARTS.some((text) => line.has(text));
      return step(isPart ? VERDICT.JOIN : VERDICT.NEW, STACK);
    },
    [NAMED]: (line, kind, tail) => {
      // Of an error of the module logging, and of another process.
      if (line.has('Call stack:')) return step(VERDICT.JOIN, STACK);
      // The stack that a log event was asked to show, behind its exception.
      if (line.has('Stack (most recent call last):')) return step(VERDICT.JOIN, BARE);
      if (line.has(QUOTES) || NOTES.some((text) => line.has(text))) return step(VERDICT.JOIN, NAMED);
      if (isPlace(line)) return step(VERDICT.JOIN, NAMED);
      // The exception of a Java machine that Python drives.
      if (line.has(': ') && tail === 0) return step(VERDICT.JOIN, isCauseWithin(line) ? FRAMES : TRACE);
      if (isChain(line)) return step(VERDICT.JOIN, CHAINED);
      if (line.has('\tat ')) return step(VERDICT.JOIN, TRACE);
      // gRPC.
      if (kind === KIND.CLOSING && tail === 0) return step(VERDICT.JOIN, NAMED);
      if (kind === KIND.INDENTED) return step(tail === 0 ? VERDICT.JOIN : VERDICT.MAYBE, NAMED);
      // A message has further lines if another traceback is announced behind them.
      const isMessage = kind === KIND.PLAIN || kind === KIND.EMPTY;
      return step(isMessage && tail < MESSAGE_LINES ? VERDICT.MAYBE : VERDICT.NEW, NAMED);
    },
    [CHAINED]: (line, kind) => {
      if (kind === KIND.EMPTY) return step(VERDICT.JOIN, CHAINED);
      if (isTraceback(line)) return step(VERDICT.JOIN, FRAMES);
      if (isBoxed(line)) return step(VERDICT.JOIN, BOXED);
      return step(isGroup(line) ? VERDICT.JOIN : VERDICT.NEW, GROUP);
    },
    [GROUP]: (line, kind) => {
      if (isGroup(line)) return step(VERDICT.NEW, GROUP);
      if (kind === KIND.EMPTY) return step(VERDICT.MAYBE, GROUP);
      if (isChain(line)) return step(VERDICT.JOIN, CHAINED);
      return step(kind === KIND.INDENTED ? VERDICT.JOIN : VERDICT.NEW, GROUP);
    },
  },
};
