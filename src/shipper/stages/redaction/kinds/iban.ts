/** International bank account numbers: a country's length and the check by 97 of ISO 13616. */
import { code, isAlphanumeric, isDigit, isLetter, type Text } from '../bytes.js';

/** Length by country: SWIFT's registry, and countries that use such numbers without being in it. */
const LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 ' +
    'FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 ' +
    'LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 ' +
    'RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30 ' +
    'AO25 BF28 BJ28 CF27 CG27 CI28 CM27 CV25 DZ26 GA27 GQ27 GW25 IR26 KM27 MA28 MG27 ML28 MZ25 NE28 SN28 TD27 TG28'
  )
    .split(' ')
    .map((each) => [each.slice(0, 2), Number(each.slice(2))]),
);
const [BLANK, DASH, UNDERSCORE] = [' ', '-', '_'].map(code);
const GROUP = 4;
/** Others give the same remainder, and are never issued. */
const [CHECK_MIN, CHECK_MAX] = [2, 98];

/** The end of a number that begins here, at its country; 0 without one. */
export function ibanAt(text: Text, i: number): number {
  if (!isLetter(text.at(i)) || !isLetter(text.at(i + 1)) || !isDigit(text.at(i + 2)) || !isDigit(text.at(i + 3)))
    return 0;
  const length = LENGTHS[text.latin1(i, i + 2).toUpperCase()];
  if (length === undefined || (text.isWithinWord(i) && !isBehindName(text, i))) return 0;
  const separator = text.at(i + GROUP);
  const isGrouped = separator === BLANK || separator === DASH;
  let characters = '';
  let at = i;
  while (characters.length < length) {
    if (isGrouped && characters.length > 0 && characters.length % GROUP === 0 && text.at(at++) !== separator) return 0;
    const byte = text.at(at++);
    if (!isAlphanumeric(byte)) return 0;
    characters += String.fromCharCode(byte!);
  }
  const after = text.at(at);
  if (isAlphanumeric(after) || after === UNDERSCORE) return 0;
  const check = Number(characters.slice(2, 4));
  return check >= CHECK_MIN && check <= CHECK_MAX && remainder(characters.toUpperCase()) === 1 ? at : 0;
}

/** `IBANNL91...`. */
const isBehindName = (text: Text, i: number) => text.hasWord(i - 4, 'iban') && !text.isWithinWord(i - 4);

function remainder(characters: string): number {
  let rest = 0;
  for (const character of characters.slice(4) + characters.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}
