/**
 * File capabilities. Node cannot read extended attributes, so the tools that can are asked, if the machine has one.
 */
import { spawnSync } from 'node:child_process';

/** Directories that are often not in the PATH of ordinary users. */
const SEARCH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;

function output(command: string, args: readonly string[]): string | undefined {
  const env = { ...process.env, PATH: SEARCH, LD_PRELOAD: '' };
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', env, timeout: 5000 });
  return status === 0 ? stdout : undefined;
}

/** The capabilities as getcap(8) words them, empty when there are none, undefined when no tool could tell. */
export function fileCapabilities(path: string): string | undefined {
  const listed = output('getcap', [path]);
  // `PATH cap_net_raw=ep`; older versions put ` = ` between. A path may hold anything, so it is cut by its length.
  if (listed !== undefined) return listed.trim().slice(path.length).replace(/^ =/, '').trim();
  const dumped = output('getfattr', ['--absolute-names', '--match=^security\\.capability$', '--encoding=hex', path]);
  return dumped === undefined ? undefined : (/^security\.capability=(\S+)$/m.exec(dumped)?.[1] ?? '');
}
