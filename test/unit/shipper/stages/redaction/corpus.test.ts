/** How many secrets are found (recall), and how much of what is found is one (precision), by kind, on a seeded corpus. */
import { REDACTION_KINDS, type RedactionKind } from '../../../../../src/catalog/records/redaction.js';
import { Redaction } from '../../../../../src/shipper/stages/redaction/redaction.js';
import { withMark } from '../../../../../src/shipper/stages/redaction/replacement.js';
import { Chance, inContext, KINDS } from '../../../../support/redaction/secrets.js';

const EACH = 2000;
const SHOWN = 8;
const redactionOf = (kinds: readonly RedactionKind[]) => new Redaction({ kinds, patterns: [], replace: withMark });
const rows: string[] = [];

afterAll(() => {
  process.stdout.write(
    `redaction, ${EACH} secrets and ${EACH} look-alikes per kind\nkind      recall  precision\n${rows.join('\n')}\n`,
  );
});

test('the corpus has every kind', () => {
  expect(KINDS.map(({ kind }) => kind).sort()).toEqual([...REDACTION_KINDS].sort());
});

describe.each(KINDS.map((each) => [each.kind, each] as const))('%s', (kind, each) => {
  test('recall and precision', () => {
    const redaction = redactionOf([kind]);
    const chance = new Chance(0x5eed);
    const missed: string[] = [];
    const wrong: string[] = [];
    for (let i = 0; i < EACH; i++) {
      const { text, expected } = inContext(each, chance);
      const found = redaction.text(text);
      if (found !== expected) missed.push(`${text}\n  gives ${found}`);
      const lookAlike = each.lookAlike(chance);
      const left = redaction.text(lookAlike);
      if (left !== lookAlike) wrong.push(`${lookAlike}\n  gives ${left}`);
    }
    const recall = (EACH - missed.length) / EACH;
    const precision = (EACH - missed.length) / (EACH - missed.length + wrong.length);
    rows.push(`${kind.padEnd(9)} ${recall.toFixed(4)}  ${precision.toFixed(4)}`);
    expect({ recall, missed: missed.slice(0, SHOWN), precision, wrong: wrong.slice(0, SHOWN) }).toEqual({
      recall: expect.any(Number),
      missed: [],
      precision: expect.any(Number),
      wrong: [],
    });
  });

  test('no secret is left where all kinds are looked for', () => {
    const redaction = redactionOf(REDACTION_KINDS);
    const chance = new Chance(0xa11);
    const left: string[] = [];
    for (let i = 0; i < EACH / 4; i++) {
      const { text, secret } = inContext(each, chance);
      const found = redaction.text(text);
      if (secret.length > 4 && found.includes(secret)) left.push(`${text}\n  gives ${found}`);
    }
    expect(left).toEqual([]);
  });
});
