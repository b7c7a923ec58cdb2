/** Names of keys whose values are secrets, matched backwards from the sign between key and value. */
import { code, isAlphanumeric, isDigit, isLetter, isUpper, type Text } from '../bytes.js';

export enum Name {
  /** Every value is a secret. */
  PASSWORD = 1,
  /** `pass=3 fail=0` is a result. */
  PASS,
  /** `PWD=/home` is a directory. */
  PWD,
  /** Secret when it is long enough for one. */
  SECRET,
  /** A secret key or session token of AWS. */
  AWS,
  AUTHORIZATION,
  COOKIE,
  /** Secret when it is as long as a signature. */
  SIGNATURE,
  /** Secret in the query of a URL: `?code=x`. */
  QUERY,
  /** Secret when it is a user and a password in Base64. */
  PAIR,
  /** No secret, though it ends like one. */
  HARMLESS,
}

/** In small letters, without the separators `_`, `-`, `.` and blank. A name may begin with anything else. */
const NAMES: readonly (readonly [name: Name, words: string])[] = [
  [
    Name.PASSWORD,
    'password passwd passphrase passcode passwordconfirmation passwordconfirm passwordrepeat passwordagain clientsecret storepass keypass passwort kennwort motdepasse contrasena senha parola wachtwoord heslo haslo sifre',
  ],
  [Name.PASS, 'pass passwords'],
  [Name.PWD, 'pwd'],
  [
    Name.SECRET,
    'secret secretkey token apikey privatekey authkey accountkey sharedaccesskey encryptionkey signingkey masterkey subscriptionkey ' +
      'credential credentials amzsignature sharedaccesssignature accesskey instrumentationkey googsignature clientkeydata dockerconfigjson secretkeybase erlangcookie phpsessid jsessionid connectsid',
  ],
  [Name.AWS, 'secretaccesskey awssecretkey awssecret sessiontoken amzsecuritytoken'],
  [Name.AUTHORIZATION, 'authorization'],
  [Name.COOKIE, 'setcookie cookie'],
  [Name.SIGNATURE, 'sig'],
  [Name.QUERY, 'code signature'],
  [Name.PAIR, 'auth'],
  [
    Name.HARMLESS,
    'nexttoken pagetoken continuationtoken unexpectedtoken cancellationtoken synctoken maxtoken canceltoken',
  ],
];

const LETTERS = 26;
/** Nodes of a trie of the reversed words: 26 links and the name. */
const trie: Int16Array[] = [new Int16Array(LETTERS + 1)];
for (const [name, words] of NAMES) {
  for (const word of words.split(' ')) {
    let node = 0;
    for (let i = word.length - 1; i >= 0; i--) {
      const letter = word.charCodeAt(i) - 0x61;
      const next = trie[node]![letter]! || trie.push(new Int16Array(LETTERS + 1)) - 1;
      trie[node]![letter] = next;
      node = next;
    }
    trie[node]![LETTERS] = name;
  }
}

const [UNDERSCORE, DASH, DOT, BLANK] = ['_', '-', '.', ' '].map(code);
const isSeparator = (byte: number | undefined) =>
  byte === UNDERSCORE || byte === DASH || byte === DOT || byte === BLANK;
/** Short words are part of many others: they need a beginning. */
/** Beyond the letters of English. */
const OTHER_NAMES = ['contraseña', 'пароль', '密码', '密碼', 'パスワード', '비밀번호', 'hasło', 'şifre', 'лозинка'].map(
  (name) => Buffer.from(name).toString('latin1'),
);
const needsBegin = (name: number) =>
  name === Name.PASS || name === Name.PWD || name === Name.SIGNATURE || name === Name.QUERY || name === Name.PAIR;

/** Digits behind a name: `password2`, `TOKEN_10`. */
const NUMBER_MAX = 2;

/** The longest name that ends before `end`; 0 without one. The work is bounded by the longest word. */
export function nameBefore(text: Text, end: number): Name | 0 {
  return isDigit(text.at(end - 1)) ? numbered(text, end) : unnumbered(text, end);
}

function numbered(text: Text, end: number): Name | 0 {
  let i = end - 1;
  while (i > end - NUMBER_MAX && isDigit(text.at(i - 1))) i--;
  if (text.at(i - 1) === UNDERSCORE || text.at(i - 1) === DASH) i--;
  if (!isLetter(text.at(i - 1))) return 0;
  const name = unnumbered(text, i);
  return name === Name.PASSWORD || name === Name.SECRET ? name : 0;
}

function unnumbered(text: Text, end: number): Name | 0 {
  let node = 0;
  let found: Name | 0 = 0;
  let i = end - 1;
  for (;;) {
    const byte = text.at(i);
    if (!isLetter(byte)) break;
    node = trie[node]![(byte! | 0x20) - 0x61]!;
    if (node === 0) break;
    const name = trie[node]![LETTERS]!;
    if (name !== 0 && (!needsBegin(name) || isBegin(text, i))) found = name;
    i--;
    // One separator between the parts of a name.
    if (isSeparator(text.at(i)) && isLetter(text.at(i - 1)) && i < end - 2) i--;
  }
  if (found === 0 && OTHER_NAMES.some((name) => text.has(end - name.length, name))) return Name.PASSWORD;
  return found;
}

/** Whether a part of a name begins here: `db_pass`, `dbPass`, `\npass` in JSON; not `bypass`. */
function isBegin(text: Text, i: number): boolean {
  const before = text.at(i - 1);
  if (!isAlphanumeric(before) || text.escapeBefore(i) > 0) return true;
  return isUpper(text.at(i)) && !isUpper(before);
}
