/** examples/kubernetes, run by the commands of its own page. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { createAuthority } from '../../scripts/certificates.js';
import { linesOf } from '../support/cluster.js';
import { giveRole, IRSA } from '../support/cluster-roles.js';
import { startFront } from '../support/opensearch-front.js';
import { runPage, type Step, stepsOf } from '../support/page.js';
import { root, temporaryDirectory } from '../support/run.js';
import { readCloudWatch } from '../support/sinks-read-back.js';
import type { AuditedTest } from './audits.js';

const PASSWORD = 'correct horse';
const URL_ON_PAGE = 'https://opensearch.example:9200';

/** The steps from each deployment to the next, and those after the last. */
function sections(steps: readonly Step[]): Step[][] {
  const found: Step[][] = [[]];
  for (const step of steps) {
    const starts = 'command' in step && /^logtap (un)?inject/.test(step.command);
    if (starts) found.push([]);
    found.at(-1)!.push(step);
  }
  return found;
}

export function example(test: AuditedTest): void {
  test('the example: untapped, to stdout, to CloudWatch Logs by the role of its account, to OpenSearch, and back', async (k8s) => {
    const directory = temporaryDirectory();
    cpSync(join(root, 'examples/kubernetes'), directory, { recursive: true });
    const authority = createAuthority(temporaryDirectory());
    writeFileSync(join(directory, 'ca.crt'), authority.ca);
    const expected = `Basic ${Buffer.from(`clock:${PASSWORD}`).toString('base64')}`;
    const front = await startFront(
      k8s.search.url,
      ({ headers, response }) => {
        if (headers.authorization !== expected) response.writeHead(401).end();
      },
      authority.issue('node', k8s.address),
    );
    try {
      await giveRole(k8s, 'clock', IRSA);
      const options = {
        cwd: directory,
        env: { PATH: k8s.path(), PASSWORD },
        // What a user has of their own: the services' addresses.
        replace: {
          [URL_ON_PAGE]: await k8s.expose(front.url),
          '--region eu-central-1': `--region eu-central-1 --endpoint ${k8s.within(k8s.cloud.url)}`,
        },
      };
      const [untapped = [], stdout = [], cloudWatch = [], openSearch = [], back = [], ...more] = sections(
        stepsOf('examples/kubernetes/README.md'),
      );
      expect(more).toEqual([]);
      /** What `read` finds is the program's own log: each line that this has now once, and only later ones beside them. */
      const compared = async (read: (pod: string) => Promise<string[]>) => {
        const [pod = ''] = (await k8s.pods('app=clock')).map(({ metadata }) => metadata.name as string);
        const printed = linesOf(await k8s.tell(['logs', pod, '-c', 'clock']));
        expect(printed.length).toBeGreaterThan(0);
        const known = async () => (await read(pod)).filter((line) => printed.includes(line));
        await k8s.until('the last line is stored', async () => (await known()).length >= printed.length);
        expect((await known()).sort()).toEqual(printed.sort());
        expect((await read(pod)).filter((line) => !line.includes(' UTC '))).toEqual([]);
      };

      await runPage([...untapped, ...stdout], options);
      const objects = (file: string) =>
        parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS());
      expect(objects(join(directory, 'stdout.yaml'))).toEqual(objects(join(root, 'examples/kubernetes/stdout.yaml')));
      await compared(async (pod) => {
        const lines = linesOf(await k8s.tell(['logs', pod, '-c', 'logtap'])).map((line) => JSON.parse(line));
        return lines.filter(({ pod_name }) => pod_name === pod).map(({ message }) => message);
      });
      await runPage(cloudWatch, options);
      await compared((pod) => readCloudWatch(k8s.cloud.url, '/demo/clock', `default/${pod}`));
      await runPage(openSearch, options);
      await compared(() => k8s.stored('clock'));
      await runPage(back, options);
      k8s.ships('clock', { logGroup: '/demo/clock' });
      k8s.ships('clock', { index: 'clock' });
    } finally {
      await front.stop();
    }
  });
}
