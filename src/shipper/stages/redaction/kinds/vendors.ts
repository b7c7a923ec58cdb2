/** Tokens of vendors, which begin with a text of their own: of GitHub, GitLab, Slack, Stripe, npm, PyPI, Google and others. */
import { code, isAlphanumeric, isDigit, isUpper, type Text } from '../bytes.js';
import type { Credential } from './tokens.js';

const [UNDERSCORE, DASH, DOT, SLASH, COLON] = ['_', '-', '.', '/', ':'].map(code);

interface Vendor {
  /** In front of the first sign, and from it on. */
  readonly head: string;
  readonly rest: string;
  /** Bytes behind, at least. */
  readonly min: number;
  /** What a token has beside letters and digits. */
  readonly signs: ReadonlySet<number>;
  /** Other things begin so, too: the rest has to look random. */
  readonly isCommon: boolean;
  /** The text that a token begins with stays: of the address of a webhook. */
  readonly isAddress: boolean;
}

const TOKENS: readonly (readonly [prefixes: string, min: number, signs: string])[] = [
  ['ghp_ gho_ ghu_ ghs_ ghr_', 36, ''],
  ['github_pat_', 40, '_'],
  ['glpat- gldt- glrt- glcbt- glptt- glft- glimt- glsoat- glagent-', 20, '-_'],
  ['xoxb- xoxp- xoxa- xoxr- xoxs- xoxe- xoxc- xoxd- xapp-', 20, '-%'],
  ['sk_live_ sk_test_ rk_live_ rk_test_ whsec_', 16, ''],
  ['npm_', 36, ''],
  ['pypi-', 50, '-_'],
  ['sk-', 32, '-_'],
  ['hf_', 30, ''],
  ['dop_v1_ doo_v1_ dor_v1_', 60, ''],
  ['shpat_ shpss_ shpca_ shppa_', 32, ''],
  ['SG.', 40, '-_.'],
  ['hvs. hvb. hvr.', 24, '-_'],
  ['ya29.', 20, '-_'],
  ['GOCSPX-', 24, '-_'],
  ['dckr_pat_ dckr_oat_', 20, '-_'],
  ['dp.st. dp.pt. dp.ct.', 40, '._-'],
  ['AGE-SECRET-KEY-1', 50, ''],
  ['lin_api_ figd_ glsa_ glc_', 32, '-_'],
  ['NRAK-', 20, ''],
  ['rubygems_', 48, ''],
  ['pul-', 40, ''],
  ['key-', 32, ''],
  ['tskey-', 20, '-'],
  ['sbp_ sqp_ sqa_ squ_', 40, ''],
  ['pscale_tkn_ pscale_pw_ pscale_oauth_', 32, '_-.'],
  ['nvapi- gsk_', 40, '-_'],
  ['sntrys_eyJ sntryu_', 32, '_-=+/'],
  ['PMAK-', 50, '-'],
  ['ops_eyJ', 40, '-_'],
];
const ADDRESSES: typeof TOKENS = [
  ['hooks.slack.com/services/', 20, '/'],
  ['discord.com/api/webhooks/ discordapp.com/api/webhooks/', 40, '/-_'],
  ['api.telegram.org/bot', 30, ':-_'],
];

const COMMON = new Set(['sk-', 'key-', 'pul-', 'glc_', 'hf_', 'gsk_', 'nvapi-']);

const signOf = (prefix: string): number => prefix.search(/[_.-]/);
const vendorsOf = (table: typeof TOKENS, isAddress: boolean): readonly Vendor[] =>
  table.flatMap(([prefixes, min, signs]) =>
    prefixes.split(' ').map((prefix) => ({
      head: prefix.slice(0, signOf(prefix)),
      rest: prefix.slice(signOf(prefix)),
      min,
      signs: new Set([...signs].map(code)),
      isCommon: COMMON.has(prefix),
      isAddress,
    })),
  );
