/** What redaction makes of whole messages and batches: contexts of real programs, JSON, blocks over lines, hashes, patterns, work. */
import fc from 'fast-check';
import { REDACTION_KINDS, type RedactionKind } from '../../../../../src/catalog/records/redaction.js';
import { ConfigError } from '../../../../../src/shipper/errors.js';
import type { RecordBatch, StageBooks } from '../../../../../src/shipper/parts.js';
import { patternsOf } from '../../../../../src/shipper/stages/redaction/patterns.js';
import { Redaction, type RedactionOptions } from '../../../../../src/shipper/stages/redaction/redaction.js';
import { type Replace, withHash, withMark } from '../../../../../src/shipper/stages/redaction/replacement.js';
import { batchOf, messagesOf, recordsOf, stdoutOrigin } from '../../../../support/batches.js';
import { Chance, card, inContext, KINDS } from '../../../../support/redaction/secrets.js';

function redactionOf(options: Partial<RedactionOptions> = {}) {
  const counts: Record<string, number> = {};
  const books: StageBooks = {
    made() {},
    recalled() {},
    redacted(found) {
      for (const [kind, count] of found) counts[kind] = (counts[kind] ?? 0) + count;
    },
  };
  const stage = new Redaction({ kinds: REDACTION_KINDS, patterns: [], replace: withMark, ...options });
  return { redaction: { apply: (batch: RecordBatch) => stage.apply(batch, () => {}, books) }, counts };
}

const redact = (message: string, kinds: readonly RedactionKind[] = REDACTION_KINDS) =>
  messagesOf(redactionOf({ kinds }).redaction.apply(batchOf([message])))[0]!;

