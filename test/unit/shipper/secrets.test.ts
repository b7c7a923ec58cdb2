import { createLog } from '../../../src/shipper/log.js';
import { Secrets } from '../../../src/shipper/secrets.js';

describe('secrets', () => {
  test('rule 76: those of the environment are known by their names', () => {
    const secrets = Secrets.of({
      AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7',
      AWS_SESSION_TOKEN: 'session+token==',
      AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/token',
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      SOME_TOKEN: 'on',
    });
    const text = 'wJalrXUtnFEMI/K7 session+token== /var/run/token AKIAIOSFODNN7EXAMPLE on';
    expect(secrets.redact(text)).toBe('*** *** /var/run/token AKIAIOSFODNN7EXAMPLE on');
  });

  test.each([
    ['five5', 'user admin, password "five5" wrong', 'user admin, password "***" wrong'],
    ['a.b', 'a.b axb xa.b a.bx =a.b', '*** axb xa.b a.bx =***'],
    ['red', 'red is not hundred, red.', '*** is not hundred, ***.'],
    ['$1\\"', 'it was $1\\" or $1\\\\\\"', 'it was *** or ***'],
    ['on', 'on and on', 'on and on'],
  ])('rule 76: a short one is hidden as a whole word: %j', (secret, text, redacted) => {
    const secrets = new Secrets();
    secrets.hide(secret);
    expect(secrets.redact(text)).toBe(redacted);
  });

  test('rule 76: are not printed, also where JSON has to escape them', () => {
    const lines: string[] = [];
    const secrets = new Secrets();
    const log = createLog({ write: (line) => lines.push(line), now: () => 0, secrets });
    secrets.hide('pass"word\\1');
    log.problem('error', 'key', 'wrong: pass"word\\1', { detail: 'pass"word\\1' });
    expect(JSON.parse(lines[0]!)).toMatchObject({ message: 'wrong: ***', detail: '***' });
  });
});
