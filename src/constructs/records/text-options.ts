/** Options for the bytes of messages. */
import { BYTES_SETTINGS } from '../../catalog/records/bytes.js';
import type { Binding } from '../sinks/bind.js';

/** Options for the characters of messages. */
export interface TextOptions {
  /**
   * Character set of the messages, which the shipper converts to UTF-8: a name of the Encoding Standard such as
   * `windows-1252`, `shift_jis`, `gb18030`, `euc-kr` or `utf-16le`, or by stream such as
   * `stdout:windows-1252,file:shift_jis`. With `utf-16`, the mark at the beginning of a stream tells the byte order.
   *
   * @default - UTF-8
   */
  readonly charset?: string;

  /**
   * Whether the shipper removes control sequences of terminals from messages, such as colours.
   *
   * @default false
   */
  readonly removeAnsi?: boolean;
}

export function textBindings({ charset, removeAnsi }: TextOptions): Binding[] {
  const ansi = removeAnsi === undefined ? undefined : removeAnsi ? 'remove' : 'keep';
  return [
    { property: 'text.charset', setting: BYTES_SETTINGS.charset, value: charset },
    { property: 'text.removeAnsi', setting: BYTES_SETTINGS.ansi, value: ansi },
  ];
}
