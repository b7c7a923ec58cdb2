/** Files that a simulated kernel makes up. */
import type { Machine } from './machine.js';

export function procFile(machine: Machine, path: string): string | undefined {
  if (path === '/dev/null') return '';
  if (path === '/proc/sys/kernel/random/boot_id') return machine.bootId;
  if (path === '/proc/self/limits') return `Max open files            ${machine.descriptorLimit}   4096   files\n`;
  if (path === '/proc/locks')
    return machine.files
      .locked()
      .map((ino, i) => lockLine(i + 1, ino))
      .join('');
  return undefined;
}

const lockLine = (number: number, ino: number) => `${number}: OFDLCK ADVISORY  WRITE -1 00:1b:${ino} 0 EOF\n`;
