/** The examples of docs/constructs.md, run as they stand there: they work, and make the YAML that stands below them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from '@swc/core';
import { Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import ts from 'typescript';
import { parse } from 'yaml';
import * as logtap from '../../../src/constructs/index.js';
import { deployment } from '../../support/workloads.js';

const page = readFileSync(join(__dirname, '../../../docs/constructs.md'), 'utf8');
const blocks = [...page.matchAll(/```ts\n(.*?)```(?:\n\n```yaml\n(.*?)```)?/gs)].map(([, code = '', yaml]) => ({
  code,
  yaml,
}));

/** Runs code with what the page takes for granted: a chart, a Deployment elsewhere, a manifest. Returns the chart. */
function run(code: string, names: readonly string[] = []) {
  const containers = names.map((name) => ({ name, image: 'x' }));
  const chart = Testing.chart();
  if (containers.length > 0) new kplus.Deployment(chart, 'Given', { containers });
  const elsewhere = new kplus.Deployment(Testing.chart(), 'Given', { containers: [{ image: 'x' }] });
  const script = transformSync(code, { jsc: { parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } });
  // What another page, or the AWS CDK, makes.
  const sink = logtap.Sink.openSearch({ url: 'https://opensearch.example:9200' });
  const others = { sink, iam: { PolicyStatement: class {} }, role: { addToPrincipalPolicy() {} } };
  const own = { chart, deployment: elsewhere, manifest: deployment() };
  const scope = { ...logtap, ...own, ...others, exports: {}, require: () => logtap };
  new Function(...Object.keys(scope), script.code)(...Object.values(scope));
  return chart;
}

/** The part of `actual` that `expected` speaks of: its fields, and the items of its names. */
function partOf(actual: unknown, expected: unknown): unknown {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    return expected.map((item, i) =>
      partOf(item.name === undefined ? actual[i] : actual.find(({ name }) => name === item.name), item),
    );
  }
  if (expected === null || typeof expected !== 'object') return actual;
  const fields = (actual ?? {}) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(expected).map(([key, value]) => [key, partOf(fields[key], value)]));
}

test('the page has them', () => {
  expect(blocks.length).toBeGreaterThan(5);
  expect(blocks.filter(({ yaml }) => yaml !== undefined).length).toBeGreaterThan(2);
});

describe.each(blocks.map(({ code, yaml }) => [code.split('\n').slice(1, 4).join(' ').trim(), code, yaml] as const))(
  '%s',
  (_start, code, yaml) => {
    if (yaml !== undefined) {
      test('makes the YAML below it', () => {
        const expected = parse(yaml);
        const chart = run(code, /new (Tapped|Shipper)/.test(code) ? [] : ['orders', 'envoy']);
        const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
        const [actual] = Testing.synth(chart);
        warn.mockRestore();
        expect(partOf(actual, expected)).toEqual(expected);
      });
    } else {
      test('runs, statement by statement', () => {
        const { statements } = ts.createSourceFile('x.ts', code, ts.ScriptTarget.ES2022, true);
        const isImport = (statement: ts.Statement) => ts.isImportDeclaration(statement);
        const imports = statements.filter(isImport).map((statement) => statement.getText());
        for (const statement of statements.filter((item) => !isImport(item))) {
          const act = () => run([...imports, statement.getText()].join('\n'), ['orders']);
          expect(act).not.toThrow();
        }
      });
    }
  },
);
