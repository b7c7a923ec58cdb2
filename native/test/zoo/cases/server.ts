/** A row of the zoo that runs a server: its files, and the shell script that starts it, makes requests and ends it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place, ZooCase } from '../case.js';
import { programs } from '../compile.js';

export interface Server extends Omit<ZooCase, 'family' | 'command'> {
  /**
   * Files to be written before it starts, by their relative paths. DIRECTORY is the working directory; lines that
   * start with AS_ROOT are for root only: so that workers drop its rights, where there are any.
   */
  readonly configuration: Readonly<Record<string, string>>;
  /** Shell: starts the server, makes requests, ends it. */
  readonly script: string;
}

/** `name FROM end` to `name TO end`, a line each. */
export const lines = (name: string, from: number, to: number, end = '') =>
  Array.from({ length: to - from + 1 }, (_, i) => `${name}${from + i}${end}\n`).join('');

export const times = (count: number, line: string) => `${line}\n`.repeat(count);

/**
 * What every script begins with.
 * get SOCKET|PORT PREFIX FROM TO: requests PREFIX/FROM to PREFIX/TO, one after the other, statuses to `replies`.
 * left FILE: waits until no process has the file open: what is written from then on goes elsewhere.
 */
const PRELUDE = `set -eu; export PATH="$PATH:/usr/sbin"
  get() { perl ${programs}/servers/get.pl "$1" $(seq -f "$2/%g" "$3" "$4") >>replies; }
  left() { while readlink /proc/[0-9]*/fd/* 2>/dev/null | grep -qx "$PWD/$1"; do sleep 0.02; done; }
`;

export function server({ configuration, script, ...row }: Server): ZooCase {
  return {
    ...row,
    family: 'servers',
    command(place: Place) {
      for (const [name, text] of Object.entries(configuration)) {
        const own = text.replace(/^ *AS_ROOT (.*\n)/gm, place.isRoot ? '$1' : '');
        writeFileSync(join(place.directory, name), own.replaceAll('DIRECTORY', place.directory));
      }
      return ['sh', '-c', PRELUDE + script];
    },
  };
}
