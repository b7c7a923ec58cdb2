/** Settings of the sink that appends to a file, on a volume of the pod. */
import { posix } from 'node:path';
import { FILE_SETTINGS } from '../../catalog/sinks/file.js';
import { LIBRARY_MOUNT_PATH, MOUNT_PATH } from '../../contract.js';
import { must } from '../props/must.js';
import { bind } from './bind.js';
import type { SinkConfig } from './sink-config.js';

/** Paths that the shipper uses itself. */
const OWN_PATHS = [MOUNT_PATH, LIBRARY_MOUNT_PATH, '/etc/logtap', '/var/lib/logtap'];

/** Properties of the file sink. */
export interface FileSinkProps {
  /** Name of a volume of the pod. The shipper, user 65532, needs write permission on it. */
  readonly volume: string;

  /** Absolute path of the file in the shipper. The volume is mounted at its directory. */
  readonly path: string;
}

export function file({ volume, path }: FileSinkProps): SinkConfig {
  const mountPath = posix.dirname(path);
  must(
    posix.normalize(path) === path && mountPath.startsWith('/') && mountPath !== '/' && !path.endsWith('/'),
    'path',
    path,
    'be the absolute path of a file in its own directory: write it as /logs/app.ndjson',
  );
  const own = OWN_PATHS.find((reserved) => `${mountPath}/`.startsWith(`${reserved}/`));
  must(own === undefined, 'path', path, `not be below ${own}, which the shipper uses: choose another directory`);
  must(volume !== '', 'volume', volume, 'name a volume of the pod: give its name');
  return {
    ...bind('file', [{ property: 'path', setting: FILE_SETTINGS.filePath, value: path }]),
    iam: [],
    egress: [],
    volumeMounts: [{ volume, mountPath }],
  };
}
