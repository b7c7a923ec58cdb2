/** Files in ConfigMaps and Secrets, and where the containers of a stream mount them. */
import { posix } from 'node:path';
import type { KubernetesObject } from './objects.js';
import type { Mount } from './opened-paths.js';
import { usualName } from './pod-names.js';

/** A file, by the key that holds it. */
export interface KeyFile {
  /** `ConfigMap/NAMESPACE/NAME`, the namespace only if the object has one. */
  readonly holder: string;
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  readonly key: string;
  readonly text: string;
}

/** The path of a file, for messages and verdicts. */
export const pathOf = ({ holder, key }: KeyFile) => `${holder}/${key}`;

export function keyFiles(objects: readonly KubernetesObject[]): KeyFile[] {
  return objects.flatMap((object) => {
    const { kind, metadata } = object;
    if (kind !== 'ConfigMap' && kind !== 'Secret') return [];
    const { name = '', namespace } = metadata;
    const holder = [kind, namespace, name].filter((part) => part !== undefined).join('/');
    const decoded = (text: string) => Buffer.from(text, 'base64').toString('utf8');
    const texts = [
      ...strings(object.data).map(([key, text]) => [key, kind === 'Secret' ? decoded(text) : text] as const),
      ...strings(object.stringData),
      ...strings(object.binaryData).map(([key, text]) => [key, decoded(text)] as const),
    ];
    return texts.map(([key, text]) => ({ holder, kind, name, key, text }));
  });
}

const strings = (data: unknown): [string, string][] =>
  Object.entries((data as object | null | undefined) ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );

interface Volume {
  readonly name?: string;
  readonly configMap?: { readonly name?: string; readonly items?: readonly Item[] };
  readonly secret?: { readonly secretName?: string; readonly items?: readonly Item[] };
  readonly projected?: {
    readonly sources?: readonly {
      readonly configMap?: { readonly name?: string; readonly items?: readonly Item[] };
      readonly secret?: { readonly name?: string; readonly items?: readonly Item[] };
    }[];
  };
}

interface Item {
  readonly key?: string;
  readonly path?: string;
}

interface Container {
  readonly env?: readonly {
    readonly name?: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath?: string } };
  }[];
  readonly volumeMounts?: readonly Mount[];
}

/** A container with the files that it mounts. */
export interface Mounted {
  /** By absolute path. */
  readonly files: ReadonlyMap<string, KeyFile>;
  readonly mounts: readonly Mount[];
  /** Mounts of the other containers of the pod. */
  readonly others: readonly (readonly Mount[])[];
  /** Variables with a value in the manifest. */
  readonly variables: ReadonlyMap<string, string>;
}

export function mountedFiles(objects: readonly KubernetesObject[], files: readonly KeyFile[]): Mounted[] {
  return objects.flatMap(podSpecs).flatMap(({ containers = [], initContainers = [], volumes = [] }) =>
    [...containers, ...initContainers].map((container, _, all) => ({
      mounts: container.volumeMounts ?? [],
      others: all.filter((other) => other !== container).map(({ volumeMounts = [] }) => volumeMounts),
      files: new Map((container.volumeMounts ?? []).flatMap((mount) => filesOf(mount, volumes, files))),
      variables: new Map(
        (container.env ?? []).flatMap(({ name, value, valueFrom }): [string, string][] => {
          const field = usualName(valueFrom?.fieldRef?.fieldPath ?? '');
          if (name === undefined) return [];
          if (field !== undefined) return [[name, `\${${field}}`]];
          return typeof value === 'string' && !value.includes('$(') ? [[name, value]] : [];
        }),
      ),
    })),
  );
}

interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
}

/** Specs of pods, at any depth: each kind of workload has them at its own place. */
function podSpecs(value: unknown): PodSpec[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray((value as PodSpec).containers)) return [value as PodSpec];
  return Object.values(value).flatMap(podSpecs);
}

function filesOf(mount: Mount, volumes: readonly Volume[], files: readonly KeyFile[]): [string, KeyFile][] {
  const { mountPath } = mount;
  if (mountPath === undefined) return [];
  const volume = volumes.find(({ name }) => name === mount.name) ?? {};
  const held = sourcesOf(volume).flatMap(({ kind, name, items }) => {
    const of = files.filter((file) => file.kind === kind && file.name === name);
    return of.flatMap((file): [string, KeyFile][] => {
      if (items === undefined) return [[file.key, file]];
      return items.filter(({ key }) => key === file.key).map(({ key, path }) => [path ?? key!, file]);
    });
  });
  // A mount of one file has its name in the path of the mount.
  if (mount.subPath !== undefined)
    return held.flatMap(([path, file]): [string, KeyFile][] => {
      if (path === mount.subPath) return [[posix.normalize(mountPath), file]];
      return path.startsWith(`${mount.subPath}/`)
        ? [[posix.join(mountPath, path.slice(mount.subPath!.length)), file]]
        : [];
    });
  return held.map(([path, file]) => [posix.join(mountPath, path), file]);
}

function sourcesOf({ configMap, secret, projected }: Volume) {
  const all: { kind: 'ConfigMap' | 'Secret'; name?: string; items?: readonly Item[] }[] = [];
  if (configMap) all.push({ kind: 'ConfigMap', ...configMap });
  if (secret) all.push({ kind: 'Secret', name: secret.secretName, items: secret.items } as (typeof all)[number]);
  for (const source of projected?.sources ?? []) {
    if (source.configMap) all.push({ kind: 'ConfigMap', ...source.configMap });
    if (source.secret) all.push({ kind: 'Secret', ...source.secret });
  }
  return all;
}

/** Environments of pods that have a variable of liblogtap: one list for the containers of each pod, as its sidecar is one of them. */
export function environments(objects: readonly KubernetesObject[]): { path: string; env: readonly unknown[] }[] {
  return objects.flatMap((object) =>
    podSpecs(object).flatMap(({ containers = [], initContainers = [] }) => {
      const env = [...initContainers, ...containers].flatMap((container) => container.env ?? []);
      if (!env.some(({ name }) => /^(LLT_\w+|SINK_(STDOUT|FLUENT|SOCKET_PATH))$/.test(name ?? ''))) return [];
      return [{ path: `${object.kind}/${object.metadata.name ?? ''}/env`, env }];
    }),
  );
}
