/** An answer that is compared and not parsed says the same as one that is: a blank in front of it has it parsed. */
import { bulkItems } from '../../../../src/shipper/sinks/opensearch/answer.js';

const answer = (actions: number) =>
  `{"errors":false,"items":[${Array.from({ length: actions }, () => '{"create":{"status":201}}').join(',')}]}`;
const read = (text: string, actions: number) => bulkItems(Buffer.from(text, 'latin1'), actions);
const parsed = (text: string, actions: number) => read(` ${text}`, actions);

describe('an answer that all documents are created', () => {
  test.each([1, 2, 3, 5000, 2])('of %i', (actions) => {
    expect(read(answer(actions), actions)).toEqual(Array.from({ length: actions }, () => ({ status: 201, error: {} })));
    expect(read(answer(actions), actions)).toEqual(parsed(answer(actions), actions));
  });

  test.each([0, 1, 2, 4])('for %i actions, with three items', (actions) => {
    expect(read(answer(3), actions)).toEqual(parsed(answer(3), actions));
  });

  test('with any byte changed, removed or doubled', () => {
    const text = answer(3);
    for (let at = 0; at < text.length; at++) {
      const [before, after] = [text.slice(0, at), text.slice(at + 1)];
      for (const byte of ['4', ' ', '', text[at]!.repeat(2)]) {
        const changed = before + byte + after;
        expect(read(changed, 3)).toEqual(parsed(changed, 3));
      }
    }
  });
});
