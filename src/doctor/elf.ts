/**
 * Reads only the parts of an ELF file that the dynamic loader uses, because a program may have hundreds of megabytes. Files may
 * be truncated or hostile, so every offset and count is checked before use.
 */

/** The file ends early, or its tables contradict each other. The message names the problem. */
export class ElfError extends Error {}

/** Reads a piece of a file. Returns fewer bytes at the end of the file. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

export interface Elf {
  /** Of a program in another form only the header is read, and the other fields are empty. */
  readonly form: '64-bit little-endian' | '64-bit big-endian' | '32-bit little-endian' | '32-bit big-endian';
  readonly type: 'executable' | 'shared' | 'other';
  readonly machine: string;
  /** The dynamic loader that the kernel starts; absent in static programs. */
  readonly interpreter?: string;
  /** Libraries that the file itself names (DT_NEEDED). */
  readonly needed: readonly string[];
  /** Whether it is marked as a position-independent program (DF_1_PIE). */
  readonly isPie: boolean;
  /** Whether the Go compiler built it. */
  readonly isGo: boolean;
  /** Version of Bun's exports, such as 1.2, in Bun and in programs that Bun compiled, which are copies of it. */
  readonly bun?: string;
  /** The functions `io_uring_*` that it imports. */
  readonly ioUringCalls: readonly string[];
}

const MACHINES: Readonly<Record<number, string>> = {
  3: 'i386',
  8: 'mips',
  20: 'ppc',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  62: 'x86_64',
  183: 'aarch64',
  243: 'riscv',
  258: 'loongarch',
};

const TYPES: Readonly<Record<number, Elf['type']>> = { 2: 'executable', 3: 'shared' };

const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;
const SECTION_BYTES = 64;
const DYNAMIC_BYTES = 16;
const SYMBOL_BYTES = 24;
const NOTE_HEADER_BYTES = 12;

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const PT_NOTE = 4;
const SHT_DYNSYM = 11;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_STRSZ = 10;
const DT_FLAGS_1 = 0x6ffffffb;
const DF_1_PIE = 0x08000000;
const NT_GO_BUILD_ID = 4;
/** Bun exports its functions under versions of this name, which a stripped file keeps. */
const BUN_VERSION = /\0BUN_(\d+\.\d+)\0/;

/** Far above the tables of linkers, and low enough to keep in memory. */
const TABLE_MAX_BYTES = 64 * 1024 * 1024;
const PATH_MAX_BYTES = 4096;
/** Longer than every name of a section or a symbol that is searched. */
const NAME_MAX_BYTES = 64;

interface Region {
  readonly offset: number;
  readonly size: number;
}

interface Segment extends Region {
  readonly type: number;
  readonly address: number;
}

interface Section extends Region {
  readonly name: number;
  readonly type: number;
  readonly link: number;
}

/** A piece of the file. Throws if the file does not contain all of it. */
function piece(readAt: ReadAt, { offset, size }: Region, what: string): DataView {
  if (size > TABLE_MAX_BYTES) throw new ElfError(`${what} claims ${size} bytes, which no linker writes`);
  const bytes = readAt(offset, size);
  if (bytes.length < size) {
    throw new ElfError(`${what} should have ${size} bytes at offset ${offset}, but the file ends before`);
  }
  return new DataView(bytes.buffer, bytes.byteOffset, size);
}

/** A 64-bit number. Numbers above 2^53 lose digits, but stay larger than any file. */
const word = (view: DataView, at: number) => Number(view.getBigUint64(at, true));

/** The text from a position up to its terminator, or undefined if there is none within `max` bytes. */
function textAt(table: DataView, at: number, max: number): string | undefined {
  if (at >= table.byteLength) return undefined;
  const bytes = Buffer.from(table.buffer, table.byteOffset + at, Math.min(max + 1, table.byteLength - at));
  const end = bytes.indexOf(0);
  return end < 0 ? undefined : bytes.toString('utf8', 0, end);
}

