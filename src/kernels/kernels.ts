/**
 * The hottest loops, in WebAssembly with SIMD. Their source is AssemblyScript, in assembly/; the build embeds what it compiles to. Each
 * has a twin in TypeScript that writes the same bytes: the reference in tests, and the fallback where there are no kernels.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Set by the bundler: the module in base64. */
declare const LOGTAP_KERNELS_MODULE: string | undefined;

/** Pointers are places in `memory`. A loop may read 15 bytes behind a source, and overwrite as many behind a destination. */
export interface Loops {
  /** Message bytes as the inside of a JSON string; the result is its end. */
  jsonText(to: number, from: number, end: number): number;
  /** Bytes that replacements added to the text, in UTF-8. */
  readonly grown: { readonly value: number };
  /** See assembly/bulk.ts. */
  documents(
    columns: number,
    capacity: number,
    count: number,
    bytes: number,
    slots: number,
    texts: number,
    withIds: boolean,
    body: number,
    to: number,
    end: number,
    bodyMaxBytes: number,
  ): number;
  /** See assembly/access.ts. */
  accessSeverities(columns: number, capacity: number, count: number, bytes: number, to: number): void;
  /** See assembly/objects.ts. */
  objectFields(
    columns: number,
    capacity: number,
    count: number,
    bytes: number,
    tables: number,
    texts: number,
    withData: boolean,
    marks: number,
    to: number,
    end: number,
  ): number;
  /** See assembly/cards.ts. */
  markCards(starts: number, lengths: number, count: number, bytes: number, marks: number): void;
  /** See assembly/events.ts. */
  events(
    columns: number,
    capacity: number,
    count: number,
    bytes: number,
    texts: number,
    overheadBytes: number,
    billedMax: number,
    spanMs: number,
    body: number,
    to: number,
    end: number,
    bodyMaxBytes: number,
  ): number;
  readonly eventsWritten: { readonly value: number };
  readonly eventsBilled: { readonly value: number };
  readonly isOutOfRoom: { readonly value: number };
  readonly nextDocument: { readonly value: number };
  readonly isBodyFull: { readonly value: number };
}

export interface Kernels {
  readonly loops: Loops;
  /** Never grows, so that views of it stay valid. What is not touched takes no memory. */
  readonly memory: Buffer;
}

/** All of Loops: an export of WebAssembly is a function, or a global, which is an object. */
const EXPORTS: Readonly<Record<keyof Loops, 'function' | 'object'>> = {
  ...{ jsonText: 'function', documents: 'function', accessSeverities: 'function', events: 'function' },
  ...{ objectFields: 'function', markCards: 'function' },
  ...{ grown: 'object', eventsWritten: 'object', eventsBilled: 'object', isOutOfRoom: 'object' },
  ...{ nextDocument: 'object', isBodyFull: 'object' },
};

/** Of a page of WebAssembly. */
const PAGE_BYTES = 64 * 1024;
/** The module's own data is below. */
export const KERNEL_AREAS = PAGE_BYTES;

/** As far as it is used here: Node's types have no values of it, and a system that forbids it has none either. */
interface Platform {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (pages: {
    readonly initial: number;
    readonly maximum: number;
  }) => { readonly buffer: ArrayBuffer };
  readonly Instance: new (compiled: object, imports: object) => { readonly exports: unknown };
}

/** `undefined` before the first use, `null` where it is refused. */
let compiled: object | undefined | null;
let refusal: string | undefined;

/** Why there are no kernels although they are on. */
export const kernelRefusal = (): string | undefined => refusal;

/**
 * Kernels with memory of their own for areas of so many bytes, from KERNEL_AREAS on. `undefined` with LOGTAP_KERNELS=off, and where
 * this system runs no WebAssembly with SIMD.
 */
export function openKernels(areaBytes: number): Kernels | undefined {
  if (process.env.LOGTAP_KERNELS === 'off' || compiled === null) return undefined;
  let exports: unknown;
  let memory: { readonly buffer: ArrayBuffer };
  try {
    const { WebAssembly: platform } = globalThis as unknown as { readonly WebAssembly?: Platform };
    if (platform === undefined) throw new Error('WebAssembly is off');
    compiled ??= new platform.Module(moduleBytes());
    const pages = Math.ceil((KERNEL_AREAS + areaBytes) / PAGE_BYTES);
    memory = new platform.Memory({ initial: pages, maximum: pages });
    exports = new platform.Instance(compiled, { env: { memory } }).exports;
  } catch (error) {
    compiled = null;
    refusal = error instanceof Error ? error.message : String(error);
    return undefined;
  }
  return { loops: loopsIn(exports), memory: Buffer.from(memory.buffer) };
}

/** Throws for a module of another build than these sources: a loop without one of its results may never end. */
export function loopsIn(exports: unknown): Loops {
  const found = exports as Readonly<Record<string, unknown>>;
  const missing = Object.entries(EXPORTS).filter(([name, type]) => typeof found[name] !== type);
  if (missing.length === 0) return exports as Loops;
  const names = missing.map(([name]) => name).join(', ');
  throw new Error(`kernels.wasm is not of this build: it has no ${names}. Build it again: npm run build`);
}

function moduleBytes(): Buffer {
  if (typeof LOGTAP_KERNELS_MODULE === 'string') return Buffer.from(LOGTAP_KERNELS_MODULE, 'base64');
  // Sources that run without a bundler, in tests and benches.
  return readFileSync(join(__dirname, '../../dist/kernels/kernels.wasm'));
}
