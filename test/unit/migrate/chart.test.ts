/** The charts that `logtap migrate -o typescript` writes: they compile, and give the shipper the settings of the logtap.yaml. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as cdk8s from 'cdk8s';
import { ModuleKind, transpileModule } from 'typescript';
import { parseAllDocuments } from 'yaml';
import { propsOf } from '../../../src/cli/config.js';
import * as constructs from '../../../src/constructs/index.js';
import { shipperSettings } from '../../../src/constructs/sidecar/shipper-settings.js';
import { migrate } from '../../../src/migrate/main.js';
import { samplesOf } from '../../support/migrate-samples.js';

const directory = mkdtempSync(join(tmpdir(), 'logtap-'));
afterAll(() => rmSync(directory, { recursive: true }));

interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

/** Runs the source of a chart, and returns the containers of its Deployment. */
function synthesised(source: string): { app: Container[]; shipper: Container } {
  let yaml = '';
  class App extends cdk8s.App {
    constructor() {
      super({ outdir: directory });
    }
    override synth(): void {
      yaml = this.synthYaml() as string;
    }
  }
  const modules: Record<string, unknown> = { cdk8s: { ...cdk8s, App }, 'cdk8s-logtap': constructs };
  const { outputText, diagnostics } = transpileModule(source, {
    reportDiagnostics: true,
    compilerOptions: { module: ModuleKind.CommonJS },
  });
  expect(diagnostics).toEqual([]);
  new Function('require', 'exports', outputText)((name: string) => modules[name], {});
  const deployment = parseAllDocuments(yaml)
    .map((document) => document.toJS())
    .find((object) => object?.kind === 'Deployment');
  const { containers, initContainers } = deployment.spec.template.spec;
  const shipper = initContainers.find((each: Container) => each.env?.some(({ name }) => name === 'LOGTAP_SINK'));
  return { app: containers, shipper };
}

describe.each(['fluent-bit-classic', 'fluent-bit-yaml', 'fluentd', 'cloudwatch-agent', 'firelens', 'liblogtap'])(
  '%s',
  (kind) => {
    test.each(samplesOf(kind))('$title: the chart has the settings of the logtap.yaml', ({ text }) => {
      const request = { file: 'input', text, files: { read: () => undefined, match: () => [] }, variables: new Map() };
      const { text: source, data } = migrate({ ...request, output: 'typescript', image: 'logtap:1' });
      const { shipper } = synthesised(source);
      const given = Object.fromEntries((shipper.env ?? []).map(({ name, value }) => [name, value]));
      expect(given).toMatchObject(shipperSettings(propsOf(structuredClone(data))));
    });
  },
);

test('options of single containers have the members of enums, as a string would not compile', () => {
  const input = (name: string, parser: string) =>
    `[INPUT]\n  Name tail\n  Path /var/log/containers/*_shop_${name}-*.log\n  Tag ${name}\n  multiline.parser ${parser}\n`;
  const rule = '[MULTILINE_PARSER]\n  Name dated\n  Type regex\n  Rule "start_state" "/^\\d{4}-/" "cont"\n';
  const text = `${input('orders', 'java')}${input('batch', 'dated')}${rule}[OUTPUT]\n  Name stdout\n  Match *\n`;
  const files = { read: () => undefined, match: () => [] };
  const { text: source } = migrate({ file: 'in', text, files, variables: new Map(), output: 'typescript' });
  expect(source).toContain(
    "perContainer: { orders: { events: { mode: EventMode.AUTO } }, batch: { events: { pattern: '^\\\\d{4}-' } } },",
  );
  expect(source).toMatch(/^import \{.*\bEventMode\b.*\} from 'cdk8s-logtap';$/m);
});

test('containers of a task definition are those of the Deployment', () => {
  const { text } = samplesOf('firelens')[0]!;
  const files = { read: () => undefined, match: () => [] };
  const { text: source } = migrate({ file: 'task.json', text, files, variables: new Map(), output: 'typescript' });
  const { app } = synthesised(source);
  expect(app.map(({ name, image }) => [name, image])).toEqual([['orders', 'registry.example/orders:4.2']]);
});