function entries<T>(table: DataView, size: number, read: (at: number) => T): T[] {
  return Array.from({ length: Math.floor(table.byteLength / size) }, (_, i) => read(i * size));
}

function readSegments(readAt: ReadAt, header: DataView): Segment[] {
  const count = header.getUint16(56, true);
  if (count === 0) return [];
  if (header.getUint16(54, true) !== SEGMENT_BYTES) throw new ElfError('the program headers have an unknown size');
  const region = { offset: word(header, 32), size: count * SEGMENT_BYTES };
  const table = piece(readAt, region, 'the table of program headers');
  return entries(table, SEGMENT_BYTES, (at) => ({
    type: table.getUint32(at, true),
    offset: word(table, at + 8),
    address: word(table, at + 16),
    size: word(table, at + 32),
  }));
}

/** Programs run without this table, so a missing or wrong table is not an error. */
function readSections(readAt: ReadAt, header: DataView): Section[] {
  const count = header.getUint16(60, true);
  if (header.getUint16(58, true) !== SECTION_BYTES) return [];
  const region = { offset: word(header, 40), size: count * SECTION_BYTES };
  return leniently(() => {
    const table = piece(readAt, region, 'the table of sections');
    return entries(table, SECTION_BYTES, (at) => ({
      name: table.getUint32(at, true),
      type: table.getUint32(at + 4, true),
      offset: word(table, at + 24),
      size: word(table, at + 32),
      link: table.getUint32(at + 40, true),
    }));
  }, []);
}

function leniently<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ElfError) return otherwise;
    throw error;
  }
}

function readInterpreter(readAt: ReadAt, segment: Segment): string {
  if (segment.size > PATH_MAX_BYTES) throw new ElfError(`the path of its loader claims ${segment.size} bytes`);
  const path = textAt(piece(readAt, segment, 'the path of its loader'), 0, PATH_MAX_BYTES);
  if (path === undefined || path === '') throw new ElfError('the path of its loader is empty or has no end');
  return path;
}

type Dynamic = Pick<Elf, 'needed' | 'isPie' | 'bun'>;

function readDynamic(readAt: ReadAt, segments: readonly Segment[]): Dynamic {
  const segment = segments.find(({ type }) => type === PT_DYNAMIC);
  if (segment === undefined) return { needed: [], isPie: false };
  const table = piece(readAt, segment, 'the dynamic section');
  const all = entries(table, DYNAMIC_BYTES, (at) => ({ tag: word(table, at), value: word(table, at + 8) }));
  const end = all.findIndex(({ tag }) => tag === 0);
  const used = end < 0 ? all : all.slice(0, end);
  const value = (wanted: number) => used.find(({ tag }) => tag === wanted)?.value;
  const isPie = (BigInt(value(DT_FLAGS_1) ?? 0) & BigInt(DF_1_PIE)) !== 0n;
  const names = used.filter(({ tag }) => tag === DT_NEEDED);
  if (names.length === 0) return { needed: [], isPie };

  const address = value(DT_STRTAB) ?? 0;
  const home = segments.find((s) => s.type === PT_LOAD && address >= s.address && address < s.address + s.size);
  if (home === undefined) throw new ElfError('the names of its libraries lie outside of the file');
  const strings = { offset: home.offset + (address - home.address), size: value(DT_STRSZ) ?? 0 };
  const text = piece(readAt, strings, 'the table of library names');
  const needed = names.map((name) => textAt(text, name.value, PATH_MAX_BYTES));
  if (needed.includes(undefined)) throw new ElfError('the name of a library lies outside of its table');
  const bun = BUN_VERSION.exec(Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString('latin1'))?.[1];
  return { needed: needed as string[], isPie, ...(bun === undefined ? {} : { bun }) };
}

