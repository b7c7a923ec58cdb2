/**
 * Forms of secrets in logs, and what only looks like one. A line of the table with `+` has secrets between « and »,
 * which are hidden; a line with `-` stays as it is; ⏎ is a line end within the message.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REDACTION_KINDS } from '../../../../../src/catalog/records/redaction.js';
import { Redaction } from '../../../../../src/shipper/stages/redaction/redaction.js';
import { withMark } from '../../../../../src/shipper/stages/redaction/replacement.js';
import { batchOf, messagesOf } from '../../../../support/batches.js';

const NATIONAL = ['ssn', 'nino', 'nir', 'dni', 'cpf'];
const kinds = REDACTION_KINDS.filter((kind) => !NATIONAL.includes(kind));
const books = { made() {}, recalled() {}, redacted() {} };
/** By a stage of its own: a block that is open goes on in the next message. */
const redact = (message: string) => {
  const stage = new Redaction({ kinds, patterns: [], replace: withMark });
  return messagesOf(stage.apply(batchOf([message]), () => {}, books))[0]!;
};

const lines = readFileSync(join(__dirname, '../../../../support/redaction/forms.txt'), 'utf8').trimEnd().split('\n');
const withSign = (sign: string) =>
  lines.filter((line) => line.startsWith(`${sign} `)).map((line) => line.slice(2).replaceAll('⏎', '\n'));

test.each(withSign('+'))('%s', (line) => {
  const redacted = redact(line.replace(/[«»]/g, ''));
  for (const [, secret] of line.matchAll(/«([^»]*)»/g)) {
    // A password of one letter is part of other words.
    if (secret!.length > 2) expect(redacted).not.toContain(secret);
  }
  expect(redacted).toContain('[redacted:');
});

test.each(withSign('-'))('%s stays', (line) => {
  expect(redact(line)).toBe(line);
});
