/** Secrets of each kind, made by rules written down here once more, not by those of the stage. */
import type { Chance } from './random.js';

export const LOWER = 'abcdefghijklmnopqrstuvwxyz';
export const UPPER = LOWER.toUpperCase();
export const WORD = `${LOWER}${UPPER}0123456789`;
export const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
export function luhnDigit(digits: string): string {
  const sum = [...digits].reverse().reduce((all, digit, i) => {
    const value = Number(digit) * (i % 2 === 0 ? 2 : 1);
    return all + (value > 9 ? value - 9 : value);
  }, 0);
  return String((10 - (sum % 10)) % 10);
}

const ISSUERS: readonly (readonly [prefix: string, length: number])[] = [
  ['4', 16],
  ['4', 13],
  ['4', 19],
  ['51', 16],
  ['55', 16],
  ['2221', 16],
  ['2720', 16],
  ['34', 15],
  ['37', 15],
  ['6011', 16],
  ['65', 16],
  ['3528', 16],
  ['3000', 14],
  ['36', 14],
  ['62', 16],
  ['62', 19],
  ['5018', 16],
  ['6304', 18],
  ['2202', 16],
];

export function card(chance: Chance): string {
  const [prefix, length] = chance.from(ISSUERS);
  const digits = prefix + chance.digits(length - prefix.length - 1);
  return digits + luhnDigit(digits);
}

export function cardAsWritten(chance: Chance): string {
  const number = card(chance);
  const separator = chance.from(['', '', ' ', '-']);
  if (separator === '' || ![15, 16, 19].includes(number.length)) return number;
  const groups =
    number.length === 15 ? [number.slice(0, 4), number.slice(4, 10), number.slice(10)] : number.match(/.{1,4}/g)!;
  return groups.join(separator);
}

export const broken = (number: string) => number.slice(0, -1) + ((Number(number.at(-1)) + 1) % 10);

const numberOf = (characters: string) => [...characters].map((each) => Number.parseInt(each, 36)).join('');

/** Shapes of account numbers: `9` a digit, `A` a capital, `X` either. */
const ACCOUNTS: readonly (readonly [country: string, shape: string])[] = [
  ['DE', '999999999999999999'],
  ['FR', '9999999999XXXXXXXXXXX99'],
  ['GB', 'AAAA99999999999999'],
  ['NL', 'AAAA9999999999'],
  ['CH', '99999XXXXXXXXXXXX'],
  ['NO', '99999999999'],
  ['MT', 'AAAA99999XXXXXXXXXXXXXXXXXX'],
  ['PL', '999999999999999999999999'],
  ['ES', '99999999999999999999'],
  ['SE', '99999999999999999999'],
  ['BE', '999999999999'],
  ['IT', 'A9999999999XXXXXXXXXXXX'],
];

export function iban(chance: Chance): string {
  const [country, shape] = chance.from(ACCOUNTS);
  const account = shape
    .replace(/9/g, () => chance.digits(1))
    .replace(/X/g, () => chance.text('0123456789ABCDEFGH', 1))
    .replace(/A/g, () => chance.text(UPPER, 1));
  const check = 98n - (BigInt(numberOf(`${account}${country}00`)) % 97n);
  const whole = `${country}${String(check).padStart(2, '0')}${account}`;
  const written = chance.from([whole, whole, whole.match(/.{1,4}/g)!.join(' '), whole.toLowerCase()]);
  return written;
}
const NAMES = [
  'bob',
  'anna.k',
  'j.doe+news',
  'first_last',
  "o'brien",
  'jürgen',
  'x',
  'sales-eu',
  '4711',
  'Иван',
  'a1b2',
];
const HOSTS = [
  'example.com',
  'mail.example.co.uk',
  'a-b.io',
  'müller.de',
  'x.museum',
  'corp.internal',
  'xn--mller-kva.de',
  '163.com',
  'EXAMPLE.ORG',
];
export const email = (chance: Chance) =>
  `${chance.from(NAMES)}${chance.from(['', '', chance.digits(2)])}@${chance.from(HOSTS)}`;
export const NO_EMAILS = [
  (c: Chance) => `root@${c.from(['localhost', 'db01', 'host-7'])}`,
  (c: Chance) => `logo-${c.digits(2)}@${c.from(['2x', '3x'])}.${c.from(['png', 'jpg', 'webp'])}`,
  (c: Chance) => `${c.from(['lodash', '@babel/core', 'react-dom'])}@${c.digits(1)}.${c.digits(2)}.${c.digits(1)}`,
  (c: Chance) => `com.example.Order@${c.text('0123456789abcdef', 7)}`,
  (c: Chance) => `user@${c.digits(4)}.${c.from(['service', 'slice', 'socket'])}`,
  (c: Chance) => `git@github.com:team${c.digits(2)}/repo.git`,
  (c: Chance) => `image@sha256:${c.text('0123456789abcdef', 64)}`,
  (c: Chance) => `@Override void m${c.digits(2)}()`,
  (c: Chance) => `${c.digits(2)} @ 5.00 EUR each`,
  (c: Chance) => `at ${c.digits(1)}@.example.com and bob@ example.com`,
  (c: Chance) => `follow @user${c.digits(2)} or a@b`,
  (c: Chance) => `pkg:npm/left-pad@1.3.${c.digits(2)}`,
];

