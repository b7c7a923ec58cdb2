/**
 * Patterns of paths and names, in the language of `LLT_TAP_FILE`, whose patterns the library matches in the same way.
 *
 *     ?          one character, but no "/"
 *     [a-z]      one of these characters, [!a-z] or [^a-z] one of the others, never "/"; a "[" without its "]" is itself
 *     *          any characters, but no "/"
 *     **         at the end: anything; together with a "/" behind it: any directories, or none; elsewhere the same as *
 */
const TOKEN = /(\*\*+\/)|(\*\*+$)|(\*+)|(\?)|\[([!^]?)(\]?[^/\]]*)\]|([\s\S])/gu;

/** Whether a character fits. */
type OfCharacter = (character: string) => boolean;
export type GlobPart = 'directories' | 'anything' | 'characters' | OfCharacter;

export const isNoSlash: OfCharacter = (character) => character !== '/';

export function globParts(glob: string): GlobPart[] {
  return [...glob.matchAll(TOKEN)].flatMap((token): GlobPart[] => {
    const [whole, directories, anything, characters, one, negation, members] = token;
    if (directories !== undefined) return ['directories'];
    if (anything !== undefined) return ['anything'];
    if (characters !== undefined) return ['characters'];
    if (one !== undefined) return [isNoSlash];
    if (members) return [memberOf(members, negation !== '')];
    // `[]` is no set, and two characters.
    return [...whole].map((text) => (character) => character === text);
  });
}

function memberOf(members: string, isNegated: boolean): OfCharacter {
  const ranges = [...members.matchAll(/([\s\S])-([\s\S])|([\s\S])/gu)].map(([, first, last, one]) => [
    first ?? one!,
    last ?? one!,
  ]);
  return (character) =>
    character !== '/' && ranges.some(([first, last]) => character >= first! && character <= last!) !== isNegated;
}

/** In time at most linear in the product of both lengths, as applications choose the names of their files. */
export class Glob {
  readonly text: string;
  readonly #parts: readonly GlobPart[];

  constructor(text: string) {
    this.text = text;
    this.#parts = globParts(text);
  }

  /** Whether the whole path or name fits. */
  matches(name: string): boolean {
    const characters = [...name];
    // Where to go on after a part that did not fit: one character later for the last `*`, one directory for the last `**`.
    let star: Retry | undefined;
    let stars: Retry | undefined;
    let part = 0;
    let at = 0;
    for (;;) {
      const is = this.#parts[part];
      if (is === 'anything' || (is === undefined && at === characters.length)) return true;
      if (is === 'characters') {
        star = { part: ++part, at };
      } else if (is === 'directories') {
        stars = { part: ++part, at };
        star = undefined;
      } else if (is !== undefined && at < characters.length && is(characters[at]!)) {
        part++;
        at++;
      } else if (star !== undefined && star.at < characters.length && characters[star.at] !== '/') {
        part = star.part;
        at = ++star.at;
      } else {
        const slash = stars === undefined ? -1 : characters.indexOf('/', stars.at);
        if (stars === undefined || slash < 0) return false;
        star = undefined;
        part = stars.part;
        at = stars.at = slash + 1;
      }
    }
  }
}

interface Retry {
  readonly part: number;
  at: number;
}
