/** Messages lead to sections of the runbook that are there, and every section is found from a message or from the table of symptoms. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runbook, SYMPTOMS } from '../../../src/catalog/runbook.js';

const page = readFileSync(join(resolve(__dirname, '../../..'), 'docs/guides/runbook.md'), 'utf8');
const sections = page
  .split(/^## /m)
  .slice(1)
  .map((text) => {
    const [heading = '', ...body] = text.split('\n');
    return { anchor: heading.toLowerCase().replaceAll(' ', '-'), body: body.join('\n') };
  });
const bySymptom = new Map(sections.map(({ anchor, body }) => [anchor, body]));

test.each(SYMPTOMS)('%s has a cause, commands and a remedy', (symptom) => {
  const body = bySymptom.get(symptom) ?? '';
  expect(body).toMatch(/^\*\*Cause\.\*\* /m);
  expect(body).toMatch(/^```sh\n(kubectl|curl|logtap|aws|openssl) /m);
  expect(body).toMatch(/^\*\*Remedy\.\*\* /m);
});

test('every section but the one about shells is a symptom', () => {
  expect(sections.map(({ anchor }) => anchor)).toEqual(['look-into-a-pod-without-a-shell', ...SYMPTOMS]);
});

test('a message names page and section', () => {
  expect(runbook('no-shipper-reads')).toBe('docs/guides/runbook.md#no-shipper-reads');
});
