/** The cells of a row: what the target does while the program runs, and whether the originals are kept. */
import { STDIO_PLACEHOLDER } from '../../../src/contract.js';
import { type TapSettings, toSocket } from '../../../test/support/native-tap.js';
import type { Platform } from './case.js';

export const MODES = ['tee', 'suppress'] as const;
export type Mode = (typeof MODES)[number];

/**
 * What the other end does. 'late': listens after the first bytes of the original or 20 ms. 'full': accepts, reads only
 * when the program has ended. 'closed': goes away in the middle and stays away. 'restarted': goes away and listens again.
 * 'ring': shared memory, read all the time. 'raw file': no socket, a file of bytes as they were written.
 */
export const TARGETS = ['present', 'absent', 'late', 'full', 'closed', 'restarted', 'ring', 'raw file'] as const;
export type Target = (typeof TARGETS)[number];

export interface Cell {
  readonly mode: Mode;
  readonly target: Target;
}

export const title = ({ mode, target }: Cell): string => `${mode}, target ${target}`;

/** An emulated processor runs the same code over the same kernel: the states of the target are shown beside it. */
export function targetsOf(platform: Platform): readonly Target[] {
  return platform === 'aarch64' ? ['present', 'ring'] : TARGETS;
}

/** Whether everything has to be captured. */
export const isReliable = ({ target }: Cell): boolean => target === 'present' || target === 'ring';

/** The library's variables. @param place the socket, the directory of rings, the raw file and the tapped files, all absolute */
export function settingsOf(
  cell: Cell,
  place: { readonly socket: string; readonly rings: string; readonly rawFile: string; readonly tapFile: string },
): TapSettings {
  const { mode, target } = cell;
  const suppress = String(mode === 'suppress');
  const common: TapSettings = {
    TAP_INTO: '3',
    TAP_FILE: place.tapFile,
    SUPPRESS_STDOUT: suppress,
    SUPPRESS_TAP_FILE: suppress,
    STDIO: STDIO_PLACEHOLDER,
  };
  if (target === 'raw file') return { ...common, TARGET: `file:${place.rawFile}` };
  // A reader that is there is waited for, so that nothing may be missing; one that goes away must cost nothing.
  const framed = toSocket(place.socket, { ...common, ON_FULL: isReliable(cell) ? 'block:30000' : 'pass' });
  return target === 'ring' ? { ...framed, TARGET: `ring:${place.rings}` } : framed;
}
