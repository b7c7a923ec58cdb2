/** Which service a proof is about. */
import { type ServiceFlags, serviceOf } from '../../../../src/cli/prove/service-flags.js';

const URL = 'https://search.example:9200';
const OPENSEARCH = { kind: 'opensearch', url: URL, index: undefined };
const CLOUDWATCH = { kind: 'cloudwatch', group: '/shop' };
const BOTH = { LOGTAP_OPENSEARCH_URL: URL, LOGTAP_CLOUDWATCH_LOG_GROUP: '/shop' };

test.each<[string, ServiceFlags, Record<string, string>, object]>([
  ['--opensearch', { opensearch: URL, index: 'proof' }, {}, { ...OPENSEARCH, index: 'proof' }],
  ['--cloudwatch', { cloudwatch: '/shop' }, {}, CLOUDWATCH],
  [
    '--cloudwatch, over the settings',
    { cloudwatch: '/shop' },
    { LOGTAP_SINK: 'opensearch', LOGTAP_OPENSEARCH_URL: URL },
    CLOUDWATCH,
  ],
  ['the address of OpenSearch', {}, { LOGTAP_OPENSEARCH_URL: URL }, OPENSEARCH],
  ['the log group', {}, { LOGTAP_CLOUDWATCH_LOG_GROUP: '/shop' }, CLOUDWATCH],
  ['LOGTAP_SINK, of two addresses', {}, { ...BOTH, LOGTAP_SINK: 'cloudwatch' }, CLOUDWATCH],
  ['LOGTAP_SINK, beside a sink that cannot be read', {}, { ...BOTH, LOGTAP_SINK: 'stdout, opensearch' }, OPENSEARCH],
  ['a flag, of two sinks', { opensearch: URL }, { ...BOTH, LOGTAP_SINK: 'cloudwatch,opensearch' }, OPENSEARCH],
])('%s', (_, flags, env, expected) => {
  expect(serviceOf(flags, env)).toEqual(expected);
});

test.each<[string, ServiceFlags, Record<string, string>, string]>([
  ['no service', {}, {}, 'prove needs --opensearch URL or --cloudwatch GROUP'],
  [
    'a sink that cannot be read',
    {},
    { ...BOTH, LOGTAP_SINK: 'stdout' },
    'prove needs --opensearch URL or --cloudwatch GROUP',
  ],
  ['two flags', { opensearch: URL, cloudwatch: '/shop' }, {}, 'a proof is of one service'],
  ['two sinks', {}, { ...BOTH, LOGTAP_SINK: 'cloudwatch,opensearch' }, 'a proof is of one service'],
  ['two addresses', {}, BOTH, 'a proof is of one service'],
  ['a sink without its address', {}, { LOGTAP_SINK: 'cloudwatch' }, 'LOGTAP_CLOUDWATCH_LOG_GROUP'],
  ['no URL', { opensearch: 'search' }, {}, '--opensearch (search) must be a URL'],
  ['an index of CloudWatch Logs', { cloudwatch: '/shop', index: 'proof' }, {}, '--index needs OpenSearch'],
])('%s is an error', (_, flags, env, message) => {
  expect(() => serviceOf(flags, env)).toThrow(expect.objectContaining({ message: expect.stringContaining(message) }));
});
