/** LT041: LimitRanges and ResourceQuotas of the same manifests, compared with the injected containers as the API server compares. */
import { ApiObject, Chart, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { check } from '../../../src/constructs/findings/check.js';
import { formatFinding } from '../../../src/constructs/findings/finding.js';
import { LogTap, type LogTapProps, Sink } from '../../../src/constructs/index.js';
import type { KubernetesObject, PodSpec } from '../../../src/constructs/injection/workload.js';
import { resolve } from '../../../src/constructs/props/resolve.js';
import { deployment, podSpec } from '../../support/workloads.js';

type Shipper = NonNullable<LogTapProps['shipper']>;
type Amounts = Record<string, string>;

const rule = (kind: string, spec: object, namespace?: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'shop', ...(namespace !== undefined && { namespace }) },
  spec,
});
const range = (...limits: object[]) =>
  rule('LimitRange', { limits: limits.map((each) => ({ type: 'Container', ...each })) });
const quota = (hard: Amounts, more = {}) => rule('ResourceQuota', { hard, ...more });

function found(
  rules: readonly object[],
  shipper: Shipper = {},
  spec: PodSpec = podSpec(),
  namespace?: string,
): string[] {
  const workload = deployment(spec);
  if (namespace !== undefined) workload.metadata = { ...workload.metadata, namespace };
  const props = resolve({ sink: Sink.stdout(), shipper: { image: 'logtap:1', ...shipper }, accept: ['LT035'] });
  return check(workload, props, rules).map(formatFinding);
}
const ofOne = (texts: readonly string[], container: string) =>
  texts
    .filter((text) => text.includes(`'${container}'`))
    .map((text) => text.split(`'${container}': `)[1]!.split(': ')[0]);

test('the whole message', () => {
  expect(found([range({ min: { cpu: '50m' } })], { installer: { cpuRequestMillis: 50 } })).toEqual([
    "LT041 Deployment/orders: LimitRange/shop refuses the container 'logtap': the minimum of cpu is 50m, but its request is 10m: raise 'shipper.cpuRequestMillis', or accept LT041 (docs/reference/findings.md#lt041)",
  ]);
  expect(
    found([quota({ 'limits.cpu': '8', 'limits.memory': '8Gi', 'requests.cpu': '4', memory: '8Gi', pods: '9' })]),
  ).toEqual([
    "LT041 Deployment/orders: ResourceQuota/shop refuses the pod: it demands limits.cpu of 'logtap-install' and 'logtap': set 'shipper.cpuLimitMillis', or accept LT041 (docs/reference/findings.md#lt041)",
  ]);
});

test.each<[string, object, string[]]>([
  [
    'a request below the minimum',
    { min: { memory: '96Mi' } },
    ['the minimum of memory is 96Mi, but its request is 64Mi'],
  ],
  [
    'both below the minimum',
    { min: { memory: '512Mi' } },
    [
      'the minimum of memory is 512Mi, but its request is 64Mi',
      'the minimum of memory is 512Mi, but its limit is 256Mi',
    ],
  ],
  [
    'a limit above the maximum',
    { max: { memory: '200Mi' } },
    ['the maximum of memory is 200Mi, but its limit is 256Mi'],
  ],
  ['no CPU limit: the maximum is the default', { max: { cpu: '1' } }, []],
  [
    'a ratio of memory',
    { maxLimitRequestRatio: { memory: '2' } },
    ['the limit of memory may be 2 times the request, but is 256Mi with a request of 64Mi'],
  ],
  [
    'a ratio of CPU without a limit',
    { maxLimitRequestRatio: { cpu: '4' } },
    ['the limit of cpu may be 4 times the request, but it has no limit'],
  ],
  [
    'a ratio of CPU with a default limit',
    { default: { cpu: '100m' }, maxLimitRequestRatio: { cpu: '5' } },
    ['the limit of cpu may be 5 times the request, but is 100m with a request of 10m'],
  ],
  [
    'a default limit below the request',
    { default: { cpu: '5m' } },
    ['its request of cpu is 10m, but the default limit is 5m'],
  ],
  ['the same amounts, written otherwise', { min: { cpu: '0.01', memory: '67108864' }, max: { memory: '0.25Gi' } }, []],
  ['other types', { type: 'Pod', max: { cpu: '1m' } }, []],
  ['no quantities', { min: { cpu: 'much' }, max: null }, []],
])('%s', (_name, item, expected) => {
  for (const container of ['logtap-install', 'logtap'])
    expect(ofOne(found([range(item)]), container)).toEqual(expected);
});

