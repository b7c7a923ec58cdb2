/** The library's variables in the environment of a tapped container. */
import {
  LIBRARY_DIR,
  LIBRARY_ENV,
  LIBRARY_NAME,
  MOUNT_PATH,
  RING_DIR,
  RUN_DIR,
  SOCKET_NAME,
  STDIO_PLACEHOLDER,
} from '../contract.js';
import { type LogTapProps, TapStreams } from './tap-options.js';
import type { Container, EnvVar } from './workload.js';

/** Directory that the init container fills. */
export const LIBRARY_PATH = `${MOUNT_PATH}/${LIBRARY_DIR}`;
/** Socket on which the shipper listens. */
export const SOCKET_PATH = `${MOUNT_PATH}/${RUN_DIR}/${SOCKET_NAME}`;

/** Directory in which processes find their rings. */
export const RING_PATH = `${MOUNT_PATH}/${RING_DIR}`;

const PRELOAD = 'LD_PRELOAD';
const LIBRARY = `${LIBRARY_PATH}/${LIBRARY_NAME}`;
/** Carries a preload list that the manifest takes from a ConfigMap or Secret, so that it can be referred to. */
const ORIGINAL_PRELOAD = 'LLT_ORIG_LD_PRELOAD';

const TAP_INTO = { [TapStreams.NONE]: '0', [TapStreams.STDOUT]: '1', [TapStreams.STDERR]: '2', [TapStreams.BOTH]: '3' };

/** What the library is told. `LLT_CONTAINER` aside, it is the same in every container of a pod. */
export function libraryEnv(container: string, props: LogTapProps): EnvVar[] {
  const values: Record<string, string> = {
    [LIBRARY_ENV.CONTAINER.name]: container,
    [LIBRARY_ENV.FORMAT.name]: 'frame',
    [LIBRARY_ENV.STDIO.name]: STDIO_PLACEHOLDER,
    [LIBRARY_ENV.TAP_INTO.name]: TAP_INTO[props.streams ?? TapStreams.BOTH],
    [LIBRARY_ENV.TARGET.name]: `ring:${RING_PATH}`,
  };
  if (props.suppressStreams) values[LIBRARY_ENV.SUPPRESS_STDOUT.name] = 'true';
  if (props.file !== undefined) values[LIBRARY_ENV.TAP_FILE.name] = props.file;
  if (props.suppressFile) values[LIBRARY_ENV.SUPPRESS_TAP_FILE.name] = 'true';
  return Object.keys(values)
    .sort()
    .map((name) => ({ name, value: values[name]! }));
}

/** Names that `addLibraryEnv` may write, LD_PRELOAD aside: a manifest that sets one of them is refused. */
export const LIBRARY_NAMES: ReadonlySet<string> = new Set([
  ORIGINAL_PRELOAD,
  ...(
    ['CONTAINER', 'FORMAT', 'STDIO', 'SUPPRESS_STDOUT', 'SUPPRESS_TAP_FILE', 'TAP_FILE', 'TAP_INTO', 'TARGET'] as const
  ).map((key) => LIBRARY_ENV[key].name),
]);

/** Adds the variables to a container, in front of what it preloads already. */
export function addLibraryEnv(container: Container, props: LogTapProps): void {
  const env: EnvVar[] = [];
  let isChained = false;
  for (const variable of container.env ?? []) {
    if (variable.name !== PRELOAD) {
      env.push(variable);
      continue;
    }
    isChained = true;
    if (variable.valueFrom !== undefined) {
      // Kubernetes expands $(NAME) only for names that come earlier in the list.
      env.push({ ...variable, name: ORIGINAL_PRELOAD }, { name: PRELOAD, value: `${LIBRARY}:$(${ORIGINAL_PRELOAD})` });
    } else {
      env.push({ name: PRELOAD, value: variable.value ? `${LIBRARY}:${variable.value}` : LIBRARY });
    }
  }
  if (!isChained) env.push({ name: PRELOAD, value: LIBRARY });
  container.env = [...env, ...libraryEnv(container.name, props)];
}

/** Undoes `addLibraryEnv`. */
export function removeLibraryEnv(container: Container): void {
  const env: EnvVar[] = [];
  for (const variable of container.env ?? []) {
    if (variable.name === ORIGINAL_PRELOAD) env.push({ ...variable, name: PRELOAD });
    else if (variable.name === PRELOAD) {
      const rest = variable.value?.startsWith(`${LIBRARY}:`) ? variable.value.slice(LIBRARY.length + 1) : undefined;
      if (rest !== undefined && rest !== `$(${ORIGINAL_PRELOAD})`) env.push({ name: PRELOAD, value: rest });
    } else if (!LIBRARY_NAMES.has(variable.name)) env.push(variable);
  }
  if (env.length > 0) container.env = env;
  else delete container.env;
}
