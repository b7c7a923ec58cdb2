/** The library's variables in the environment of a tapped container. */
import {
  LIBRARY_ENV,
  LIBRARY_MOUNT_PATH,
  LIBRARY_NAME,
  MOUNT_PATH,
  RING_DIR,
  RUN_DIR,
  SOCKET_NAME,
  STDIO_PLACEHOLDER,
} from '../../contract.js';
import { ExistingPreload, type TapOptions, TapStreams } from '../props/tap-options.js';
import type { Container, EnvVar } from './workload.js';

/** Socket on which the shipper listens. */
export const SOCKET_PATH = `${MOUNT_PATH}/${RUN_DIR}/${SOCKET_NAME}`;

/** Directory in which processes find their rings. */
export const RING_PATH = `${MOUNT_PATH}/${RING_DIR}`;

export const PRELOAD = 'LD_PRELOAD';
export const LIBRARY = `${LIBRARY_MOUNT_PATH}/${LIBRARY_NAME}`;
/** Path in the shared memory volume that earlier versions used. Their injections are removed, too. */
const EARLIER_LIBRARY = `${MOUNT_PATH}/lib/${LIBRARY_NAME}`;
/** Holds a preload list from a ConfigMap or Secret, so that LD_PRELOAD can refer to it. */
export const ORIGINAL_PRELOAD = 'LLT_ORIG_LD_PRELOAD';

export const TAP_INTO = {
  [TapStreams.NONE]: '0',
  [TapStreams.STDOUT]: '1',
  [TapStreams.STDERR]: '2',
  [TapStreams.BOTH]: '3',
};

/** The library's variables. Except for `LLT_CONTAINER`, they depend only on the options. */
export function libraryEnv(container: string, options: TapOptions): EnvVar[] {
  const values: Record<string, string> = {
    [LIBRARY_ENV.CONTAINER.name]: container,
    [LIBRARY_ENV.FORMAT.name]: 'frame',
    [LIBRARY_ENV.STDIO.name]: STDIO_PLACEHOLDER,
    [LIBRARY_ENV.TAP_INTO.name]: TAP_INTO[options.streams ?? TapStreams.BOTH],
    [LIBRARY_ENV.TARGET.name]: `ring:${RING_PATH}`,
  };
  if (options.debug) values[LIBRARY_ENV.DEBUG.name] = 'true';
  if (options.suppressStreams) values[LIBRARY_ENV.SUPPRESS_STDOUT.name] = 'true';
  if (options.file !== undefined) values[LIBRARY_ENV.TAP_FILE.name] = options.file;
  if (options.suppressFile) values[LIBRARY_ENV.SUPPRESS_TAP_FILE.name] = 'true';
  return Object.keys(values)
    .sort()
    .map((name) => ({ name, value: values[name]! }));
}

/** Names that `addLibraryEnv` may write, except LD_PRELOAD. A manifest that sets one of them is rejected. */
export const LIBRARY_NAMES: ReadonlySet<string> = new Set([
  ORIGINAL_PRELOAD,
  ...(
    [
      'CONTAINER',
      'DEBUG',
      'FORMAT',
      'STDIO',
      'SUPPRESS_STDOUT',
      'SUPPRESS_TAP_FILE',
      'TAP_FILE',
      'TAP_INTO',
      'TARGET',
    ] as const
  ).map((key) => LIBRARY_ENV[key].name),
]);

/** The existing preload list of a container. The last one counts, as in Kubernetes. */
export function existingPreload({ env }: Container): EnvVar | undefined {
  return env?.filter(({ name }) => name === PRELOAD).pop();
}

/** Adds the variables to a container, with the library in front of existing preloads. */
export function addLibraryEnv(container: Container, options: TapOptions): void {
  const existing = existingPreload(container);
  const ours = preload(options.existingPreload === ExistingPreload.REPLACE ? undefined : existing);
  const env = (container.env ?? []).flatMap((variable) => (variable === existing ? ours : [variable]));
  if (existing === undefined) env.push(...ours);
  container.env = [...env, ...libraryEnv(container.name, options)];
}

function preload(behind: EnvVar | undefined): EnvVar[] {
  if (behind?.valueFrom !== undefined && behind.valueFrom !== null) {
    // Kubernetes expands $(NAME) only for names that come earlier in the list.
    return [
      { ...behind, name: ORIGINAL_PRELOAD },
      { name: PRELOAD, value: `${LIBRARY}:$(${ORIGINAL_PRELOAD})` },
    ];
  }
  return [{ name: PRELOAD, value: behind?.value ? `${LIBRARY}:${behind.value}` : LIBRARY }];
}

/** The variables without those of `addLibraryEnv`. `original` is the LD_PRELOAD that it replaced. */
export function removeLibraryEnv(env: readonly EnvVar[], original: EnvVar | undefined): EnvVar[] {
  return env.flatMap((variable) => {
    const { name, value } = variable;
    if (LIBRARY_NAMES.has(name)) return [];
    const [first] = typeof value === 'string' ? value.split(':') : [];
    const isOurs = name === PRELOAD && (first === LIBRARY || first === EARLIER_LIBRARY);
    if (!isOurs) return [variable];
    return original === undefined ? [] : [original];
  });
}
