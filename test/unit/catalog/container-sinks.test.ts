/** LOGTAP_CONTAINER_SETTINGS: sinks of single containers, their names, their records, and entries that cannot work. */
import { readSettings } from '../../../src/catalog/read-settings.js';
import { namedSinks } from '../../../src/catalog/records/container-sinks.js';

const OPENSEARCH = { LOGTAP_SINK: 'opensearch', LOGTAP_OPENSEARCH_URL: 'http://search:9200' };
const read = (entries: unknown, env: Readonly<Record<string, string>> = OPENSEARCH) =>
  readSettings({ ...env, LOGTAP_CONTAINER_SETTINGS: JSON.stringify(entries) });
const sinksOf = (...given: Parameters<typeof read>) => {
  const { settings, problems } = read(...given);
  expect(problems).toEqual([]);
  return namedSinks(settings);
};
/** The sinks of each container. */
const routes = (sinks: ReturnType<typeof sinksOf>, ...containers: string[]) =>
  Object.fromEntries(
    containers.map((container) => [
      container,
      sinks.filter(({ isFor }) => isFor?.(container) ?? true).map(({ name }) => name),
    ]),
  );

test('without an entry about sinks, every sink gets every record', () => {
  const sinks = sinksOf({ web: { LOGTAP_EVENTS: 'off' } });
  expect(sinks).toMatchObject([{ name: 'opensearch', kind: 'opensearch' }]);
  expect(sinks[0]).not.toHaveProperty('isFor');
});

test('a container goes to another kind of sink, and to no other', () => {
  const audit = { LOGTAP_SINK: 'cloudwatch', LOGTAP_CLOUDWATCH_LOG_GROUP: '/audit', AWS_REGION: 'eu-central-1' };
  const sinks = sinksOf({ audit });
  expect(sinks[1]).toMatchObject({ kind: 'cloudwatch', settings: { cloudwatchLogGroup: '/audit' } });
  expect(routes(sinks, 'audit', 'web', '', '__proto__')).toEqual({
    audit: ['cloudwatch@audit'],
    web: ['opensearch'],
    '': ['opensearch'],
    ['__proto__']: ['opensearch'],
  });
});

test('settings of the environment make a shared sink, which only the named containers have', () => {
  const env = { ...OPENSEARCH, LOGTAP_CLOUDWATCH_LOG_GROUP: '/audit', AWS_REGION: 'eu-central-1' };
  const sinks = sinksOf({ audit: { LOGTAP_SINK: 'cloudwatch' }, pay: { LOGTAP_SINK: 'opensearch,cloudwatch' } }, env);
  expect(routes(sinks, 'audit', 'pay', 'web')).toEqual({
    audit: ['cloudwatch'],
    pay: ['opensearch', 'cloudwatch'],
    web: ['opensearch'],
  });
});

test('the same kind twice: a setting of a container makes a sink of its own, with the others inherited', () => {
  const env = { ...OPENSEARCH, LOGTAP_OPENSEARCH_INDEX: 'all', LOGTAP_OPENSEARCH_GZIP: 'true' };
  const sinks = sinksOf({ web: { LOGTAP_OPENSEARCH_INDEX: 'web' }, db: { LOGTAP_OPENSEARCH_INDEX: 'db' } }, env);
  expect(sinks.map(({ name, settings }) => [name, settings.opensearchIndex, settings.opensearchGzip])).toEqual([
    ['opensearch', 'all', true],
    ['opensearch@web', 'web', true],
    ['opensearch@db', 'db', true],
  ]);
  expect(routes(sinks, 'web', 'db', 'x')).toEqual({
    web: ['opensearch@web'],
    db: ['opensearch@db'],
    x: ['opensearch'],
  });
});

test('an empty text removes a setting of the pod', () => {
  const env = { ...OPENSEARCH, LOGTAP_OPENSEARCH_INDEX: 'all' };
  const [, own] = sinksOf({ web: { LOGTAP_OPENSEARCH_INDEX: '' } }, env);
  const [plain] = namedSinks(readSettings(OPENSEARCH).settings);
  expect(own!.settings.opensearchIndex).toEqual(plain!.settings.opensearchIndex);
});

test.each([
  ['an unknown sink', { a: { LOGTAP_SINK: 'cloudwach' } }, "Did you mean 'cloudwatch'?"],
  ['a process', { 'a/java': { LOGTAP_SINK: 'stdout' } }, "Give it to the container 'a'"],
  ['a sink without what it needs', { a: { LOGTAP_SINK: 'file' } }, "entry 'a': LOGTAP_FILE_PATH is not set"],
  ['an idle setting', { a: { LOGTAP_FILE_PATH: '/x/y' } }, 'LOGTAP_FILE_PATH has no effect, as the records'],
  ['an invalid value', { a: { LOGTAP_OPENSEARCH_INDEX: 'Web' } }, "has LOGTAP_OPENSEARCH_INDEX='Web' for 'a'"],
  ['a removed need', { a: { LOGTAP_OPENSEARCH_URL: '' } }, "entry 'a': LOGTAP_OPENSEARCH_URL is not set"],
  ['half a pair', { a: { LOGTAP_OPENSEARCH_USERNAME: 'u' } }, "entry 'a': "],
  ['a misspelt setting', { a: { LOGTAP_OPENSEARCH_INDX: 'x' } }, "did you mean 'LOGTAP_OPENSEARCH_INDEX'"],
])('%s is refused', (_, entries, says) => {
  expect(read(entries).problems.map(({ text }) => text)).toEqual([expect.stringContaining(says)]);
});
