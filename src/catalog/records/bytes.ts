/** Settings of the bytes of messages: their character set, and sequences that are for a terminal. */
import { setting } from '../setting.js';
import * as value from '../values/setting-values.js';

/** By stream, the name of its character set for a TextDecoder; `utf-16` is UTF-16 whose byte order a mark tells. */
export type Charsets = Readonly<Partial<Record<'stdout' | 'stderr' | 'file', string>>>;

const STREAMS = ['stdout', 'stderr', 'file'] as const;
const ENTRY = /^(?:(stdout|stderr|file):)?([\w.:-]+)$/;

/** `windows-1252`, or by stream `stdout:utf-8,file:shift_jis`. */
function charsets(text: string): Charsets {
  const charsetOf: Partial<Record<(typeof STREAMS)[number], string>> = {};
  for (const entry of text.split(',')) {
    const [, stream, label = ''] = ENTRY.exec(entry.trim()) ?? [];
    const encoding = encodingOf(label);
    if (encoding === undefined) {
      throw new Error(
        `'${entry.trim()}' is no character set that is known here: write a name of the Encoding Standard, such as windows-1252, shift_jis, gb18030, euc-kr or utf-16le, with stdout:, stderr: or file: before it if it is that of one stream only.`,
      );
    }
    for (const each of STREAMS) if (stream === undefined || stream === each) charsetOf[each] = encoding;
  }
  return charsetOf;
}

function encodingOf(label: string): string | undefined {
  try {
    const { encoding } = new TextDecoder(label);
    // By the standard it is utf-16le.
    return label.toLowerCase() === 'utf-16' ? 'utf-16' : encoding;
  } catch {
    return undefined;
  }
}

export const BYTES_SETTINGS = {
  charset: setting({
    name: 'LOGTAP_CHARSET',
    defaultMeaning: 'UTF-8',
    help: 'Character set of the messages, which the shipper converts to UTF-8: a name of the Encoding Standard, such as `windows-1252`, `shift_jis`, `gb18030`, `euc-kr` or `utf-16le`, or by stream, such as `stdout:windows-1252,file:shift_jis`. With `utf-16`, the mark at the beginning of a stream tells the byte order. A message that is not valid in its set stays as it is; in UTF-16, invalid units become U+FFFD.',
    parse: charsets,
  }),
  ansi: setting({
    name: 'LOGTAP_ANSI',
    default: 'keep',
    help: '`remove` takes the control sequences of a terminal (colours, cursor, titles) out of messages.',
    parse: value.oneOf(['keep', 'remove']),
  }),
} as const;
