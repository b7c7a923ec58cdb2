/**
 * File capabilities. Node cannot read extended attributes, so this runs a tool that can, if the machine has one.
 */
import { spawnSync } from 'node:child_process';

/** Directories that are often not in the PATH of ordinary users. */
const SEARCH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;

function output(command: string, args: readonly string[]): string | undefined {
  const env = { ...process.env, PATH: SEARCH, LD_PRELOAD: '' };
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', env, timeout: 5000 });
  return status === 0 ? stdout : undefined;
}

/** The capabilities in the format of getcap(8); empty if there are none, undefined if no tool could read them. */
export function fileCapabilities(path: string): string | undefined {
  const listed = output('getcap', [path]);
  // `PATH cap_net_raw=ep`; older versions put ` = ` between. A path may contain any text, so it is cut by its length.
  if (listed !== undefined) return listed.trim().slice(path.length).replace(/^ =/, '').trim();
  const dumped = output('getfattr', ['--absolute-names', '--match=^security\\.capability$', '--encoding=hex', path]);
  return dumped === undefined ? undefined : (/^security\.capability=(\S+)$/m.exec(dumped)?.[1] ?? '');
}

/** The capabilities of all files of a tree, by path; `undefined` if no tool could read them. */
export function capabilitiesBelow(directory: string): ReadonlyMap<string, string> | undefined {
  const env = { ...process.env, PATH: SEARCH, LD_PRELOAD: '' };
  const { error, stdout } = spawnSync('getcap', ['-r', directory], {
    ...{ encoding: 'utf8', env, timeout: 120_000, maxBuffer: 16 * 1024 * 1024, stdio: ['ignore', 'pipe', 'ignore'] },
  });
  if (error !== undefined) return undefined;
  const lines = [...stdout.matchAll(/^(\/.*?)(?: =)? (\S*[=+]\S*)$/gm)];
  return new Map(lines.map(([, path = '', capabilities = '']) => [path, capabilities]));
}
