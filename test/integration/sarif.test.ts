/** `logtap check --format sarif` before the schema of its specification. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { ensureSarifSchema } from '../../scripts/sarif-schema.js';
import { RULES } from '../../src/constructs/findings/finding.js';
import { describeWith } from '../support/capability.js';
import { logtap, run, temporaryDirectory } from '../support/run.js';

/** What is looked at. */
interface Result {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: string;
  readonly locations: readonly [
    {
      readonly physicalLocation: {
        readonly artifactLocation: { readonly uri: string };
        readonly region: { readonly startLine: number };
      };
      readonly logicalLocations: readonly [{ readonly fullyQualifiedName: string }];
    },
  ];
}

const POD = `apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  hostNetwork: true
  containers: [{ name: web, image: scratch }]
`;

describeWith(['SARIF schema'], 'SARIF', () => {
  test('is valid, and says for each finding its rule, its level, its file and its line', async () => {
    // Of draft 4, with nothing that later drafts read otherwise.
    const { id, $schema, ...schema } = JSON.parse(readFileSync(ensureSarifSchema(), 'utf8'));
    expect([id, $schema]).toEqual([expect.stringContaining('sarif-schema-2.1.0'), expect.stringContaining('draft-04')]);
    const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'a pod.yaml'), `# a comment\n${POD}---\n${POD}`);
    const args = [
      logtap,
      'check',
      'a pod.yaml',
      '--sink',
      'stdout',
      '--accept',
      'LT029',
      '--containers',
      'db,web',
      '--format',
      'sarif',
    ];
    const { code, stdout } = await run(process.execPath, args, { cwd: directory });
    expect(code).toBe(1);
    const log = JSON.parse(stdout);
    validate(log);
    expect(validate.errors).toBeNull();
    const [{ tool, results }] = log.runs;
    expect(tool.driver.rules.map(({ id: rule }: { id: string }) => rule)).toEqual(Object.keys(RULES));
    const found = results.map(
      ({ ruleId, ruleIndex, level, locations: [{ physicalLocation, logicalLocations }] }: Result) => [
        ruleId === tool.driver.rules[ruleIndex].id && ruleId,
        level,
        physicalLocation.artifactLocation.uri,
        physicalLocation.region.startLine,
        logicalLocations[0].fullyQualifiedName,
      ],
    );
    expect(found).toEqual(
      [2, 9].flatMap((line) => [
        ['LT002', 'error', 'a%20pod.yaml', line, 'Pod/web'],
        ['LT026', 'warning', 'a%20pod.yaml', line, 'Pod/web'],
        ['LT015', 'warning', 'a%20pod.yaml', line, 'Pod/web'],
        ['LT037', 'note', 'a%20pod.yaml', line, 'Pod/web'],
      ]),
    );
    // The schema has teeth.
    log.runs[0].results[0].level = 'fatal';
    expect(validate(log)).toBe(false);
  });
});
