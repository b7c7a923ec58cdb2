/** Settings of the sink that appends to a file, on a volume of the pod. */
import { posix } from 'node:path';
import { FILE_SETTINGS } from '../../catalog/file.js';
import { LIBRARY_MOUNT_PATH, MOUNT_PATH } from '../../contract.js';
import { must } from '../must.js';
import type { SinkConfig } from '../sink-config.js';
import { bind } from './bind.js';

/** Where the shipper has something of its own. */
const OWN_PATHS = [MOUNT_PATH, LIBRARY_MOUNT_PATH, '/etc/logtap', '/var/lib/logtap'];

/** Where in the pod the records go. */
export interface FileSinkProps {
  /** Volume of the pod, by its name. The shipper, user 65532, has to have the right to write there. */
  readonly volume: string;

  /** Absolute path of the file in the shipper, below the mount of the volume: its directory is where it is mounted. */
  readonly path: string;
}

export function file({ volume, path }: FileSinkProps): SinkConfig {
  const mountPath = posix.dirname(path);
  must(
    posix.normalize(path) === path && mountPath.startsWith('/') && mountPath !== '/' && !path.endsWith('/'),
    'path',
    path,
    'be the absolute path of a file in a directory of its own: write it as /logs/app.ndjson',
  );
  const own = OWN_PATHS.find((reserved) => `${mountPath}/`.startsWith(`${reserved}/`));
  must(own === undefined, 'path', path, `not be below ${own}, which is the shipper's: choose another directory`);
  must(volume !== '', 'volume', volume, 'name a volume of the pod: give the name that it has there');
  return {
    ...bind('file', [{ property: 'path', setting: FILE_SETTINGS.filePath, value: path }]),
    iam: [],
    egress: [],
    volumeMounts: [{ volume, mountPath }],
  };
}