const VENDORS = [...vendorsOf(TOKENS, false), ...vendorsOf(ADDRESSES, true)];
/** By the byte in front of the first sign. */
const BY_LAST: readonly Vendor[][] = Array.from({ length: 256 }, () => []);
for (const vendor of VENDORS) BY_LAST[code(vendor.head.at(-1)!)]!.push(vendor);

const PAIR_BITS = 6;
const PAIR_MASK = (1 << PAIR_BITS) - 1;
const pairOf = (one: number, two: number): number => ((one & PAIR_MASK) << PAIR_BITS) | (two & PAIR_MASK);
/** The signs behind each pair of bytes that a head may end with. */
const SIGNS = new Uint8Array(1 << (2 * PAIR_BITS));
const bitOf = (sign: number): number => (sign === UNDERSCORE ? 1 : sign === DOT ? 2 : 4);
for (const { head, rest } of VENDORS) SIGNS[pairOf(code(head.at(-2)!), code(head.at(-1)!))]! |= bitOf(code(rest[0]!));

/** Whether a token may have its first sign here: most signs are told by the two bytes in front. */
export const mayBeVendor = (bytes: Uint8Array, sign: number): boolean =>
  (SIGNS[pairOf(bytes[sign - 2]!, bytes[sign - 1]!)]! & bitOf(bytes[sign]!)) !== 0;

/** The token whose text to begin with has its first sign here: `_`, `-` or `.`. */
export function vendorTokenAt(text: Text, sign: number): Credential | undefined {
  for (const { head, rest, min, signs, isCommon, isAddress } of BY_LAST[text.at(sign - 1) ?? 0]!) {
    const begin = sign - head.length;
    if (!text.has(begin, head) || !text.has(sign, rest)) continue;
    if (text.isWithinWord(begin) || text.at(begin - 1) === DASH || text.at(begin - 1) === DOT) continue;
    const from = sign + rest.length;
    const to = bodyEnd(text, from, signs);
    if (to - from < min || (isCommon && !isRandom(text, from, to))) return undefined;
    return { from: isAddress ? from : begin, to };
  }
  return undefined;
}

function bodyEnd(text: Text, from: number, signs: ReadonlySet<number>): number {
  let to = from;
  while (isAlphanumeric(text.at(to)) || signs.has(text.at(to) ?? -1)) to++;
  // A sentence ends, or a path.
  while (to > from && isSign(text.at(to - 1))) to--;
  return to;
}

const isSign = (byte: number | undefined): boolean =>
  byte === DOT || byte === DASH || byte === UNDERSCORE || byte === SLASH || byte === COLON;

/** Names of classes and of packages have no digits between their letters, or no capitals and hardly any. */
function isRandom(text: Text, from: number, to: number): boolean {
  let [digits, capitals] = [0, 0];
  for (let i = from; i < to; i++) {
    if (isDigit(text.at(i))) digits++;
    else if (isUpper(text.at(i))) capitals++;
  }
  return digits > 2 || (digits > 0 && capitals > 0) || capitals * 5 > to - from;
}

/** Of Google's APIs, of Atlassian and of Artifactory, with the length of a token at least. */
const SIGNLESS: readonly (readonly [prefix: string, min: number])[] = [
  ['AIza', 39],
  ['ATATT3xFfGF0', 60],
  ['AKCp', 73],
];
const PADDING = code('=');

/** The end of a token that has no sign in front of its random part, and begins with this `A`; 0 without one. */
export function signlessTokenAt(text: Text, i: number): number {
  const [prefix, min] = SIGNLESS.find(([each]) => text.has(i, each)) ?? ['', 0];
  if (min === 0 || text.isWithinWord(i)) return 0;
  let to = i + prefix.length;
  while (isAlphanumeric(text.at(to)) || text.at(to) === DASH || text.at(to) === UNDERSCORE || text.at(to) === PADDING)
    to++;
  return to - i >= min ? to : 0;
}