/** The secrets of each line are between « and ». */
test.each([
  // URLs and connection strings
  'postgres://shop:«p@ss»@db:5432/shop?sslmode=require',
  'mongodb://u:«p»@h1:27017,h2:27017/db',
  'redis://:«secret»@cache:6379/0',
  'amqp://guest:«guest»@mq//vhost and more',
  'cloning https://«ghp_16C7e42F292c6912E7710c838347Ae178B4a»@github.com/a/b.git',
  'jdbc:mysql://h/db?user=u&password=«x»&useSSL=true',
  'jdbc:sqlserver://h;user=sa;password=«P@ss;word»;encrypt=true',
  'DefaultEndpointsProtocol=https;AccountKey=«abc+def/ghi==»;EndpointSuffix=x',
  '"GET /cb?code=1&access_token=«ya29.a0Af»&scope=x HTTP/1.1" 200',
  'redirect_uri=https%3A%2F%2Fh%2Fcb%3Fpassword%3D«hunter2» x',
  // what frameworks print
  "{'headers': {'Authorization': 'Bearer «abc»', 'Accept': '*/*'}}",
  'request headers {authorization=[Bearer «abc.def.g1hi»], accept=[*/*]}',
  'Authorization: Digest «username="u", realm="r", response="0f"»',
  '{"m":"Authorization: Digest «username=\\"u\\", response=\\"0f\\"»","n":1}',
  'Authorization: Token «9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b»',
  'Cookie: «session=abc; theme=dark»',
  'set-cookie: «sid=31d4d96e407aad42; Path=/; HttpOnly»',
  'X-Api-Key: «0123456789abcdef»',
  'Parameters: {"user"=>{"name"=>"u", "password"=>"«hunter2»"}, "commit"=>"Log in"}',
  'User(name=u, password=«hunter2», roles=[A, B])',
  "User{name='u', password='«hunter2»'}",
  '&{Name:u Password:«hunter2» Age:3}',
  'PGPASSWORD=«x» psql -h db',
  'MYSQL_PWD=«x» mysqldump',
  'export AWS_SECRET_ACCESS_KEY="«wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»"',
  '{"AccessKeyId":"«ASIAIOSFODNN7EXAMPLE»","SecretAccessKey":"«wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»","SessionToken":"«IQoJb3JpZ2lu»"}',
  'key «AKIAIOSFODNN7EXAMPLE» with «wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY» rejected',
  'mysql --user=u --password «hunter2» -h db',
  '--client-secret=«abc123»',
  '<credentials><user>u</user><password>«hunter2»</password></credentials>',
  '<bean p:password="«hunter2»"/>',
  '{"msg":"{\\"a\\":{\\"password\\":\\"«x\\\\\\"y»\\"},\\"n\\":1}"}',
  '{"msg":"login\\npassword: «hunter2»\\nrole: admin"}',
  '{"password":["«hunter2»", "«x y»"],"n":[1]}',
  'params {password=[«hunter2»], user=[bob]}',
  'password := «hunter2»',
  'password == «hunter2»',
  "password='«it is''»'".replace("''", ''),
  'password="«cut off at the end of the line',
  'Das Passwort: «geheim»',
  // numbers
  'paid with «4111 1111 1111 1111» 12/27 123',
  'card=«4111-1111-1111-1111»;exp=1227',
  'q=«4111+1111+1111+1111»&x=1',
  'PAN:«5500005555555559»,next',
  'amex «3782 822463 10005».',
  'from «DE89 3704 0044 0532 0130 00» to «GB29NWBK60161331926819», 5 EUR',
  // command lines
  'curl -s -u bob:«hunter2» https://h/x',
  "+ curl -u 'bob:«it is: x»' https://h/x",
  'curl -ubob:«hunter2» https://h',
  'running /usr/bin/curl --user bob:«hunter2» -o f https://h',
  'curl --proxy-user=bob:«hunter2» https://h',
  'curl -x p:3128 -U bob:«hunter2» https://h',
  '{"cmd":"curl -u bob:«hunter2» https://h"}',
  '{"cmd":"curl -u \\"bob:«hunter2»\\" https://h"}',
  '["curl","-u","bob:«hunter2»","https://h"]',
  "Command '['curl', '-u', 'bob:«hunter2»', 'https://h']' returned non-zero exit status 22.",
  "subprocess ['mysqldump', '-uroot', '-p«hunter2»', 'shop'] failed",
  'mysql -u root -p«hunter2» shop < dump.sql',
  'mysqldump -h db -p"«hunter 2»" shop',
  'sshpass -p «hunter2» ssh h',
  "sshpass -p'«hunter2»' scp a h:b",
  'redis-cli -h r -p 6379 -a «hunter2» PING',
  'mongosh -u root -p «hunter2» --quiet',
  'ldapsearch -x -D cn=admin -w «hunter2» -b dc=x',
  'docker login -u bob -p «hunter2» registry.example',
  'echo x | helm registry login -u bob -p «hunter2» r.example',
  'http -a bob:«hunter2» POST https://h a=b',
  'true && curl "https://h/?a=1&b=2" -u bob:«hunter2»',
  "{u'password': u'«hunter2»', 'n': 1}",
  "password=b'«hunter 2»'",
  'PASSWORD: md5("«x»")',
  'alter user shop identified by «tiger» account unlock',
  'connect to shop identified by «tiger» using x',
  'smbclient //h/s -U bob%«hunter2» -c ls',
  'keytool -list -keystore ks -storepass «changeit» -keypass «changeme»',
  'java -jar x.jar -password «hunter2» -user u',
  'openssl rsa -in k -passin pass:«hunter2»',
  'unzip -P «hunter2» a.zip',
  '7z x -p«hunter2» a.7z',
  // Oracle
  'jdbc:oracle:thin:scott/«tiger»@//db:1521/orcl',
  'jdbc:oracle:thin:scott/«tiger»@db:1521:orcl failed',
  'jdbc:oracle:oci:scott/«tiger»@orcl',
  'url=jdbc:oracle:thin:scott/«p@ss»@//db:1521/orcl, user=x',
  '{"url":"jdbc:oracle:thin:scott/«tiger»@db:1521:orcl"}',
  'jdbc:oracle:thin:scott/"«ti/ger»"@db:1521:orcl',
  'jdbc:oracle:thin:proxy[scott]/«tiger»@db:1521:orcl',
  'sqlplus -s scott/«tiger»@orcl @run.sql',
  "sqlplus 'scott/«tiger»@//db/x'",
  'SQL> connect scott/«tiger»@orcl',
  'CONN sys/«tiger»@orcl AS SYSDBA',
  'impdp userid=scott/«tiger»@orcl full=y',
  'rman target sys/«tiger»@orcl',
  // SQL
  'CREATE USER shop IDENTIFIED BY «tiger»',
  "CREATE USER 'shop'@'%' IDENTIFIED BY '«ti ger»'",
  'ALTER USER shop IDENTIFIED BY "«Tiger#1»" REPLACE old',
  "GRANT ALL ON *.* TO u@h IDENTIFIED BY PASSWORD '«*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29»'",
  "create user u identified with mysql_native_password by '«tiger»'",
  "alter user u identified by values '«S:C8F2»'",
  'CREATE DATABASE LINK l CONNECT TO u IDENTIFIED BY «tiger» USING x',
  '{"sql":"ALTER USER u IDENTIFIED BY «tiger»;"}',
  "CREATE ROLE shop LOGIN PASSWORD '«tiger»'",
  "ALTER USER shop WITH ENCRYPTED PASSWORD '«tiger»';",
  "SET PASSWORD = PASSWORD('«tiger»')",
  "SET PASSWORD FOR 'u'@'h' = PASSWORD('«tiger»')",
  "CREATE LOGIN x WITH PASSWORD = N'«tiger»'",
  '{"sql":"ALTER USER u PASSWORD \'«tiger»\'"}'.replaceAll("\\'", "'"),
  // addresses
  'From: "Bob" <«bob@example.com»>, «anna@example.com»; cc=«c@example.org».',
  '{"user":"\\n«bob@example.com»"}',
  'https://h/u/«bob%40example.com»/orders',
  'RCPT TO:<«bob+news@mail.example.co.uk»>',
])('%s', (marked) => {
  const message = marked.replace(/[«»]/g, '');
  const redacted = redact(message);
  const parts = marked.replace(/«[^»]*»?/g, '\0').split('\0');
  const kinds = [...redacted.matchAll(/\[redacted:[a-z]+\]/g)].map(([mark]) => mark);
  const expected = parts.map((part, i) => part + (i < parts.length - 1 ? kinds[i] : '')).join('');
  expect([redacted, kinds.length]).toEqual([expected, parts.length - 1]);
});

