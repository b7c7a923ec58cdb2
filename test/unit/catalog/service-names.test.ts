/** The services' rules at their boundaries. */
import {
  AWS_REGION,
  LOG_GROUP,
  LOG_STREAM,
  type NameRule,
  OPENSEARCH_INDEX,
} from '../../../src/catalog/values/service-names.js';

const rules: readonly (readonly [string, NameRule, readonly string[], readonly string[]])[] = [
  ['log group', LOG_GROUP, ['a', '/a#b', '/aws/x', 'x'.repeat(512)], ['', 'a b', 'aws/x', 'ä', 'x'.repeat(513)]],
  ['log stream', LOG_STREAM, ['a/b', 'x'.repeat(512)], ['', 'a:b', 'a*', 'x'.repeat(513)]],
  ['region', AWS_REGION, ['eu-west-1', 'us-gov-east-1', 'eusc-de-east-1'], ['', 'eu-west-1a', 'Frankfurt', 'eu-west']],
  [
    'index',
    OPENSEARCH_INDEX,
    ['a', '.a', 'a{yyyy.MM.dd}', '{HH}', 'x'.repeat(255), `${'x'.repeat(251)}{yyyy}`],
    ['', 'A', '_a', '-a', '+a', '.', '..', 'a*', 'a{w}', 'a{', 'a{}', 'x'.repeat(256), `${'x'.repeat(252)}{yyyy}`],
  ],
];

describe.each(rules)('%s', (_name, rule, good, bad) => {
  test.each(good)('%s may be', (name) => expect(rule.holds(name)).toBe(true));
  test.each(bad)('%j may not', (name) => expect(rule.holds(name)).toBe(false));
});
