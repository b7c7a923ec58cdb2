/** The commands of three pages, run one after the other: they print the text below them. */
import { runPage, stepsOf } from '../support/page.js';

const steps = stepsOf('docs/reference/cli.md');

test('the page has files and commands', () => {
  expect(steps.flatMap((step) => ('file' in step ? [step.file] : []))).toEqual(['deployment.yaml', 'logtap.yaml']);
  expect(steps.filter((step) => 'command' in step).length).toBeGreaterThan(8);
});

test('each command prints what the page says', () => runPage(steps));

test('debugging: each command prints what the page says', () => runPage(stepsOf('docs/guides/debugging.md')));

test('migrate: each command prints what the page says', () => runPage(stepsOf('docs/guides/migrate.md')));
