/** Secrets and their look-alikes by kind, made by rules written down here once more, not by those of the stage. */
import type { RedactionKind } from '../../../src/catalog/redaction.js';
import { Chance } from './random.js';

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const WORD = `${LOWER}${UPPER}0123456789`;
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

export interface KindOfSecret {
  readonly kind: RedactionKind;
  readonly positive: (chance: Chance) => string;
  /** In these contexts; `%` is where the secret is. */
  readonly contexts: readonly string[];
  readonly lookAlike: (chance: Chance) => string;
}

function luhnDigit(digits: string): string {
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

function cardAsWritten(chance: Chance): string {
  const number = card(chance);
  const separator = chance.from(['', '', ' ', '-']);
  if (separator === '' || ![15, 16, 19].includes(number.length)) return number;
  const groups =
    number.length === 15 ? [number.slice(0, 4), number.slice(4, 10), number.slice(10)] : number.match(/.{1,4}/g)!;
  return groups.join(separator);
}

const broken = (number: string) => number.slice(0, -1) + ((Number(number.at(-1)) + 1) % 10);

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
const email = (chance: Chance) =>
  `${chance.from(NAMES)}${chance.from(['', '', chance.digits(2)])}@${chance.from(HOSTS)}`;
const NO_EMAILS = [
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

const jwt = (c: Chance) => {
  const header = base64url({ alg: c.from(['HS256', 'RS256', 'none', 'ES384']), typ: 'JWT' });
  const payload = base64url({ sub: c.text(WORD, 8), exp: 1700000000 + c.below(100000) });
  const signature = c.text(`${WORD}-_`, c.from([43, 86, 342]));
  if (c.below(8) === 0) {
    return [base64url({ alg: 'RSA-OAEP', enc: 'A256GCM' }), ...[342, 16, 60, 22].map((n) => c.text(WORD, n))].join('.');
  }
  return `${header}.${payload}.${signature}`;
};

const secretWord = (c: Chance) => c.text(WORD, 20 + c.below(60)) + c.digits(2);
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
const password = (c: Chance) => `${c.from(PASSWORDS)}${c.from(['', c.digits(3)])}`;
const accessKey = (c: Chance) => c.from(['AKIA', 'ASIA']) + c.text('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16);

const pem = (c: Chance) => {
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

function cpf(c: Chance): string {
  const digits = c.from(['1', '2', '7']) + c.digits(7) + c.from(['0', '5', '9']);
  const check = (all: string) => {
    const sum = [...all].reduce((rest, digit, i) => rest + Number(digit) * (all.length + 1 - i), 0);
    return String(((sum * 10) % 11) % 10);
  };
  const first = check(digits);
  const whole = digits + first + check(digits + first);
  return c.from([whole, `${whole.slice(0, 3)}.${whole.slice(3, 6)}.${whole.slice(6, 9)}-${whole.slice(9)}`]);
}

function nir(c: Chance): string {
  const number = `${c.from(['1', '2'])}${c.digits(2)}${String(1 + c.below(12)).padStart(2, '0')}${c.digits(8)}`;
  const key = String(97n - (BigInt(number) % 97n)).padStart(2, '0');
  const grouped = number.replace(/^(.)(..)(..)(..)(...)(...)$/, '$1 $2 $3 $4 $5 $6');
  return c.from([number + key, `${grouped} ${key}`]);
}

function dni(c: Chance): string {
  const resident = c.from(['', '', 'X', 'Y', 'Z']);
  const digits = c.digits(resident === '' ? 8 : 7);
  const number =
    Number(({ X: '0', Y: '1', Z: '2' } as Record<string, string>)[resident] ?? '') * 10_000_000 + Number(digits);
  return `${resident}${digits}${c.from(['', '-'])}${'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}`;
}

const ssn = (c: Chance) => {
  const [a, b, d] = [
    String(1 + c.below(665)).padStart(3, '0'),
    String(1 + c.below(99)).padStart(2, '0'),
    String(1 + c.below(9999)).padStart(4, '0'),
  ];
  return [a, b, d].join(c.from(['-', '-', ' ']));
};

const nino = (c: Chance) => {
  const whole = `${c.from(['AB', 'CE', 'JW', 'SX', 'YP'])}${c.digits(6)}${c.from(['A', 'B', 'C', 'D'])}`;
  return c.from([whole, whole.replace(/^(..)(..)(..)(..)(.)$/, '$1 $2 $3 $4 $5')]);
};

/** Around any secret. */
const PLAIN = [
  '%',
  'user % logged in',
  '2026-11-28 10:00:00,123 INFO  [main] c.e.Shop - customer=%',
  'level=info msg="customer paid" id=% took=5ms',
  'id: %',
  '"%"',
  "'%'",
  '(%)',
  '[id %]',
  '<%>',
  'a,%,b',
  'a;%;b',
  'a|%|b',
  '{"ts":1700000000000,"msg":"got %","n":1}',
  '{"v":"%"}',
  '{"a":["%","x"]}',
  '{"m":"line\\n%\\nend"}',
  '{"m":"{\\"v\\":\\"%\\"}"}',
  'first\n%\nlast',
  'tab\t%\tend',
  'what about %?',
  '%, and more',
  'https://h/p?v=%&b=2',
  '<v>%</v>',
  'é%é'.replaceAll('é', ' é '),
];
const NUMBERS = [...PLAIN, '#%', 'no=%.', '{"v":%,"n":1}'.replace('%', '"%"'), 'v%3D%'.replace('%3D%', '=%')];

const KEYS = [
  'password',
  'Password',
  'db_password',
  'DB_PASSWORD',
  'userPassword',
  'spring.datasource.password',
  'passwd',
  'passphrase',
  'new-password',
];
const keyed = KEYS.flatMap((key) => [
  `${key}=%`,
  `login ${key}=% ok`,
  `${key}: %`,
  `"${key}": "%"`,
  `{"${key}":"%","n":1}`,
  `{"user":"u", "${key}" : "%"}`,
  `{'${key}': '%', 'n': 1}`,
  `{"m":"{\\"${key}\\":\\"%\\",\\"n\\":1}"}`,
  `<${key}>%</${key}>`,
  `<x ${key}="%" y="1"/>`,
  `--${key}=% --verbose`,
  `run --${key} % --verbose`,
  `{:${key}=>"%", :b=>1}`,
  `host=h,${key}=%,port=1`,
  `Server=h;${key}=%;Database=d`,
  `{user=u, ${key}=%, port=1}`,
  `GET /login?u=1&${key}=%&x=1 HTTP/1.1`,
  `{"url":"/login?u=1\\u0026${key}=%\\u0026x=1"}`,
  `{"m":"first\\n${key}=%\\nlast"}`,
  `a\n${key}: %\nb`,
]);

const TIMES = (c: Chance) => `17${c.digits(11)}`;

export const KINDS: readonly KindOfSecret[] = [
  {
    kind: 'email',
    positive: email,
    contexts: [...PLAIN, 'mailto:%', 'To: <%>;', 'user=%.'],
    lookAlike: (c) => c.from(NO_EMAILS)(c),
  },
  {
    kind: 'card',
    positive: cardAsWritten,
    contexts: NUMBERS,
    lookAlike: (c) =>
      c.from([
        () => broken(card(c)),
        () => TIMES(c),
        () => `17${c.digits(17)}`,
        () => `0.${card(c)}`,
        () => `ORD-${card(c)}`,
        () => `a${card(c)}`,
        () => `${card(c)}f`,
        () => `${card(c)}${c.digits(6)}`,
        () => `3f2a9c0d-${c.digits(4)}-4${c.digits(3)}-8${c.digits(3)}-${c.digits(12)}`,
        () => `trace_${card(c)}`,
        () => `${card(c).slice(0, 12)}`,
        () => `192.168.${c.digits(2)}.${c.digits(2)}:4111 1111`,
        () => `${card(c)}.5`,
        () => '2026-11-28 10:00:00 4111 1111 1111',
      ])(),
  },
  {
    kind: 'iban',
    positive: iban,
    contexts: NUMBERS,
    lookAlike: (c) =>
      c.from([
        () => `${'DE'}${c.digits(18)}`,
        () => `XX89${c.digits(18)}`,
        () => `DE00${c.digits(18)}`,
        () => `X${iban(c).replaceAll(' ', '')}`,
        () => `${iban(c).replaceAll(' ', '')}7`,
        () => `IT60 and IT61 of ${c.digits(10)}`,
        () => `BE12${c.digits(3)} is short`,
        () => `NO${c.digits(2)}`,
      ])(),
  },
  {
    kind: 'jwt',
    positive: jwt,
    contexts: PLAIN,
    lookAlike: (c) =>
      c.from([
        () => base64url({ alg: 'x', n: c.digits(8) }),
        () => `eyJ.${c.digits(4)}.x`,
        () => `com.example.eyJava.Main${c.digits(2)}`,
        () => `${c.text(WORD, 20)}.${c.text(WORD, 20)}.${c.text(WORD, 20)}`,
        () => `${base64url({ cursor: c.digits(4) })}.tar.gz`,
        () => `obeyJohn.eyJim${c.digits(3)}`,
      ])(),
  },
  {
    kind: 'bearer',
    positive: secretWord,
    contexts: [
      'Authorization: Bearer %',
      'authorization: bearer %',
      '"Authorization":"Bearer %"',
      '{"headers":{"authorization":"Bearer %"}}',
      '{"m":"{\\"Authorization\\":\\"Bearer %\\"}"}',
      'curl -H "Authorization: Bearer %" https://h',
      "curl -H 'Authorization: Bearer %' https://h",
      'sent Bearer % to h',
      '[Authorization: Bearer %, Accept: */*]',
      'Authorization=Bearer %',
      '?auth=Bearer%20%&b=1'.replace('%20%', ' %'),
      'Proxy-Authorization: Bearer  %',
    ],
    lookAlike: (c) =>
      c.from([
        () => `Bearer token is missing for request ${c.digits(4)}`,
        () => `the bearer of number ${c.digits(3)} may enter`,
        () => 'WWW-Authenticate: Bearer realm="example"',
        () => `Bearer authentication-required, code ${c.digits(3)}`,
        () => `forbearer ${c.text(WORD, 24)}`,
        () => `Using BearerTokenAuthenticationFilter ${c.digits(2)}`,
        () => `bearer: ${c.from(['none', 'expired', 'invalid'])}`,
        () => 'Bearer TokenValidationParameters were null',
      ])(),
  },
  {
    kind: 'basic',
    positive: (c) =>
      Buffer.from(`${c.text(LOWER, 3 + c.below(8))}:${c.text(WORD, 4 + c.below(16))}`).toString('base64'),
    contexts: [
      'Authorization: Basic %',
      'authorization: basic %',
      '{"Authorization":"Basic %"}',
      'sent Basic % to h',
      'curl -H "Authorization: Basic %" https://h',
      '[Authorization: Basic %, Accept: */*]',
      'Proxy-Authorization: Basic %',
    ],
    lookAlike: (c) =>
      c.from([
        () => `Basic authentication failed for user ${c.digits(3)}`,
        () => `BASIC programs of ${c.digits(4)}`,
        () => 'WWW-Authenticate: Basic realm="example"',
        () => `basic check ${c.digits(3)} passed`,
        () => `Basic ${Buffer.from(`${c.text(LOWER, 12)}`).toString('base64')}`,
        () => `VisualBasic ${Buffer.from('a:b').toString('base64')}${c.digits(2)}`,
      ])(),
  },
  {
    kind: 'aws',
    positive: accessKey,
    contexts: PLAIN,
    lookAlike: (c) =>
      c.from([
        () => `AROA${c.text('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)}`,
        () => `AKIA${c.text('ABCDEFGH', 10)}`,
        () => `AKIA${c.text(LOWER, 16)}`,
        () => `XAKIA${c.text('ABCDEFGH234567', 16)}`,
        () => c.text('0123456789abcdef', 40),
        () => `${accessKey(c)}ABC`,
        () => c.text(`${WORD}/+`, 40),
      ])(),
  },
  {
    kind: 'password',
    positive: password,
    contexts: keyed,
    lookAlike: (c) =>
      c.from([
        () => `password reset for user ${c.digits(4)}`,
        () => `passwords changed: ${c.digits(2)}`,
        () => `password_length=${c.digits(2)}`,
        () => `passwordResetUrl=https://h/${c.digits(4)}`,
        () => `PWD=/home/u${c.digits(3)}`,
        () => `OLDPWD=/root/${c.digits(3)}`,
        () => `pass=${c.digits(2)} fail=${c.digits(1)}`,
        () => `bypass=${c.text(LOWER, 5)}`,
        () => `compass: ${c.digits(3)}`,
        () => `token_type=bearer expires_in=${c.digits(4)}`,
        () => `max_tokens: ${c.digits(4)}`,
        () => `tokens=${c.digits(9)}`,
        () => `nextToken=${c.text(WORD, 20)}`,
        () => `Unexpected token: ${c.text(LOWER, 9)}`,
        () => `token: '${c.from(['}', ')', ','])}' at line ${c.digits(2)}`,
        () => `secret_name=db-${c.digits(4)}`,
        () => `{"password":null,"n":${c.digits(3)}}`,
        () => `{"password":"","n":${c.digits(3)}}`,
        () => `password=******** n=${c.digits(3)}`,
        () => `password=[FILTERED] n=${c.digits(3)}`,
        () => `password=$\{DB_PASSWORD_${c.digits(2)}}`,
        () => `Enter password:`,
        () => `keyboard=${c.digits(4)} monkey=${c.digits(3)}`,
        () => `https://host:80${c.digits(2)}/a@b`,
        () => `http://h/p?q=${c.digits(3)}#a:b@c`,
        () => `at com.example.Password.check(Password.java:${c.digits(2)})`,
      ])(),
  },
  {
    kind: 'pem',
    positive: pem,
    contexts: ['%', 'key: %', '{"key":"%","n":1}', 'a\n%\nb', "key='%'", 'KEY="%" run'],
    lookAlike: (c) =>
      c.from([
        () => `----- BEGIN of part ${c.digits(2)} -----`,
        () => '-----BEGIN-----',
        () => `-----END REPORT ${c.digits(2)}-----`,
        () => '---BEGIN PRIVATE KEY---',
        () => `----------- ${c.digits(3)} ----------`,
        () => `BEGIN TRANSACTION ${c.digits(3)}; COMMIT`,
        () => c.text(`${WORD}+/`, 64),
      ])(),
  },
  {
    kind: 'ssn',
    positive: ssn,
    contexts: NUMBERS,
    lookAlike: (c) =>
      c.from([
        () => c.digits(9),
        () => `000-12-${c.digits(4)}`,
        () => `666-12-${c.digits(4)}`,
        () => `9${c.digits(2)}-12-${c.digits(4)}`,
        () => `123-00-${c.digits(4)}`,
        () => '123-45-0000',
        () => `2026-11-28 1${c.digits(1)}:00`,
        () => `+1 555-12-${c.digits(3)}`,
        () => `12-${ssn(c).replaceAll(' ', '-')}`,
        () => `${ssn(c).replaceAll(' ', '-')}-7`,
      ])(),
  },
  {
    kind: 'nino',
    positive: nino,
    contexts: PLAIN,
    lookAlike: (c) =>
      c.from([
        () => `AB${c.digits(6)}E`,
        () => `QQ${c.digits(6)}A`,
        () => `AB${c.digits(6)}`,
        () => `AB${c.digits(7)}A`,
        () => `XAB${c.digits(6)}C`,
        () => `GB${c.digits(6)}A`,
        () => `ab${c.digits(6)}c`,
      ])(),
  },
  {
    kind: 'nir',
    positive: nir,
    contexts: NUMBERS,
    lookAlike: (c) =>
      c.from([
        () => `3${c.digits(14)}`,
        () => `1${c.digits(2)}13${c.digits(10)}`,
        () => broken(nir(c)),
        () => `a${nir(c)}`,
        () => TIMES(c),
      ])(),
  },
  {
    kind: 'dni',
    positive: dni,
    contexts: PLAIN,
    lookAlike: (c) =>
      c.from([
        () => dni(c).slice(0, -1),
        () => `${c.digits(9)}A`,
        () => `${dni(c)}X`,
        () => dni(c).toLowerCase(),
        () => `${c.digits(8)} T`,
      ])(),
  },
  {
    kind: 'cpf',
    positive: cpf,
    contexts: NUMBERS,
    lookAlike: (c) =>
      c.from([
        () => broken(cpf(c)),
        () => '111.111.111-11',
        () => c.digits(10),
        () => `${cpf(c)}7`,
        () => `192.168.100.${c.digits(2)}`,
        () => `a${cpf(c)}`,
      ])(),
  },
];

/** A secret that stands in a context, and the context around its mark. */
export function inContext(
  { kind, positive, contexts }: KindOfSecret,
  c: Chance,
): { readonly text: string; readonly expected: string; readonly secret: string } {
  const secret = positive(c);
  const context = c.from(contexts);
  const at = context.lastIndexOf('%');
  const around = (middle: string) => context.slice(0, at) + middle + context.slice(at + 1);
  return { text: around(secret), expected: around(`[redacted:${kind}]`), secret };
}

export { Chance };
