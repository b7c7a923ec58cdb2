/** The objects of a policy, and properties that a policy cannot have. The API server evaluates it in test/cluster/policy.ts. */
import { App, Chart, Testing } from 'cdk8s';
import { LogTapDefaults, LogTapPolicy, type LogTapProps, Sink } from '../../../src/constructs/index.js';
import { literal } from '../../../src/constructs/policy/cel.js';
import { tapPolicy } from '../../../src/constructs/policy/policy.js';
import { FailurePolicy } from '../../../src/constructs/props/log-tap-props.js';
import { resolve } from '../../../src/constructs/props/resolve.js';

const shipper = { image: 'registry.example/logtap:1' };
const sink = Sink.openSearch({ url: 'https://search.example:9200', index: 'orders' });
const base = { sink, shipper };

// biome-ignore lint/suspicious/noExplicitAny: objects of any kind
const policyOf = (props: LogTapProps = {}): any => tapPolicy('shop', resolve({ ...base, ...props })).objects[0];
const expressionOf = (name: string, props?: LogTapProps): string =>
  policyOf(props).spec.variables.find((each: { name: string }) => each.name === name).expression;

test('a policy and a binding for each place of the label', () => {
  const { objects, findings } = tapPolicy('shop', resolve(base));
  expect(findings).toEqual([]);
  expect(objects.map(({ kind, metadata }) => [kind, metadata?.name])).toEqual([
    ['MutatingAdmissionPolicy', 'shop'],
    ['MutatingAdmissionPolicyBinding', 'shop-namespaces'],
    ['MutatingAdmissionPolicyBinding', 'shop-pods'],
  ]);
  expect(objects).toMatchSnapshot();
});

test('a pod that cannot be tapped is refused or starts as it is, as the application waits for the shipper or not', () => {
  const failurePolicy = (policy: FailurePolicy) => policyOf({ failurePolicy: policy }).spec.failurePolicy;
  expect([FailurePolicy.FAIL_CLOSED, FailurePolicy.FAIL_OPEN].map(failurePolicy)).toEqual(['Fail', 'Ignore']);
});

test.each([
  ['a string', 'a "b"\\\n', '"a \\"b\\"\\\\\\n"'],
  ['texts', { a: '1', b: '2' }, '{"a": "1", "b": "2"}'],
  ['values of several types', { a: '1', b: 2, c: undefined }, '{"a": dyn("1"), "b": dyn(2)}'],
  ['a list of maps', [{ a: '1' }], '[dyn({"a": "1"})]'],
  ['nothing', [[], {}, true, null], '[dyn([]), dyn({}), dyn(true), dyn(null)]'],
])('the expression of %s', (_title, value, expression) => expect(literal(value)).toBe(expression));

test('what depends on the pod is an expression, also after the last patch', () => {
  const patch = JSON.stringify([
    { op: 'copy', from: '/shipper/env/6', path: '/shipper/env/0' },
    { op: 'add', path: '/installer/resources/limits/ephemeral-storage', value: '1Gi' },
  ]);
  expect(expressionOf('patch')).toContain('dyn(string(variables.graceSeconds))');
  expect(expressionOf('patch')).toContain('variables.hasStorageLimit');
  expect(expressionOf('patch', { shipper: { ...shipper, patch } })).not.toContain('123456');
});

test.each([
  ['a name with a capital letter', 'Shop', {}, /'name' \("Shop"\) must be the name of a policy/],
  ['a name of 53 letters', 'a'.repeat(53), {}, /'name'/],
  ['an empty name', '', {}, /'name'/],
  ['an old cluster', 'shop', { kubernetesVersion: '1.35' }, /'kubernetesVersion' \("1\.35"\) must be 1\.36 or newer/],
  ['a classic sidecar', 'shop', { nativeSidecar: false }, /'nativeSidecar' \(false\) must not be set with a policy/],
  ['nothing to tap', 'shop', { streams: 'none' as never }, /LT007 MutatingAdmissionPolicy\/shop/],
])('%s is refused', (_title, name, props, says) => {
  expect(() => tapPolicy(name, resolve({ ...base, ...props }))).toThrow(says);
});

test.each(['a'.repeat(52), 'a', '1-2'])('the name %s is accepted', (name) => {
  expect(tapPolicy(name, resolve({ ...base, kubernetesVersion: 'v1.36.2' })).objects).toHaveLength(3);
});

test('a property of a container is there, although not every pod has that container', () => {
  const props: LogTapProps = { containers: ['app'], excludeContainers: ['web'], perContainer: { db: { debug: true } } };
  const { findings } = tapPolicy('shop', resolve({ ...base, ...props }));
  // The policy does not tap what it excludes or does not list.
  expect(findings.map(({ code }) => code)).toEqual(['LT025']);
  expect(expressionOf('listed', props)).toContain('["app"]');
  expect(expressionOf('environment', props)).toContain('LLT_DEBUG_MODE');
});

describe('the construct', () => {
  test('has no namespace, and takes the defaults of its scope', () => {
    const chart = new Chart(new App(), 'platform', { namespace: 'platform' });
    new LogTapPolicy(chart, 'Policy', { name: 'shop' });
    LogTapDefaults.set(chart, base);
    expect(
      Testing.synth(chart).map(({ spec, ...object }) => ({ ...object, spec: spec.policyName ?? typeof spec })),
    ).toEqual(
      // biome-ignore lint/suspicious/noExplicitAny: objects of any kind
      tapPolicy('shop', resolve(base)).objects.map(({ spec, ...object }: any) => ({
        ...object,
        spec: spec.policyName ?? typeof spec,
      })),
    );
    const [policy] = Testing.synth(chart);
    expect(policy.spec).toEqual(policyOf().spec);
  });

  test('fails synthesis with the property', () => {
    const chart = new Chart(new App(), 'platform');
    new LogTapPolicy(chart, 'Policy', { name: 'shop', tap: { ...base, nativeSidecar: false } });
    expect(() => Testing.synth(chart)).toThrow(/'nativeSidecar'/);
  });

  test('refuses a name at once', () => {
    const chart = new Chart(new App(), 'platform');
    expect(() => new LogTapPolicy(chart, 'Policy', { name: 'a_b', tap: base })).toThrow(/'name' \("a_b"\)/);
  });
});
