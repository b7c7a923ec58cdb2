/** Unknown flags of every command are refused with the closest one. */
import { doctor } from '../../../src/cli/doctor.js';
import { run } from '../../../src/cli/run/run.js';
import { UsageError } from '../../../src/cli/usage.js';

test.each<[string, () => unknown, string]>([
  ['run', () => run(['--supress', '--', 'true']), 'no flag named --supress. Did you mean --suppress?'],
  ['run with a value', () => run(['--snik=stdout', '--', 'true']), 'no flag named --snik. Did you mean --sink?'],
  ['run with an argument', () => run(['a', '--', 'true']), "run takes only flags before `--`, but got 'a'."],
  ['doctor', () => doctor(['--outptu', 'json', 'true']), 'no flag named --outptu. Did you mean --output?'],
  ['doctor with a flag like no other', () => doctor(['--colour', 'true']), 'no flag named --colour.'],
])('%s', async (_command, act, message) => {
  const error = await Promise.resolve()
    .then(act)
    .catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(UsageError);
  expect((error as Error).message).toContain(message);
});