test('ordinary messages stay the same bytes, and their batch the same batch', () => {
  const messages = [
    '2026-11-28T14:03:12.123456789Z INFO [worker-7] order=1700000000000 took 97 ms',
    '10.0.0.1 - - [28/Nov/2026:14:03:12 +0000] "GET /a?b=1&c=2 HTTP/1.1" 200 1234 "https://h/x" "curl/8"',
    'at java.base/java.lang.Thread.run(Thread.java:1583) ~[na:na]',
    '{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","n":4111111111111112}',
    'commit 3f2a9c0d1e2b4f5a6b7c8d9e0f1a2b3c4d5e6f70 by deploy',
    'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'user 550e8400-e29b-41d4-a716-446655440000 logged in; password changed',
    'ssh: connect to host 10.0.0.1 port 22: PWD=/root token=5 pass: 3',
    'I1128 14:03:12.123456       1 controller.go:114] "Starting" key="default/secret-token-abc"',
    '-----------------------------------',
    'docker run -u 1000:1000 -p 8080:80 --user app:app image',
    'psql -U shop -p 5432 -h db; ssh -p 22 host; id -u bob; ps -u root -p 1',
    'curl -u "$USER:$PASS" https://h; curl -u bob https://h; mysql -u root -p shop; curl -X POST -d a:b https://h',
    'git clone git@github.com:a/b.git into /srv/a/b@2.1 by user/x@y.z',
    'the node is identified by its name; ordered by date; IDENTIFIED EXTERNALLY; IDENTIFIED BY ?',
    'connect to a/b@c failed: path /a/b@c',
    'unzip -p a.zip; grep -w word file; tar -P x; ls -a dir',
    '',
    '\u{1f600} ünïcödé',
  ];
  const batch = batchOf([...messages, { message: Buffer.from([0xff, 0xfe, 0x40, 0x00]) }]);
  expect(redactionOf().redaction.apply(batch)).toBe(batch);
});

test('a changed batch has all records in their order, and no byte of a secret', () => {
  const { redaction, counts } = redactionOf();
  const batch = batchOf([
    { message: 'one', timeMs: 5, seq: 3 },
    { message: 'mail bob@example.com and 4111111111111111', timeMs: 6.25, seq: 9 },
    { message: Buffer.from([0xff, 0x0a]), timeMs: 7, seq: 11 },
    { message: 'password=x password=y', timeMs: 8, seq: 12 },
  ]);
  const redacted = redaction.apply(batch);
  expect(recordsOf(redacted)).toEqual([
    { message: 'one', timeMs: 5, seq: 3, origin: stdoutOrigin.id },
    { message: 'mail [redacted:email] and [redacted:card]', timeMs: 6.25, seq: 9, origin: stdoutOrigin.id },
    { message: '\xff\n', timeMs: 7, seq: 11, origin: stdoutOrigin.id },
    {
      message: 'password=[redacted:password] password=[redacted:password]',
      timeMs: 8,
      seq: 12,
      origin: stdoutOrigin.id,
    },
  ]);
  expect(Buffer.from(redacted.bytes).includes('bob@')).toBe(false);
  expect(counts).toEqual({ email: 1, card: 1, password: 2 });
});

