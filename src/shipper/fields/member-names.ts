/**
 * The names of members that count, and the words and numbers of levels, as the kernel for JSON objects reads them. They come from where its
 * twin has them:
 *
 *     slots    u16 number of the first entry, or 0: 256 of names, then 256 of words, by `slotOf`
 *     numbers  u8 severity of each number below 64: NUMBERS of each scale
 *     entries  u16 number of the next entry of the slot, or 0, u8 length, u8 rank, scale or severity, u32 roles, u32 for the kernel,
 *              u32 unused, 32 bytes of text: ENTRY_BYTES of each
 */
import { LEVEL_KEYS, levelOfValue, TELLING_NAMES } from './level/level-of-keys.js';
import { HINTS } from './level/level-of-members.js';
import { WORDS } from './level/severity.js';
import { NAMES, ROLES } from './named.js';

/** As in src/kernels/assembly/objects.ts. */
const ROLE = {
  levelKey: 1,
  logger: 2,
  thread: 4,
  trace: 8,
  span: 16,
  refused: 32,
  name: 64,
  levelName: 128,
  level: 256,
  pid: 512,
  host: 1024,
  hint: 2048,
} as const;
const SLOTS = 256;
const NUMBERS = 64;
const SCALES = 4;
const NUMBERS_AT = 2 * SLOTS * 2;
const ENTRIES_AT = NUMBERS_AT + NUMBERS * SCALES;
const ENTRY_BYTES = 48;
const TEXT_AT = 16;
const TEXT_MAX = 32;

interface Entry {
  readonly text: string;
  /** Rank of a logger and its like, scale of a level, severity of a word. */
  value: number;
  roles: number;
}

/** As the kernel computes it. */
const slotOf = (text: Buffer): number => ((text.length << 3) ^ text[0]! ^ (text[text.length - 1]! << 1)) & (SLOTS - 1);

function namesWithRoles(numbers: Buffer): readonly Entry[] {
  const entries = new Map<string, Entry>();
  const entryOf = (text: string): Entry => {
    const known = entries.get(text) ?? { text, value: 0, roles: 0 };
    entries.set(text, known);
    return known;
  };
  NAMES.forEach(entryOf);
  for (const name of TELLING_NAMES) entryOf(name.toString()).roles |= ROLE.refused;
  // An object under one of the other names is left to the twin anyhow.
  for (const name of HINTS) if (!NAMES.includes(name)) entryOf(name).roles |= ROLE.hint;
  for (const [role, names] of Object.entries(ROLES)) {
    names.forEach((name, rank) => {
      const entry = entryOf(name);
      entry.roles |= ROLE[role as keyof typeof ROLES];
      entry.value = rank;
    });
  }
  const scales = [...new Set(LEVEL_KEYS.filter(({ takes }) => takes === undefined).map(({ scale }) => scale))];
  if (scales.length > SCALES) throw new Error(`there are ${scales.length} scales, and room for ${SCALES}`);
  for (const key of LEVEL_KEYS) {
    const entry = entryOf(key.name.toString());
    entry.roles |= key.takes !== undefined ? ROLE.refused : ROLE.levelKey;
    entry.value = Math.max(0, scales.indexOf(key.scale));
    for (let number = 0; number < NUMBERS && key.takes === undefined; number++) {
      const text = Buffer.from(String(number));
      numbers[entry.value * NUMBERS + number] = levelOfValue(text, 0, text.length, key);
    }
  }
  return [...entries.values()];
}

/** The tables as one. */
export function memberTables(): Buffer {
  const numbers = Buffer.alloc(NUMBERS * SCALES);
  const names = namesWithRoles(numbers);
  const words = Object.entries(WORDS).map(([text, value]): Entry => ({ text, value, roles: 0 }));
  const tables = Buffer.alloc(ENTRIES_AT + (names.length + words.length) * ENTRY_BYTES);
  tables.set(numbers, NUMBERS_AT);
  [...names, ...words].forEach(({ text, value, roles }, i) => {
    const bytes = Buffer.from(text);
    if (bytes.length > TEXT_MAX) throw new Error(`'${text}' is longer than ${TEXT_MAX} bytes`);
    const slot = ((i < names.length ? 0 : SLOTS) + slotOf(bytes)) * 2;
    const entry = ENTRIES_AT + i * ENTRY_BYTES;
    tables.writeUInt16LE(tables.readUInt16LE(slot), entry);
    tables.writeUInt16LE(i + 1, slot);
    tables[entry + 2] = bytes.length;
    tables[entry + 3] = value;
    tables.writeUInt32LE(roles, entry + 4);
    tables.set(bytes, entry + TEXT_AT);
  });
  return tables;
}
