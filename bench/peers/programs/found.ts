/** How the programs of peers are looked for. */
import { execFileSync } from 'node:child_process';
import type { Found, Missing } from '../peer.js';

/** Its version, as it says it: the first number with dots. */
export function versionOf(program: string, args: readonly string[]): string {
  const said = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return /\d+(?:\.\d+)+/.exec(said)?.[0] ?? 'unknown';
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