test('CPU amounts that differ only as floating-point numbers are equal', () => {
  const shipper = { cpuRequestMillis: 10, cpuLimitMillis: 70, installer: { cpuRequestMillis: 10 } };
  expect(found([range({ max: { cpu: '0.07' }, maxLimitRequestRatio: { cpu: '7' } })], shipper)).toEqual([]);
  expect(found([range({ max: { cpu: '0.069' } })], shipper)).toHaveLength(2);
});

test('the first default holds', () => {
  const rules = [
    range({ default: { cpu: '40m' } }),
    range({ default: { cpu: '1' }, maxLimitRequestRatio: { cpu: '4' } }),
  ];
  expect(found(rules)).toEqual([]);
  expect(found([...rules].reverse())).toHaveLength(2);
});

test('a default CPU limit satisfies a quota', () => {
  expect(found([quota({ 'limits.cpu': '8' }), range({ default: { cpu: '1' } })])).toEqual([]);
  expect(found([quota({ 'limits.cpu': '8' })], { cpuLimitMillis: 500 })).toEqual([]);
});

test('a quota with a scope that may not apply, or in a pod with resources as a whole', () => {
  const hard = { 'limits.cpu': '8' };
  const scope = { operator: 'In', scopeName: 'PriorityClass', values: ['high'] };
  expect(found([quota(hard, { scopes: ['Terminating'] })])).toEqual([]);
  expect(found([quota(hard, { scopeSelector: { matchExpressions: [scope] } })])).toEqual([]);
  expect(found([quota(hard, { scopes: ['NotBestEffort'] })])).toHaveLength(1);
  expect(found([quota(hard)], {}, podSpec({ resources: { limits: { cpu: '2' } } }))).toEqual([]);
});

test('only the rules of its namespace, and never of an object that is no rule', () => {
  const spec = { hard: { 'limits.cpu': '8' } };
  expect(found([rule('ResourceQuota', spec, 'shop')], {}, podSpec(), 'shop')).toHaveLength(1);
  expect(found([rule('ResourceQuota', spec, 'shop')], {}, podSpec(), 'other')).toEqual([]);
  expect(found([rule('ResourceQuota', spec, 'shop')])).toEqual([]);
  for (const empty of [rule('LimitRange', {}), { kind: 'ResourceQuota' }, rule('LimitRange', { limits: [null] })]) {
    expect(found([empty])).toEqual([]);
  }
});

test('a patch of what a quota demands', () => {
  const patch = '[{ "op": "remove", "path": "/shipper/resources/limits/memory" }]';
  expect(found([quota({ 'limits.memory': '8Gi' })], { patch })).toEqual([
    expect.stringContaining("it demands limits.memory of 'logtap': correct 'shipper.patch'"),
  ]);
});

test('at synthesis, among the objects of the app', () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
  const chart = new Chart(Testing.app(), 'shop', { namespace: 'shop' });
  new kplus.Deployment(chart, 'w', { containers: [{ image: 'orders:4.2' }], metadata: { name: 'w' } });
  new ApiObject(chart, 'quota', quota({ 'limits.cpu': '8' }) as never);
  const away = new ApiObject(chart, 'away', rule('ResourceQuota', { hard: { 'limits.cpu': '1' } }, 'other') as never);
  LogTap.tap(chart, { sink: Sink.stdout(), shipper: { image: 'logtap:1' } });
  Testing.synth(chart);
  expect(away.metadata.namespace).toBe('other');
  expect(warn.mock.calls).toEqual([
    [expect.stringMatching(/^\[shop\/w\/Resource\] warning LT041 Deployment\/w: ResourceQuota\/shop refuses the pod/)],
  ]);
  warn.mockRestore();
});
