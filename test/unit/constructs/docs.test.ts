/** The unchanged examples of pages run, and synthesize the YAML below them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from '@swc/core';
import { Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';
import * as logtap from '../../../src/constructs/index.js';
import { deployment } from '../../support/workloads.js';

const PAGES = [
  'reference/constructs.md',
  'guides/aws.md',
  'guides/credentials.md',
  'guides/meshes.md',
  'guides/eks-and-fargate.md',
  'guides/observability.md',
  'guides/prove-it.md',
];

interface Example {
  readonly code: string;
  readonly yaml: string | undefined;
}

function examples(page: string): Example[] {
  const text = readFileSync(join(__dirname, '../../../docs', page), 'utf8');
  const blocks = [...text.matchAll(/```ts\n(.*?)```(?:\n\n```yaml\n(.*?)```)?/gs)];
  return blocks.map(([, code = '', yaml]) => ({ code, yaml }));
}

/** Runs code with what the page takes for granted: a chart, a Deployment elsewhere, a manifest. Returns the chart. */
function run(code: string, names: readonly string[] = []) {
  const containers = names.map((name) => ({ name, image: 'x' }));
  const chart = Testing.chart();
  if (containers.length > 0) new kplus.Deployment(chart, 'Given', { containers });
  const elsewhere = new kplus.Deployment(Testing.chart(), 'Given', { containers: [{ image: 'x' }] });
  const script = transformSync(code, { jsc: { parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } });
  const sink = logtap.Sink.openSearch({ url: 'https://opensearch.example:9200' });
  const own = { chart, sink, deployment: elsewhere, manifest: deployment() };
  const scope = { ...logtap, ...own, exports: {}, require: () => logtap };
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

describe.each(PAGES)('docs/%s', (page) => {
  test('has examples with YAML', () => {
    expect(examples(page).some(({ yaml }) => yaml !== undefined)).toBe(true);
  });

  describe.each(
    examples(page).map(({ code, yaml }) => [code.split('\n').slice(1, 4).join(' ').trim(), code, yaml] as const),
  )('%s', (_start, code, yaml) => {
    if (yaml !== undefined) {
      test('synthesizes the YAML below it', () => {
        const chart = run(code, /new (Tapped|Shipper|Proof)/.test(code) ? [] : ['orders', 'envoy']);
        const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
        const objects = Testing.synth(chart);
        warn.mockRestore();
        for (const document of parseAllDocuments(yaml)) {
          const expected = document.toJS();
          // YAML that names no kind is of the first.
          const actual = objects.find(({ kind }) => expected.kind === undefined || kind === expected.kind);
          expect(partOf(actual, expected)).toEqual(expected);
        }
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
  });
});
