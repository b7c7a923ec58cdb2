/** The commands of docs/cli.md, run one after the other as they stand there: they print what stands below them. */
import { runPage, stepsOf } from '../support/page.js';

const steps = stepsOf('docs/cli.md');

test('the page has files and commands', () => {
  expect(steps.flatMap((step) => ('file' in step ? [step.file] : []))).toEqual(['deployment.yaml', 'logtap.yaml']);
  expect(steps.filter((step) => 'command' in step).length).toBeGreaterThan(8);
});

test('each command prints what the page says', () => runPage(steps));
