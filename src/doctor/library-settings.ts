/** Checks the library's LLT_* variables. The library silently ignores an invalid value, so the doctor reports it. */
import { closest } from '../catalog/closest.js';
import { LIBRARY_ENV, SOCKET_PATH_MAX_BYTES } from '../contract.js';
import type { Diagnostic } from './verdict.js';

export type Environment = ReadonlyMap<string, string>;

const NUMBER_MAX = 2 ** 32 - 1;
const NAMES = Object.values(LIBRARY_ENV).map(({ name }) => name);
const DISABLE = LIBRARY_ENV.DISABLE.name;
const TAP_INTO = LIBRARY_ENV.TAP_INTO.name;
const TAP_FILE = LIBRARY_ENV.TAP_FILE.name;
const TARGET = LIBRARY_ENV.TARGET.name;
const PASSIVE = LIBRARY_ENV.PASSIVE_ON_START.name;

const isNumber = (value: string, max = NUMBER_MAX) => /^\d+$/.test(value) && Number(value) <= max;

interface Rule {
  readonly accepts: (value: string) => boolean;
  readonly rule: string;
}

const TRUE_OR_FALSE: Rule = { accepts: (value) => ['true', 'false'].includes(value), rule: 'true or false' };
const NUMBER: Rule = { accepts: (value) => isNumber(value), rule: `a whole number up to ${NUMBER_MAX}` };

const RULES: Readonly<Record<string, Rule>> = {
  [DISABLE]: TRUE_OR_FALSE,
  [LIBRARY_ENV.DEBUG.name]: TRUE_OR_FALSE,
  [LIBRARY_ENV.SUPPRESS_STDOUT.name]: TRUE_OR_FALSE,
  [LIBRARY_ENV.SUPPRESS_TAP_FILE.name]: TRUE_OR_FALSE,
  [LIBRARY_ENV.PYTHON_UNBUFFERED.name]: TRUE_OR_FALSE,
  [TAP_INTO]: { accepts: (value) => isNumber(value, 3), rule: '0, 1, 2 or 3' },
  [LIBRARY_ENV.FORMAT.name]: { accepts: (value) => ['raw', 'frame'].includes(value), rule: 'raw or frame' },
  [LIBRARY_ENV.ON_FULL.name]: {
    accepts: (value) => value === 'pass' || (value.startsWith('block:') && isNumber(value.slice(6))),
    rule: 'pass or block:MS',
  },
  [LIBRARY_ENV.FIRST_CONNECT.name]: NUMBER,
  [LIBRARY_ENV.RECONNECT.name]: NUMBER,
  [PASSIVE]: NUMBER,
};

/** The target of the library's bytes, or undefined if the value names none. */
export interface Target {
  readonly kind: 'socket' | 'file' | 'ring';
  readonly path: string;
}

export function targetOf(environment: Environment): Target | undefined {
  const value = environment.get(TARGET) ?? LIBRARY_ENV.TARGET.default;
  const [, kind, path] = /^(socket|file|ring):(.+)$/s.exec(value) ?? [];
  return path === undefined ? undefined : { kind: kind as Target['kind'], path };
}

/** @param directory the current directory at the start, which a relative path is completed with */
export function settingFindings(environment: Environment, directory: string): Diagnostic[] {
  return [
    ...[...environment].flatMap(([name, value]) => valueFindings(name, value)),
    ...switchFindings(environment),
    ...targetFindings(environment, directory),
  ];
}

function valueFindings(name: string, value: string): Diagnostic[] {
  if (!name.startsWith('LLT_')) return [];
  if (!NAMES.some((known) => known === name)) {
    const nearest = closest(name, NAMES);
    return [
      {
        weight: 'note',
        seen: `${name} is no variable of the library`,
        why: 'It has no effect.',
        remedy: nearest === undefined ? 'Remove it.' : `Did you mean ${nearest}?`,
      },
    ];
  }
  const wanted = RULES[name];
  if (wanted === undefined || value === '' || wanted.accepts(value)) return [];
  return [
    {
      weight: 'limits',
      seen: `${name}=${value}`,
      why: `The library takes it as not set: it knows ${wanted.rule}.`,
      remedy: `Set it to ${wanted.rule}, or remove it.`,
    },
  ];
}

function switchFindings(environment: Environment): Diagnostic[] {
  if (environment.get(DISABLE) === 'true') {
    return [
      {
        weight: 'blocks',
        seen: `${DISABLE}=true`,
        why: 'The library is loaded and does nothing at all.',
        remedy: `Remove ${DISABLE} and start it again.`,
      },
    ];
  }
  const streams = environment.get(TAP_INTO) ?? '';
  const isNoStream = !isNumber(streams, 3) || Number(streams) === 0;
  if (isNoStream && !environment.get(TAP_FILE)) {
    return [
      {
        weight: 'blocks',
        seen: `${environment.has(TAP_INTO) ? `${TAP_INTO}=${streams}` : `no ${TAP_INTO}`}, and no ${TAP_FILE}`,
        why: 'Neither a stream nor a file is to be tapped, so the library does nothing.',
        remedy: `Set ${TAP_INTO}=3 for stdout and stderr, or ${TAP_FILE} to a log file.`,
      },
    ];
  }
  const passive = environment.get(PASSIVE) ?? '';
  if (!isNumber(passive) || Number(passive) === 0) return [];
  return [
    {
      weight: 'limits',
      seen: `${PASSIVE}=${passive}`,
      why: `What it writes in its first ${passive} ms is not captured. The library needs no such pause.`,
      remedy: `Remove ${PASSIVE}.`,
    },
  ];
}

function targetFindings(environment: Environment, directory: string): Diagnostic[] {
  const target = targetOf(environment);
  if (target === undefined) {
    return [
      {
        weight: 'blocks',
        seen: `${TARGET}=${environment.get(TARGET)}`,
        why: 'The library knows file:/path, socket:/path and ring:/directory, and taps nothing without a target.',
        remedy: `Set ${TARGET} to the socket of the shipper, such as socket:/.logtap/run/logtap.sock.`,
      },
    ];
  }
  const path = target.path.startsWith('/') ? target.path : `${directory}/${target.path}`;
  const bytes = Buffer.byteLength(path);
  if (target.kind !== 'socket' || bytes <= SOCKET_PATH_MAX_BYTES) return [];
  return [
    {
      weight: 'blocks',
      seen: `the path of the socket has ${bytes} bytes: ${path}`,
      why: `Linux knows socket paths of at most ${SOCKET_PATH_MAX_BYTES} bytes (unix(7)), so nothing is tapped.`,
      remedy: 'Let the shipper listen on a shorter path.',
    },
  ];
}
