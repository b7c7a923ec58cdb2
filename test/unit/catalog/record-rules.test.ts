/** The language of LOGTAP_RULES: what it says, and what is refused. */
import { recordRules } from '../../../src/catalog/values/record-rules.js';

const only = (text: string) => {
  const rules = recordRules(text);
  expect(rules).toHaveLength(1);
  return rules[0]!;
};

describe('rules', () => {
  test('are separated by semicolons or line ends, empty ones left out', () => {
    const text = 'drop level<debug;;\n  keep stream=stderr level>=warn ;sample 2.5% file=/var/log/**\n';
    expect(recordRules(text).map(({ action, share, conditions }) => [action, share, conditions.length])).toEqual([
      ['drop', 0, 1],
      ['keep', 1, 2],
      ['sample', 0.025, 1],
    ]);
  });

  test.each([
    ['level=info', 9, 12, false],
    ['level!=debug', 5, 8, true],
    ['level<warn', 1, 12, false],
    ['level<=warn', 1, 16, false],
    ['level>warn', 17, 24, false],
    ['level >= fatal', 21, 24, false],
    ['level=unknown', 0, 0, false],
  ])('%s', (condition, least, most, isNegated) => {
    expect(only(`drop ${condition}`).conditions).toEqual([{ of: 'level', least, most, isNegated }]);
  });

  test('a stream, negated', () => {
    expect(only('drop stream!=file').conditions).toEqual([{ of: 'stream', stream: 'file', isNegated: true }]);
  });

  test.each([
    ['file=/var/log/*.log', ['/var/log/a.log'], ['/var/log/a/b.log', '/var/log/a.log.1', '/x/var/log/a.log']],
    ['file=/var/log/**', ['/var/log/a.log', '/var/log/a/b.log'], ['/var/logs']],
    ['file=/tmp/a?c', ['/tmp/abc'], ['/tmp/a/c', '/tmp/ac']],
    ['file="/srv/my app; 1/(x).log"', ['/srv/my app; 1/(x).log'], ['/srv/my app; 1/x.log']],
  ])('%s', (condition, matching, others) => {
    const [found] = only(`drop ${condition}`).conditions;
    const matches = (path: string) => found?.of === 'file' && found.glob.matches(path);
    expect(matching.filter((path) => !matches(path))).toEqual([]);
    expect(others.filter(matches)).toEqual([]);
  });

  test.each([
    ['text~/GET \\/health/', 'GET /health', false],
    ['text!~/a;b "c"/', 'a;b "c"', true],
    ['text~/(?i)timeout|(?i:x)|(?P<name>y)/', '(?i)timeout|(?i:x)|(?P<name>y)', false],
    ['text~/\\\\\\d+/', '\\\\\\d+', false],
  ])('%s', (condition, expression, isNegated) => {
    expect(only(`drop ${condition} stream=stdout`).conditions[0]).toEqual({ of: 'text', expression, isNegated });
  });
});

test.each([
  ['', 'has no rule'],
  [' ; ', 'has no rule'],
  ['level<info', "rule 1, before 'level<info': a rule begins with keep, drop or sample N%"],
  ['drop; dropped', "rule 2, before 'dropped': a rule begins"],
  ['sample level<info', "rule 1, before 'level<info': sample needs a percentage"],
  ['sample 101%', 'rule 1, at the end: 101% is more than 100%'],
  ['drop levle<info', 'a condition is level, stream, file, container, process or text'],
  ['drop container=', 'container needs a name, for example web-*'],
  ['drop process~java', 'process knows the operators = !='],
  ['drop level~info', 'level knows the operators ='],
  ['drop level<inof', "'inof' is no level here: did you mean 'info'?"],
  ['drop level<warnings', "'warnings' is no level here: use one of trace, debug, info, warn, error, fatal"],
  ['drop level<unknown', "'unknown' is no level here"],
  ['drop stream=stdin', "'stdin' is no stream: use one of stdout, stderr, file"],
  ['drop text~timeout', 'an expression is written between slashes'],
  ['drop text~/(?=x)/', 'must not look ahead or behind'],
  ['drop text~/(a)\\1/', 'must not refer back to a group'],
  ['drop text~/(a/', "rule 1, at the end: '(a' is no expression of RE2: a ( is not closed"],
  ['drop text~/a', 'an expression is written between slashes'],
  ['drop level=', 'level is one of trace'],
  ['drop level<info; keep', 'rule 2, at the end: keep needs a condition'],
])('%j is refused: %s', (text, message) => {
  expect(() => recordRules(text)).toThrow(message);
});