describe('JSON stays JSON', () => {
  test.each([
    ['{"card":4111111111111111}', { card: '[redacted:card]' }],
    ['{"card":-4111111111111111}', { card: '[redacted:card]' }],
    ['{"a":[1, -4111111111111111]}', { a: [1, '[redacted:card]'] }],
    ['[-4111111111111111]', ['[redacted:card]']],
    ['{"m":"x -4111111111111111"}', { m: 'x -[redacted:card]' }],
    ['{"a":[4111111111111111 , 5]}', { a: ['[redacted:card]', 5] }],
    ['{"password":12345,"n":1}', { password: '[redacted:password]', n: 1 }],
    ['{"password" : true}', { password: true }],
    ['{"password":-1.5e3}', { password: '[redacted:password]' }],
    [
      '{"password":[1,-2.5, "x",null]}',
      { password: ['[redacted:password]', '[redacted:password]', '[redacted:password]', null] },
    ],
    ['{"password":{"a":1}}', { password: { a: 1 } }],
    ['{"m":"card: 4111111111111111, ok"}', { m: 'card: [redacted:card], ok' }],
    ['{"m":"C:\\\\bob@example.com"}', { m: 'C:\\[redacted:email]' }],
    ['{"m":"\\u0041bob@example.com"}', { m: 'A[redacted:email]' }],
    ['{"m":"password=a\\"b\\\\"}', { m: 'password=[redacted:password]"b\\' }],
    ['{"m":"password=\'a"}', { m: "password='[redacted:password]" }],
  ])('%s', (message, expected) => {
    expect(JSON.parse(redact(message))).toEqual(expected);
  });

  test('with any secrets in its strings and numbers', () => {
    const secret = fc.integer({ min: 0, max: 2 ** 31 }).map((seed) => {
      const chance = new Chance(seed);
      return inContext(chance.from(KINDS), chance).text;
    });
    const number = fc.integer({ min: 0, max: 2 ** 31 }).map((seed) => Number(card(new Chance(seed))));
    const key = fc.constantFrom('password', 'token', 'Authorization', 'card', 'a"b', 'cookie', 'm');
    const tricky = fc.constantFrom(
      'password="',
      "token='",
      'password=\\',
      'cookie: a="',
      '\\',
      'password=\\"x',
      'Bearer ',
      "IDENTIFIED BY '",
      'IDENTIFIED BY ',
      "SET PASSWORD '",
      'mysql -p',
      'curl -u a:',
      'curl -u "a:',
      'sqlplus a/',
      'jdbc:oracle:thin:a/',
      'password={a',
      'password: |\n  ',
      'password=string(1) "',
      'x://a:b/',
      '"a b"@',
      'name=password\nvalue=',
    );
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        secret,
        number,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer(),
        fc.string(),
        fc.tuple(tricky, secret).map(([a, b]) => a + b),
        fc.constant(null),
        fc.boolean(),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 2 }).map((inner) => JSON.stringify(inner)),
      ),
    })).value;
    fc.assert(
      fc.property(
        fc.dictionary(key, value, { minKeys: 1, maxKeys: 4 }),
        fc.constantFrom(undefined, 2),
        (object, indent) => {
          const message = JSON.stringify(object, undefined, indent);
          const redacted = redact(message);
          expect(() => JSON.parse(redacted)).not.toThrow();
        },
      ),
      { numRuns: 2000, seed: 7 },
    );
  });
});