function hasGoNote(readAt: ReadAt, segments: readonly Segment[]): boolean {
  return segments
    .filter(({ type, size }) => type === PT_NOTE && size <= PATH_MAX_BYTES)
    .some((segment) =>
      leniently(() => {
        const notes = piece(readAt, segment, 'a note');
        for (let at = 0; at + NOTE_HEADER_BYTES + 4 <= notes.byteLength; ) {
          const aligned = (length: number) => Math.ceil(length / 4) * 4;
          const isNamedGo =
            notes.getUint32(at, true) === 4 && textAt(notes, at + NOTE_HEADER_BYTES, NAME_MAX_BYTES) === 'Go';
          if (isNamedGo && notes.getUint32(at + 8, true) === NT_GO_BUILD_ID) return true;
          at += NOTE_HEADER_BYTES + aligned(notes.getUint32(at, true)) + aligned(notes.getUint32(at + 4, true));
        }
        return false;
      }, false),
    );
}

function hasGoSection(readAt: ReadAt, header: DataView, sections: readonly Section[]): boolean {
  const names = sections[header.getUint16(62, true)];
  if (names === undefined) return false;
  return leniently(() => {
    const text = piece(readAt, names, 'the table of section names');
    return sections.some(({ name }) => textAt(text, name, NAME_MAX_BYTES) === '.go.buildinfo');
  }, false);
}

function readIoUringCalls(readAt: ReadAt, sections: readonly Section[]): string[] {
  const symbols = sections.find(({ type }) => type === SHT_DYNSYM);
  const names = symbols === undefined ? undefined : sections[symbols.link];
  if (symbols === undefined || names === undefined) return [];
  return leniently(() => {
    const table = piece(readAt, symbols, 'the table of symbols');
    const text = piece(readAt, names, 'the names of symbols');
    const found = new Set<string>();
    for (let at = 0; at + SYMBOL_BYTES <= table.byteLength; at += SYMBOL_BYTES) {
      const isImport = table.getUint16(at + 6, true) === 0;
      const name = isImport ? textAt(text, table.getUint32(at, true), NAME_MAX_BYTES) : undefined;
      if (name?.startsWith('io_uring_')) found.add(name);
    }
    return [...found].sort();
  }, []);
}

export function isElf(start: Uint8Array): boolean {
  return Buffer.from(start.subarray(0, 4)).equals(Buffer.from('\x7fELF', 'latin1'));
}

/** @throws ElfError if the file is not an ELF file, ends early or contradicts itself */
export function readElf(readAt: ReadAt): Elf {
  const start = piece(readAt, { offset: 0, size: 20 }, 'the ELF header');
  if (!isElf(new Uint8Array(start.buffer, start.byteOffset, 4))) throw new ElfError('it is not an ELF file');
  const isLittle = start.getUint8(5) === 1;
  const type = TYPES[start.getUint16(16, isLittle)] ?? 'other';
  const code = start.getUint16(18, isLittle);
  const machine = MACHINES[code] ?? `machine ${code}`;
  const form = `${start.getUint8(4) === 1 ? '32' : '64'}-bit ${isLittle ? 'little' : 'big'}-endian` as const;
  if (form !== '64-bit little-endian') {
    return { form, type, machine, needed: [], isPie: false, isGo: false, ioUringCalls: [] };
  }
  const header = piece(readAt, { offset: 0, size: HEADER_BYTES }, 'the ELF header');
  const segments = readSegments(readAt, header);
  const sections = readSections(readAt, header);
  const loader = segments.find((segment) => segment.type === PT_INTERP);
  return {
    form,
    type,
    machine,
    ...(loader === undefined ? {} : { interpreter: readInterpreter(readAt, loader) }),
    ...readDynamic(readAt, segments),
    isGo: hasGoSection(readAt, header, sections) || hasGoNote(readAt, segments),
    ioUringCalls: readIoUringCalls(readAt, sections),
  };
}
