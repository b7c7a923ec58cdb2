/** The examples of the page on fields, each executed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings } from '../../../../src/catalog/read-settings.js';
import { FieldReader } from '../../../../src/shipper/fields/reader.js';
import { Labels } from '../../../../src/shipper/labels/labels.js';
import { EventFormat } from '../../../../src/shipper/sinks/cloudwatch/format.js';
import { BulkEncoder } from '../../../../src/shipper/sinks/opensearch/encoder.js';
import { batchOf, noResource } from '../../../support/batches.js';

const page = readFileSync(join(__dirname, '../../../../docs/guides/fields.md'), 'utf8');
const WRITTEN = Date.UTC(2026, 10, 28, 14, 8, 45);

interface Example {
  readonly env: Readonly<Record<string, string>>;
  readonly line: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Each block of `json` with the line and the settings before it. */
function examples(): Example[] {
  const found: Example[] = [];
  let env: Example['env'] = {};
  let line = '';
  for (const [, kind, text = ''] of page.matchAll(/^```(env|text|json)\n(.*?)```/gms)) {
    if (kind === 'env')
      env = Object.fromEntries(
        text
          .trim()
          .split('\n')
          .map((each) => each.split(/=(.*)/s, 2)),
      );
    else if (kind === 'text') line = text.trimEnd();
    else found.push({ env, line, json: JSON.parse(text) });
  }
  return found;
}

test('the page has examples', () => {
  expect(examples().length).toBeGreaterThan(7);
});

test('all settings of the page are valid', () => {
  for (const [, text = ''] of page.matchAll(/^```env\n(.*?)```/gms)) {
    const env = Object.fromEntries(
      text
        .trim()
        .split('\n')
        .map((each) => each.split(/=(.*)/s, 2)),
    );
    expect(readSettings({ LOGTAP_SINK: 'stdout', LOGTAP_STATIC_FIELDS: 'team=red', ...env }).problems).toEqual([]);
  }
});

test.each(examples().map((example) => [example.line, example] as const))('%.60s', (_, { env, line, json }) => {
  const { settings, problems } = readSettings({ LOGTAP_SINK: 'stdout', ...env });
  expect(problems).toEqual([]);
  const batch = batchOf([{ message: line, timeMs: WRITTEN }]);
  if (settings.cloudwatchFormat === 'json') {
    const { bytes } = new EventFormat(settings).apply(batch, 1000);
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual(json);
    return;
  }
  const encoder = new BulkEncoder({
    ...{ index: 'logs', schema: settings.opensearchSchema, resource: noResource },
    fields: new FieldReader(settings),
    labels: new Labels(settings),
  });
  const body = encoder.encode(batch, 0, 1, 1e6, { withData: true, withFields: true });
  const found = JSON.parse(body.bytes.toString().split('\n')[1]!);
  // `null` says that a field is absent.
  for (const [name, value] of Object.entries(json)) {
    if (value === null) expect(found).not.toHaveProperty([name]);
    else expect(found[name]).toEqual(value);
  }
});