export const jwt = (c: Chance) => {
  const header = base64url({ alg: c.from(['HS256', 'RS256', 'none', 'ES384']), typ: 'JWT' });
  const payload = base64url({ sub: c.text(WORD, 8), exp: 1700000000 + c.below(100000) });
  const signature = c.text(`${WORD}-_`, c.from([43, 86, 342]));
  if (c.below(8) === 0) {
    return [base64url({ alg: 'RSA-OAEP', enc: 'A256GCM' }), ...[342, 16, 60, 22].map((n) => c.text(WORD, n))].join('.');
  }
  return `${header}.${payload}.${signature}`;
};

export const secretWord = (c: Chance) => c.text(WORD, 20 + c.below(60)) + c.digits(2);
const PASSWORDS = [
  'hunter2',
  'p4ss!word',
  'correct-horse',
  'a',
  'Tr0ub4dor&3',
  'pässwörd',
  'x/y/z',
  '1234',
  'p@ss',
  'abc#def',
  '=a=b=',
  'S3cr3t:with:colons',
  'a{b}c',
  '(x)y',
];
export const password = (c: Chance) => `${c.from(PASSWORDS)}${c.from(['', c.digits(3)])}`;
export const accessKey = (c: Chance) => c.from(['AKIA', 'ASIA']) + c.text('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16);

export const pem = (c: Chance) => {
  const label = c.from([
    'PRIVATE KEY',
    'RSA PRIVATE KEY',
    'EC PRIVATE KEY',
    'ENCRYPTED PRIVATE KEY',
    'OPENSSH PRIVATE KEY',
    'CERTIFICATE',
  ]);
  const lines = Array.from({ length: 2 + c.below(20) }, () => c.text(`${WORD}+/`, 64));
  const header =
    c.below(4) === 0 ? ['Proc-Type: 4,ENCRYPTED', `DEK-Info: AES-256-CBC,${c.text('0123456789ABCDEF', 32)}`, ''] : [];
  const all = [`-----BEGIN ${label}-----`, ...header, ...lines, `${c.text(WORD, 22)}==`, `-----END ${label}-----`];
  return all.join(c.from(['\n', '\r\n', '\\n', '\\r\\n', ' ']));
};

export function cpf(c: Chance): string {
  const digits = c.from(['1', '2', '7']) + c.digits(7) + c.from(['0', '5', '9']);
  const check = (all: string) => {
    const sum = [...all].reduce((rest, digit, i) => rest + Number(digit) * (all.length + 1 - i), 0);
    return String(((sum * 10) % 11) % 10);
  };
  const first = check(digits);
  const whole = digits + first + check(digits + first);
  return c.from([whole, `${whole.slice(0, 3)}.${whole.slice(3, 6)}.${whole.slice(6, 9)}-${whole.slice(9)}`]);
}

export function nir(c: Chance): string {
  const number = `${c.from(['1', '2'])}${c.digits(2)}${String(1 + c.below(12)).padStart(2, '0')}${c.digits(8)}`;
  const key = String(97n - (BigInt(number) % 97n)).padStart(2, '0');
  const grouped = number.replace(/^(.)(..)(..)(..)(...)(...)$/, '$1 $2 $3 $4 $5 $6');
  return c.from([number + key, `${grouped} ${key}`]);
}

export function dni(c: Chance): string {
  const resident = c.from(['', '', 'X', 'Y', 'Z']);
  const digits = c.digits(resident === '' ? 8 : 7);
  const number =
    Number(({ X: '0', Y: '1', Z: '2' } as Record<string, string>)[resident] ?? '') * 10_000_000 + Number(digits);
  return `${resident}${digits}${c.from(['', '-'])}${'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}`;
}

export const ssn = (c: Chance) => {
  const [a, b, d] = [
    String(1 + c.below(665)).padStart(3, '0'),
    String(1 + c.below(99)).padStart(2, '0'),
    String(1 + c.below(9999)).padStart(4, '0'),
  ];
  return [a, b, d].join(c.from(['-', '-', ' ']));
};

export const nino = (c: Chance) => {
  const whole = `${c.from(['AB', 'CE', 'JW', 'SX', 'YP'])}${c.digits(6)}${c.from(['A', 'B', 'C', 'D'])}`;
  return c.from([whole, whole.replace(/^(..)(..)(..)(..)(.)$/, '$1 $2 $3 $4 $5')]);
};
