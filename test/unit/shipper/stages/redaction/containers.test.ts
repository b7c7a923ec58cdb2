/** Redaction by container: a name that a process gives itself never shows what the default hides. */
import type { RedactionKind } from '../../../../../src/catalog/records/redaction.js';
import { Redaction } from '../../../../../src/shipper/stages/redaction/redaction.js';
import { withMark } from '../../../../../src/shipper/stages/redaction/replacement.js';
import { batchOf, messagesOf, stdoutOrigin } from '../../../../support/batches.js';

const LINE = 'bob@example.com paid with 4111111111111111, key AKIAIOSFODNN7EXAMPLE';
const HIDDEN: Readonly<Record<string, [secret: string, mark: string]>> = {
  email: ['bob@example.com', '[redacted:email]'],
  card: ['4111111111111111', '[redacted:card]'],
  aws: ['AKIAIOSFODNN7EXAMPLE', '[redacted:aws]'],
};
const hiding = (...kinds: readonly string[]) => kinds.reduce((line, kind) => line.replace(...HIDDEN[kind]!), LINE);

const books = { made() {}, recalled() {}, redacted() {} };
const redact = (
  kinds: readonly RedactionKind[],
  byContainer: Record<string, RedactionKind[]>,
  ...containers: string[]
) => {
  const stage = new Redaction({
    kinds,
    byContainer: new Map(Object.entries(byContainer)),
    patterns: [],
    replace: withMark,
  });
  const records = containers.map((container, i) => ({
    message: LINE,
    seq: i,
    origin: { ...stdoutOrigin, id: `${container}-1`, container },
  }));
  return messagesOf(stage.apply(batchOf(records), () => {}, books));
};

test('each container has the kinds of the default and its own', () => {
  expect(redact(['email'], { pay: ['card'], web: [] }, 'web', 'pay', 'web')).toEqual([
    hiding('email'),
    hiding('email', 'card'),
    hiding('email'),
  ]);
});

test('a process without a known container has all kinds hidden that any container hides', () => {
  const strictest = hiding('email', 'card', 'aws');
  const names = ['', 'Pay', 'pay ', 'unknown', '__proto__'];
  expect(redact(['email'], { pay: ['card'], ops: ['aws'] }, ...names)).toEqual(names.map(() => strictest));
});

test('a container that names another one keeps what the default hides', () => {
  expect(redact(['card'], { pay: ['email'], web: [] }, 'web')).toEqual([hiding('card')]);
});

test('a container without kinds passes as it is', () => {
  expect(redact([], { pay: ['card'], web: [] }, 'web', 'pay')).toEqual([LINE, hiding('card')]);
});

test('the own log of the shipper hides all kinds', () => {
  const stage = new Redaction({
    kinds: [],
    byContainer: new Map([['pay', ['card']]]),
    patterns: [],
    replace: withMark,
  });
  expect(stage.text(LINE)).toBe(hiding('card'));
});

test('a PEM block over several records is followed in its container only', () => {
  const stage = new Redaction({
    kinds: [],
    byContainer: new Map<string, RedactionKind[]>([
      ['pay', ['pem']],
      ['web', []],
    ]),
    patterns: [],
    replace: withMark,
  });
  const lines = ['-----BEGIN PRIVATE KEY-----', 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC', '-----END PRIVATE KEY-----'];
  const records = lines.flatMap((message, seq) =>
    ['pay', 'web'].map((container) => ({ message, seq, origin: { ...stdoutOrigin, id: container, container } })),
  );
  const messages = messagesOf(stage.apply(batchOf(records), () => {}, books));
  expect(messages.filter((_, i) => i % 2 === 1)).toEqual(lines);
  expect(messages.filter((_, i) => i % 2 === 0).join('\n')).not.toContain('MII');
});
