/** Sinks of single containers beside those of the pod: one configuration of the shipper, and what differs by container. */
import { SINK_SETTING_NAMES } from '../../catalog/records/container-sinks.js';
import { SINK_CHOICE, SINKS } from '../../catalog/sinks/index.js';
import { type KnownNames, withKnownNames } from '../props/known-names.js';
import { mustHaveProperties } from '../props/known-properties.js';
import { must } from '../props/must.js';
import { secretFilePath } from '../sidecar/sink-files.js';
import type { Sink } from './sink.js';
import type { SecretFile, SinkConfig, SinkLogGroup } from './sink-config.js';

type Texts = Readonly<Record<string, string>>;

/** The sinks of a pod. */
export interface PodSinks {
  /** With the permissions, connections and files of all. Its name and settings are those of the pod. */
  readonly sink: SinkConfig;
  /** Settings by container, as an entry of `LOGTAP_CONTAINER_SETTINGS` has them. */
  readonly entries: Readonly<Record<string, Texts>>;
  /** Secrets that only entries name. */
  readonly secretFiles: readonly SecretFile[];
  /** The log groups of all. */
  readonly logGroups: readonly OwnLogGroup[];
}

/** A log group, and the container whose records it has: none for that of the pod. */
export interface OwnLogGroup {
  readonly container?: string;
  readonly group: SinkLogGroup;
}

/** Options of containers, as far as they are needed here. */
export type WithSinks = Readonly<Record<string, { readonly sink?: Sink }>>;

/**
 * Options by container of a construct that is given none of the tap's other properties.
 *
 * @throws if they are none
 */
export function checkedContainers<T extends object>(perContainer: Readonly<Record<string, T>> = {}) {
  for (const [name, options] of Object.entries(perContainer)) {
    mustHaveProperties('ContainerOptions', options, `perContainer.${name}`);
  }
  return perContainer;
}

/** @throws if containers need different values of a setting that is one for the shipper, such as a variable of a module */
export function podSinks({ _config: pod }: Sink, perContainer: WithSinks, known: KnownNames = {}): PodSinks {
  const own = Object.entries(perContainer).flatMap(([container, { sink }]) =>
    sink === undefined ? [] : [[container, sink._config] as const],
  );
  const ofPod = pod.logGroup === undefined ? [] : [{ group: pod.logGroup }];
  if (own.length === 0) return { sink: withKnownNames(pod, known), entries: {}, secretFiles: [], logGroups: ofPod };
  const shared = sharedSettings(pod, own);
  const all = [pod, ...own.map(([, config]) => config)];
  const isShared = ({ setting }: SecretFile) => !SINK_SETTING_NAMES.includes(setting);
  const ofContainers = own.flatMap(([, { secretFiles }]) => secretFiles);
  return {
    sink: withKnownNames(
      {
        name: pod.name,
        settings: shared,
        secretFiles: [...pod.secretFiles, ...ofContainers.filter(isShared)],
        iam: unique(all.flatMap(({ iam }) => iam)),
        assumedRoles: unique(all.flatMap(({ assumedRoles = [] }) => assumedRoles)),
        egress: unique(all.flatMap(({ egress }) => egress)),
        configMapFiles: unique(all.flatMap(({ configMapFiles = [] }) => configMapFiles)),
        volumeMounts: unique(all.flatMap(({ volumeMounts = [] }) => volumeMounts)),
        ...(pod.logGroup !== undefined && { logGroup: pod.logGroup }),
      },
      known,
    ),
    entries: Object.fromEntries(own.map(([container, config]) => [container, entryOf(config, pod)])),
    secretFiles: ofContainers.filter((file) => !isShared(file)),
    logGroups: [
      ...ofPod,
      ...own.flatMap(([container, { logGroup }]) => (logGroup === undefined ? [] : [{ container, group: logGroup }])),
    ],
  };
}

/** Those of the pod, and variables of modules, which no entry can have. */
function sharedSettings(pod: SinkConfig, own: readonly (readonly [string, SinkConfig])[]): Texts {
  const settings: Record<string, string> = { ...pod.settings };
  for (const [container, config] of own) {
    for (const [name, value] of Object.entries(config.settings)) {
      if (SINK_SETTING_NAMES.includes(name)) continue;
      must(
        settings[name] === undefined || settings[name] === value,
        `perContainer.${container}.sink`,
        name,
        `have the value that another sink has, as the shipper has one of it: give both the same value`,
      );
      settings[name] = value;
    }
  }
  return settings;
}

/** Only what differs from the pod. An empty text removes a setting that the pod's sink of this kind has. */
function entryOf(config: SinkConfig, pod: SinkConfig): Texts {
  const [given, ofPod] = [config, pod].map(textsOf) as [Texts, Texts];
  const kinds = config.name
    .split(',')
    .flatMap((name) => (Object.hasOwn(SINKS, name) ? [name as keyof typeof SINKS] : []));
  const names = kinds.flatMap((kind) => Object.values(SINKS[kind].settings).map(({ name }) => name));
  const removed = names.filter((name) => ofPod[name] !== undefined && given[name] === undefined);
  const differing = Object.entries(given).filter(([name, text]) => ofPod[name] !== text);
  return {
    [SINK_CHOICE.sinks.name]: config.name,
    ...Object.fromEntries(removed.map((name) => [name, ''])),
    ...Object.fromEntries(differing),
  };
}

const textsOf = ({ settings, secretFiles }: SinkConfig): Texts =>
  Object.fromEntries(
    [...Object.entries(settings), ...secretFiles.map((file) => [file.setting, secretFilePath(file)] as const)].filter(
      ([name]) => SINK_SETTING_NAMES.includes(name),
    ),
  );

/** Plain data, each once. */
const unique = <T>(items: readonly T[]): T[] => [
  ...new Map(items.map((item) => [JSON.stringify(item), item])).values(),
];
