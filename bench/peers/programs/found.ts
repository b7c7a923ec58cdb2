/** How the programs of peers are looked for. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Found, Missing } from '../peer.js';

const VERSION = /(\d+(?:\.\d+)+)/;

/** Its version, as it says it: by default the first number with dots. */
export function versionOf(program: string, args: readonly string[], libraries = '', pattern = VERSION): string {
  const env = { ...process.env, LD_LIBRARY_PATH: libraries };
  const said = execFileSync(program, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] });
  return pattern.exec(said)?.[1] ?? 'unknown';
}

/** Finds it or builds it; says how to get it when that fails. */
export function foundBy(install: string, find: () => Found): Found | Missing {
  try {
    return find();
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { install: `${install} (${reason})` };
  }
}

/** Where unpacked packages of Debian have their libraries. */
export const librariesOf = (root: string): string =>
  join(root, 'usr/lib', process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu');
