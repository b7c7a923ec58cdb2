/**
 * What `logtap migrate` makes of documented configurations: which file, which sink, which filters. The expected properties
 * are written by hand, and compared whole, so that a key that is lost or invented is a difference.
 */
import Ajv2020 from 'ajv/dist/2020';
import { parse } from 'yaml';
import { propsOf } from '../../../src/cli/config.js';
import schema from '../../../src/cli/config-schema.json';
import { injected } from '../../../src/cli/manifests/inject.js';
import type { Kind } from '../../../src/cli/migrate/migrate-module.js';
import { migrate } from '../../../src/migrate/main.js';
import { samplesOf } from '../../support/migrate-samples.js';

const isValid = new Ajv2020({ strict: false }).compile(schema);

/** Each scalar and each empty object or list is a key. */
function leaves(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  const inner = Object.values(value);
  return inner.length === 0 ? 1 : inner.reduce((sum: number, each) => sum + leaves(each), 0);
}

const lines = (text: string, isNoKey: RegExp) =>
  text.split('\n').filter((line) => line.trim() !== '' && !isNoKey.test(line.trim())).length;

/** Keys of an input, counted by other means than the readers'. */
const KEYS: Readonly<Record<string, (text: string) => number>> = {
  'fluent-bit-classic': (text) => lines(text, /^[#[]/),
  'fluent-bit-yaml': (text) => leaves(parse(text)),
  fluentd: (text) => lines(text, /^[#<]/),
  'cloudwatch-agent': (text) => leaves(JSON.parse(text)),
  firelens: (text) => leaves(JSON.parse(text)),
  liblogtap: (text) =>
    text.match(/LLT_\w+|SINK_\w+|SOCKET_PATH|LD_PRELOAD|POD_NAME|NAMESPACE|NODE_NAME|DATABASE_URL|JAVA_OPTS/g)
      ?.length ?? 0,
};

const request = (text: string, kind?: Kind) => ({
  ...(kind ? { kind } : {}),
  file: 'input',
  text,
  files: { read: () => undefined, match: () => [] },
  variables: new Map(),
  output: 'yaml' as const,
});

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'orders' },
  spec: { containers: [{ name: 'orders', image: 'orders:1' }] },
};

describe.each(Object.keys(KEYS))('%s', (kind) => {
  const samples = samplesOf(kind);

  test('there are at least 25 samples, with different titles', () => {
    expect(samples.length).toBeGreaterThanOrEqual(25);
    expect(new Set(samples.map(({ title }) => title)).size).toBe(samples.length);
  });

  test.each(samples)('$title: file, sink, filters and what is left', ({ text, expected }) => {
    const { data, judged, secrets, gaps } = migrate(request(text));
    expect({
      data,
      left: judged.filter(({ fate }) => fate === 'not carried over').map(({ entry }) => entry.key),
      secrets: secrets.map(({ name, key }) => `${name}/${key}`),
      gaps: gaps.map(({ property }) => property),
    }).toEqual(expected);
  });

  test.each(samples)('$title: every key has a verdict with a reason', ({ text }) => {
    const { judged } = migrate(request(text));
    expect(judged).toHaveLength(KEYS[kind]!(text));
    expect(judged.filter((each) => each.text.length < 4)).toEqual([]);
  });

  test.each(samples)('$title: the result is valid by the schema and can be injected', ({ text }) => {
    const { data, text: yaml } = migrate(request(text));
    expect(parse(yaml)).toEqual(data);
    isValid(data);
    expect(isValid.errors).toBeNull();
    const { report } = injected(structuredClone(pod), propsOf(structuredClone(data)));
    expect(report[0]).toBe('+ injected Pod/orders');
  });

  test.each(samples)('$title: no secret of the input is in the result, nor in the report', ({ text }) => {
    const { text: yaml, report } = migrate(request(text));
    expect(`${yaml}${report}`).not.toMatch(/hunter2|swordfish/);
  });
});
