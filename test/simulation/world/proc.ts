/** Files that a simulated kernel makes up. */
import type { Machine } from './machine.js';
import type { TcpConnection } from './tcp.js';

export function procFile(machine: Machine, path: string): string | undefined {
  if (path === '/dev/null') return '';
  if (path === '/proc/sys/kernel/random/boot_id') return machine.bootId;
  if (path === '/proc/self/limits') return `Max open files            ${machine.descriptorLimit}   4096   files\n`;
  if (path === '/proc/self/net/tcp') return [...machine.tcp].map(tcpLine).join('');
  if (path === '/proc/locks')
    return machine.files
      .locked()
      .map((ino, i) => lockLine(i + 1, ino))
      .join('');
  return undefined;
}

const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, '0');
const tcpLine = ({ localPort, remotePort, queueBytes }: TcpConnection, i: number) =>
  `${i}: 0100007F:${hex(localPort, 4)} 0200007F:${hex(remotePort, 4)} 01 ${hex(queueBytes, 8)}:00000000 00:00000000\n`;

const lockLine = (number: number, ino: number) => `${number}: OFDLCK ADVISORY  WRITE -1 00:1b:${ino} 0 EOF\n`;
