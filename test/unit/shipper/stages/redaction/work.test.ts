/** The work of the scanner on hostile messages, counted in reads of bytes: linear in their length. */
import { REDACTION_KINDS } from '../../../../../src/catalog/records/redaction.js';
import { Scanner } from '../../../../../src/shipper/stages/redaction/scanner.js';
import { Chance, iban, inContext, KINDS } from '../../../../support/redaction/secrets.js';

/** Reads of bytes per byte of the message. */
function readsPerByte(message: Buffer): number {
  let reads = 0;
  const counted = new Proxy(message, {
    get(target, name) {
      reads++;
      return Reflect.get(target, name, target) as unknown;
    },
  });
  const scanner = new Scanner(REDACTION_KINDS);
  scanner.scan(counted, 0, message.length);
  return reads / message.length;
}

const chance = new Chance(3);
test.each([
  ...[
    'a@',
    '@',
    'a.',
    '-',
    '://',
    '://a:',
    '4',
    '4 ',
    '4111 ',
    '4111-',
    'DE89',
    'DE89 3704 ',
    'eyJ',
    'eyJ.',
    'eyJ.eyJ.',
    '.eyJa',
  ],
  ...[
    'bearer ',
    'bearer%20',
    'bearer+',
    'basic a',
    'Basic%20',
    'AKIA',
    'AKIAIOSFODNN7EXAMPLE ',
    'password=',
    'password:',
    'password:"',
    "password='",
  ],
  ...[
    'password%22%3A%22',
    'password&quot;:&quot;',
    'password\\x22:\\x22',
    '%22',
    '&quot;',
    'password1_2=',
    '"--password","',
    '"--password",',
    '-----BEGIN+A%20',
    '-----BEGIN%20A-----%0A',
  ],
  ...[
    'password=${',
    'ghp_',
    'sk-',
    'sk-a ',
    'glpat-a.',
    'SG.',
    'hooks.slack.com/services/',
    '--password, x',
    '[--password, x, ',
    ':@tcp(',
    'password:${',
    'pwd=/',
    'pass=1',
    'password={',
    'password=[',
    'password=["',
    'password=["a",',
    'password=["a","b"',
    'password=\\',
    'password=\\"',
    'cookie:',
    'cookie:a=',
    'cookie: a',
  ],
  ...[
    'authorization:',
    'authorization: digest ',
    'authorization: token a\n',
    'password=,',
    'password=a,',
    'password=;a',
    'token=abc',
    'token:',
    '--',
    '--token ',
  ],
  ...[
    '--password=',
    '<password>',
    '<password',
    '>',
    '=',
    ':',
    '\\',
    '\\"',
    '\\u003d',
    'password\\u003d',
    '%3D',
    'password%3D',
    '%40',
    'a%40b.c',
  ],
  ...[
    '-----BEGIN A-----',
    '-----BEGIN A-----!',
    '-----BEGIN ',
    '-----END ',
    '-----BEGIN A-----\n-----END B',
    'x'.repeat(64),
    '1',
    '123-45-6789',
    'AB12',
    'api key ',
  ],
  ...['****', 'password=*', 'password=null', 'ä@', 'ä', '\xff', 'Authorization: Basic ', 'https://h/?password=x&'],
  ...KINDS.map((each) => inContext(each, chance).text),
  ...KINDS.map((each) => each.lookAlike(chance)),
  iban(chance),
])('%j', (part) => {
  const of = (bytes: number) => Buffer.from(part.repeat(Math.ceil(bytes / Buffer.byteLength(part))));
  const [small, large] = [readsPerByte(of(1000)), readsPerByte(of(8000))];
  expect(large).toBeLessThan(small * 1.3 + 2);
  expect(large).toBeLessThan(700);
});
