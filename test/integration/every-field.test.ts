/**
 * Workloads with every field that the API of Kubernetes has, made from its schemas. A field that injection does not carry, or that
 * changes on the way through YAML, would be lost in silence.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureSchemas, schemaDirectory } from '../../scripts/kubernetes-schemas.js';
import { injectCommand } from '../../src/cli/manifests/inject.js';
import { formatManifests, parseManifests } from '../../src/cli/manifests/manifests.js';
import { uninjectCommand } from '../../src/cli/manifests/uninject.js';
import type { KubernetesObject } from '../../src/constructs/injection/workload.js';
import { runCommand } from '../support/command.js';
import { NEWEST_VERSION, schemaErrors } from '../support/kubernetes-schemas.js';

const VERSIONS = ['1.32', NEWEST_VERSION];
const KINDS = {
  'apps.v1.DaemonSet': 'Always',
  'apps.v1.Deployment': 'Always',
  'apps.v1.ReplicaSet': 'Always',
  'apps.v1.StatefulSet': 'Always',
  'batch.v1.CronJob': 'Never',
  'batch.v1.Job': 'Never',
  'core.v1.Pod': 'Always',
  'core.v1.PodTemplate': 'Always',
  'core.v1.ReplicationController': 'Always',
};

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
}

/** Such pods are not tapped, with a reason. */
const OF_OTHERS = ['ownerReferences', 'windowsOptions', 'os'];

/** Any value with all fields. Each text differs from the others, so that none takes the place of another one. */
class Maker {
  readonly #definitions: Readonly<Record<string, Schema>>;
  readonly #restartPolicy: string;
  #number = 0;

  constructor(version: string, restartPolicy: string) {
    this.#definitions = JSON.parse(readFileSync(join(schemaDirectory(version), '_definitions.json'), 'utf8')).$defs;
    this.#restartPolicy = restartPolicy;
  }

  object(kind: string): KubernetesObject {
    const [group, version, name] = kind.split('.') as [string, string, string];
    const made = this.#value({ $ref: `io.k8s.api.${kind}` }, '') as KubernetesObject;
    return { ...made, apiVersion: group === 'core' ? version : `${group}/${version}`, kind: name };
  }

  #value({ $ref, type, enum: values, oneOf, items, properties, additionalProperties }: Schema, field: string): unknown {
    if ($ref !== undefined) {
      const name = $ref.split('/').at(-1)!;
      return name.endsWith('resource.Quantity') ? '1' : this.#value(this.#definitions[name]!, field);
    }
    if (values !== undefined) return values[0];
    if (oneOf !== undefined) return this.#value(oneOf[0]!, field);
    if (items !== undefined) return [this.#value(items, field)];
    if (properties !== undefined) {
      const fields = Object.entries(properties).filter(([name]) => !OF_OTHERS.includes(name));
      return Object.fromEntries(fields.map(([name, schema]) => [name, this.#value(schema, name)]));
    }
    if (additionalProperties !== undefined) return { [this.#text('key')]: this.#value(additionalProperties, field) };
    if ([type].flat().includes('object')) return {};
    if ([type].flat().includes('boolean')) return true;
    if ([type].flat().includes('string')) return field === 'restartPolicy' ? this.#restartPolicy : this.#text(field);
    return 30;
  }

  #text(field: string): string {
    this.#number += 1;
    return `${field === 'mountPath' ? '/' : ''}${field.toLowerCase()}-${this.#number}`;
  }
}

const errorsOf = (text: string, version: string) =>
  parseManifests({ name: 'x', text }).flatMap(({ object }) =>
    // Containers that are added come before those of the application.
    schemaErrors(object, version).map((error) => error.replace(/\/\d+/g, '/*')),
  );

const FLAGS = ['-', '--sink', 'opensearch', '--url', 'https://os:9200', '--image', 'logtap:1'];
async function injected(text: string): Promise<string> {
  const { error, stdout, stderr } = await runCommand(injectCommand, FLAGS, text);
  expect(error).toBeUndefined();
  expect(stderr).toMatch(/^[+=] (injected|unchanged) /);
  return stdout;
}

beforeAll(async () => {
  await ensureSchemas();
}, 120_000);

describe.each(VERSIONS)('%s', (version) => {
  test.each(Object.entries(KINDS))(
    '%s with every field is tapped, and comes back to the byte',
    async (kind, policy) => {
      const text = formatManifests([new Maker(version, policy).object(kind)], 'yaml');
      expect(text.split('\n').length).toBeGreaterThan(500);
      const tapped = await injected(text);
      expect(tapped).toContain('name: logtap-install');
      const before = new Set(errorsOf(text, version));
      expect(errorsOf(tapped, version).filter((error) => !before.has(error))).toEqual([]);
      expect(await injected(tapped)).toBe(tapped);
      const { error, stdout } = await runCommand(uninjectCommand, ['-'], tapped);
      expect(error).toBeUndefined();
      expect(stdout).toBe(text);
    },
  );
});
