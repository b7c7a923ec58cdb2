/** Secrets and their look-alikes by kind, in contexts. */
import type { RedactionKind } from '../../../src/catalog/records/redaction.js';
import { keyed, NUMBERS, PLAIN } from './contexts.js';
import * as made from './made.js';
import { Chance } from './random.js';

const { LOWER, WORD, base64url, broken, card, iban, cpf, nir, dni, ssn, nino, pem, accessKey, jwt, email } = made;
const { NO_EMAILS, cardAsWritten, secretWord, password } = made;

export interface KindOfSecret {
  readonly kind: RedactionKind;
  readonly positive: (chance: Chance) => string;
  /** In these contexts; `%` is where the secret is. */
  readonly contexts: readonly string[];
  readonly lookAlike: (chance: Chance) => string;
}

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
    kind: 'token',
    positive: (c) =>
      c.from([
        () => `ghp_${c.text(`${WORD}`, 36)}`,
        () => `glpat-${c.text(WORD, 20)}`,
        () => `npm_${c.text(WORD, 36)}`,
        () => `SG.${c.text(WORD, 22)}.${c.text(WORD, 43)}`,
      ])(),
    contexts: PLAIN,
    lookAlike: (c) =>
      c.from([
        () => `ghp_${c.text(LOWER, 12)}`,
        () => `key-${c.text(LOWER, 40)}`,
        () => `sk-${c.text(LOWER, 12)}-${c.text(LOWER, 12)}-${c.text(LOWER, 12)}`,
        () => `npm_config_${c.text(LOWER, 8)}`,
        () => `xghp_${c.text(WORD, 36)}`,
        () => `pod key-${c.digits(2)}`,
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

/** A secret in a context, and the context around its mark. */
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

export { Chance, card, iban };
