/** Paths of log files, as the application opens them: a sidecar may mount the volume at another place. */
import { posix } from 'node:path';

export interface Mount {
  readonly name?: string;
  readonly mountPath?: string;
  readonly subPath?: string;
}

/**
 * The paths in the other containers of a pod, by the volume that they share with the sidecar; the path itself if no volume is shared.
 *
 * @param sidecar mounts of the container that reads the file
 * @param others mounts of each of the other containers
 */
export function openedPaths(path: string, sidecar: readonly Mount[], others: readonly (readonly Mount[])[]): string[] {
  const [mount] = sidecar
    .filter(({ mountPath }) => mountPath !== undefined && isBelow(path, mountPath))
    .sort((one, other) => other.mountPath!.length - one.mountPath!.length);
  if (mount === undefined) return [path];
  const inVolume = posix.join(
    '/',
    mount.subPath ?? '',
    path.slice(posix.normalize(mount.mountPath!).replace(/\/$/, '').length),
  );
  const found = others.flatMap((mounts) =>
    mounts
      .filter(
        ({ name, mountPath, subPath = '' }) =>
          name === mount.name && mountPath && isBelow(inVolume, posix.join('/', subPath)),
      )
      .map(({ mountPath, subPath = '' }) =>
        posix.join(mountPath!, inVolume.slice(posix.join('/', subPath).replace(/\/$/, '').length)),
      ),
  );
  return found.length > 0 ? [...new Set(found)] : [path];
}

const isBelow = (path: string, directory: string) =>
  path.startsWith(`${posix.normalize(directory).replace(/\/$/, '')}/`);