describe('PEM blocks', () => {
  const line = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj';

  test('that come line by line are hidden line by line, and nothing behind them', () => {
    const lines = [
      'start',
      '-----BEGIN RSA PRIVATE KEY-----',
      line,
      line,
      'Qw==',
      '-----END RSA PRIVATE KEY-----',
      'Qw==',
      line,
    ];
    const { redaction } = redactionOf({ kinds: ['pem'] });
    const redacted = lines.flatMap((each) => messagesOf(redaction.apply(batchOf([each]))));
    const mark = '[redacted:pem]';
    expect(redacted).toEqual(['start', mark, mark, mark, mark, '-----END RSA PRIVATE KEY-----', 'Qw==', line]);
  });

  test('of one stream do not touch another one, and lines of a logger between them stay', () => {
    const other = { ...stdoutOrigin, id: '0000000000000abc-2' };
    const { redaction } = redactionOf({ kinds: ['pem'] });
    const begin = '10:00 INFO -----BEGIN PRIVATE KEY-----';
    const messages = [begin, `10:00 INFO ${line}`, 'GET /health 200', { message: line, origin: other }, line];
    expect(messagesOf(redaction.apply(batchOf(messages)))).toEqual([
      '10:00 INFO [redacted:pem]',
      '10:00 INFO [redacted:pem]',
      'GET /health 200',
      line,
      '[redacted:pem]',
    ]);
  });

  test('without an end are hidden as far as they go', () => {
    const cut = `key:\n-----BEGIN PRIVATE KEY-----\n${line}\n${line.slice(0, 20)}`;
    expect(redact(cut)).toBe('key:\n[redacted:pem]');
    expect(redact('-----BEGIN CERTIFICATE----- is missing in a.pem')).toBe('[redacted:pem] is missing in a.pem');
  });
});

describe('a keyed hash', () => {
  const key = Buffer.from('0123456789abcdef');
  const hashed = (message: string, replace: Replace = withHash(key)) =>
    messagesOf(redactionOf({ replace }).redaction.apply(batchOf([message])))[0]!;

  test('tells equal secrets, however a number is written, and needs the key', () => {
    const [plain, grouped, other] = [
      '4111111111111111',
      '4111 1111-1111 1111'.replace('-', ' '),
      '5500005555555559',
    ].map((each) => hashed(`card ${each}`));
    expect(plain).toMatch(/^card \[redacted:card:[0-9a-f]{16}\]$/);
    expect(grouped).toBe(plain);
    expect(other).not.toBe(plain);
    expect(hashed('card 4111111111111111', withHash(Buffer.from('fedcba9876543210')))).not.toBe(plain);
  });

  test('is quoted in the place of a number of JSON', () => {
    expect(JSON.parse(hashed('{"card":4111111111111111}'))).toEqual({
      card: expect.stringMatching(/^\[redacted:card:/),
    });
  });
});

describe('patterns', () => {
  const read = (text: string) => patternsOf('/etc/patterns', text, REDACTION_KINDS);
  const apply = (text: string, message: string | Uint8Array) => {
    const { redaction, counts } = redactionOf({ kinds: ['email'], patterns: read(text) });
    return [messagesOf(redaction.apply(batchOf([{ message }])))[0], counts];
  };

  test('hide what they match, or their first group, beside the built-in kinds', () => {
    const file = '# ours\nemployee EMP-\\d{4}\n\ncase (?i)case (?:no\\. )?([0-9]+)\n';
    expect(apply(file, 'EMP-1234 of bob@x.com: CASE no. 77, EMP-12')).toEqual([
      '[redacted:employee] of [redacted:email]: CASE no. [redacted:case], EMP-12',
      { employee: 1, email: 1, case: 1 },
    ]);
  });

  test('count characters, not bytes, and keep bytes that are no UTF-8', () => {
    expect(apply('name (ä+)', 'x ö € ää \u{1f600} ä')).toEqual([
      'x ö € [redacted:name] \u{1f600} [redacted:name]',
      { name: 2 },
    ]);
    expect(apply('id EMP-\\d', Buffer.from([0xff, 0x20, ...Buffer.from('EMP-7'), 0xfe]))[0]).toBe(
      Buffer.concat([Buffer.from([0xff, 0x20]), Buffer.from('[redacted:id]'), Buffer.from([0xfe])]).toString(),
    );
  });

  test('that overlap a built-in kind hide all of both', () => {
    expect(apply('user user=\\S+', 'user=bob@x.com!')[0]).toBe('[redacted:user]');
  });

  test.each([
    ['employee', 'line 1: must be a name'],
    ['UPPER x', 'line 1: must be a name'],
    ['a x\na y', "line 2: the name 'a' is taken"],
    ['card x', "line 1: the name 'card' is taken"],
    ['a (?=x)', 'must not look ahead'],
    ['a (x', 'is no expression of RE2'],
    ['a x*', 'matches empty text'],
    ['# nothing', 'has no pattern'],
  ])('that cannot work are refused: %j', (text, problem) => {
    expect(() => read(text)).toThrow(ConfigError);
    expect(() => read(text)).toThrow(problem);
  });
});
