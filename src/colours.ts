/** Colours of a terminal, or none. */

/** As of a flag `--color`. */
export type ColorChoice = 'auto' | 'always' | 'never';

export const isColorChoice = (text: string): text is ColorChoice => ['auto', 'always', 'never'].includes(text);

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

export type Colours = Readonly<Record<keyof typeof CODES, (text: string) => string>>;

/**
 * Whether to colour. The flag comes first, then NO_COLOR (https://no-color.org), then FORCE_COLOR, then what the terminal is.
 *
 * @param isTerminal whether the output is one
 */
export function wantsColour(
  choice: ColorChoice,
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  if (choice !== 'auto') return choice === 'always';
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '') return env.FORCE_COLOR !== '0';
  return isTerminal && env.TERM !== 'dumb';
}

export function coloursFor(isColoured: boolean): Colours {
  const paint = (code: number) => (text: string) =>
    isColoured && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text;
  return Object.fromEntries(Object.entries(CODES).map(([name, code]) => [name, paint(code)])) as Colours;
}
