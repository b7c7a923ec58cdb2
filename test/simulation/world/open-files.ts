/** Open files of a simulated process. */
import type { Inode } from './files.js';
import type { Pipe } from './machine.js';

export interface OpenFile {
  readonly path: string;
  readonly inode: Inode;
  readonly isAppending: boolean;
  /** Where the next read or write without a place goes. */
  position: number;
  /** Of a socket. */
  readonly pipe?: Pipe;
}
