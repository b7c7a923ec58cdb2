/** A fault of the matrix: how it happens, and what may become of lines. */
import type { Holding, Scene, SceneOptions, Sum, Transport } from '../../support/fault-scene.js';
import type { Service, SinkName } from '../../support/fault-service.js';

export interface Cell {
  readonly sink: SinkName;
  readonly transport: Transport;
  readonly holding: Holding;
}

export interface Prepared extends Omit<SceneOptions, 'transport' | 'holding'> {
  /** Takes back changes of the machine, when all processes have ended. */
  readonly undo?: () => void | Promise<void>;
}

export interface Fault {
  readonly name: string;
  /** Cells in which it can happen. @default all */
  appliesTo?(cell: Cell): boolean;
  /** Before the shipper starts. `directory` is new, and that of the scene. */
  prepare?(directory: string, service: Service): Promise<Prepared> | Prepared;
  /** Lines are being written and stored when it begins. When it resolves, the fault is over. */
  happen(scene: Scene, service: Service, cell: Cell): Promise<void>;
  /**
   * Fates that lines may have in addition to being stored, by reason. Lines in the original
   * output are `not_handed_over`.
   * @default none: every line is stored
   */
  readonly fates?: readonly string[];
  /** What must be true of the sum: that the fault has happened. */
  expect?(sum: Sum, cell: Cell): void;
  /** Lines remain when the shipper ends, and its last line has their number. */
  readonly remains?: true;
  /** A documented limit, in bytes, on lines that are in no count. */
  gapBytes?(cell: Cell): number;
}

/** Of writers that wait: then a fault that ends loses no line. */
export const PATIENT = { onFull: 'block:120000' } as const;

/** Lines are also written while it happens, and after it. */
export async function during(scene: Scene, happen: () => Promise<void>): Promise<void> {
  scene.write({ ...PATIENT, lines: 1000 });
  await happen();
  scene.write({ ...PATIENT, lines: 500 });
}
