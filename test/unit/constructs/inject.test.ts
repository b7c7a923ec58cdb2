/** What injection adds to a pod, what it leaves alone, and what it refuses. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { uninject } from '../../../src/constructs/injection/uninject.js';
import { canonicalObject, podTemplate } from '../../../src/constructs/injection/workload.js';
import type { LogTapProps } from '../../../src/constructs/props/log-tap-props.js';
import { TapStreams } from '../../../src/constructs/props/tap-options.js';
import { Sink } from '../../../src/constructs/sinks/sink.js';
import { LIBRARY_ENV, STDIO_PLACEHOLDER } from '../../../src/contract.js';
import { inject } from '../../support/tap.js';
import { container, deployment, podSpec, variables, workloads } from '../../support/workloads.js';

const stdout: LogTapProps = { sink: Sink.stdout() };
const withPassword: LogTapProps = {
  sink: Sink.openSearch({
    url: 'https://os:9200',
    username: 'shipper',
    passwordSecret: { name: 'opensearch', key: 'password' },
  }),
};
const LIBRARY = '/.logtap-lib/liblogtap.so';
const MEMORY_MOUNT = { name: 'logtap', mountPath: '/.logtap' };
const LIBRARY_MOUNT = { name: 'logtap-lib', mountPath: '/.logtap-lib' };

/** A pod that uses every list that injection touches. */
const crowded = podSpec({
  containers: [
    {
      name: 'app',
      image: 'orders:4.2',
      env: [
        { name: 'LD_PRELOAD', value: '/opt/agent.so' },
        { name: 'A', value: '1' },
      ],
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    },
    {
      name: 'web',
      image: 'nginx:1.27',
      env: [
        { name: 'BEFORE', value: '1' },
        { name: 'LD_PRELOAD', valueFrom: { configMapKeyRef: { name: 'preload', key: 'list' } } },
        { name: 'AFTER', value: '2' },
      ],
    },
  ],
  initContainers: [{ name: 'migrate', image: 'orders:4.2' }],
  volumes: [{ name: 'data', emptyDir: {} }],
  terminationGracePeriodSeconds: 90,
});

describe.each(workloads().map((workload) => [workload.kind, workload] as const))('%s', (_kind, workload) => {
  const result = inject(workload, stdout);
  const { metadata, spec } = podTemplate(result);

  test('installer, then shipper, run before the application', () => {
    expect(spec.initContainers?.map(({ name, args }) => [name, args])).toEqual([
      ['logtap-install', ['install', '/.logtap-lib', '/.logtap/rings']],
      ['logtap', ['ship']],
    ]);
    expect(spec.containers.map(({ name }) => name)).toEqual(['app']);
  });

  test('the application is tapped', () => {
    expect(variables(container(result, 'app'))).toMatchObject({ LD_PRELOAD: LIBRARY, LLT_TAP_INTO: '3' });
  });

  test('the shared memory is mounted in all three', () => {
    expect(spec.volumes?.[0]).toEqual({ name: 'logtap', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } });
    for (const name of ['logtap-install', 'logtap', 'app']) {
      expect(container(result, name).volumeMounts).toContainEqual(MEMORY_MOUNT);
    }
  });

  test('the library is on its own volume, which only the installer can write', () => {
    expect(spec.volumes?.slice(1)).toEqual([{ name: 'logtap-lib', emptyDir: { medium: 'Memory', sizeLimit: '2Mi' } }]);
    const mounts = Object.fromEntries(
      [...spec.containers, ...(spec.initContainers ?? [])].map(({ name, volumeMounts }) => [
        name,
        volumeMounts?.filter((mount) => mount.name === 'logtap-lib'),
      ]),
    );
    expect(mounts).toEqual({
      app: [{ ...LIBRARY_MOUNT, readOnly: true }],
      'logtap-install': [LIBRARY_MOUNT],
      logtap: [{ ...LIBRARY_MOUNT, readOnly: true }],
    });
  });

  test('the grace period is extended by the drain and a margin', () => {
    expect(spec.terminationGracePeriodSeconds).toBe(60);
  });

  test('the pod template has an annotation with the digest of the settings', () => {
    expect(metadata?.annotations?.['logtap.dev/config-hash']).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe('the application container', () => {
  test('gets exactly these variables', () => {
    const result = inject(deployment(), {
      ...stdout,
      file: '/var/log/app.log',
      suppressFile: true,
      suppressStreams: true,
    });
    expect(container(result, 'app').env).toEqual([
      { name: 'LD_PRELOAD', value: LIBRARY },
      { name: 'LLT_CONTAINER', value: 'app' },
      { name: 'LLT_FORMAT', value: 'frame' },
      { name: 'LLT_STDIO', value: STDIO_PLACEHOLDER },
      { name: 'LLT_SUPPRESS_STDOUT', value: 'true' },
      { name: 'LLT_SUPPRESS_TAP_FILE', value: 'true' },
      { name: 'LLT_TAP_FILE', value: '/var/log/app.log' },
      { name: 'LLT_TAP_INTO', value: '3' },
      { name: 'LLT_TARGET', value: 'ring:/.logtap/rings' },
    ]);
  });

  test('suppresses nothing by default', () => {
    const env = variables(container(inject(deployment(), { ...stdout, file: '/a.log' }), 'app'));
    expect(env).not.toHaveProperty(LIBRARY_ENV.SUPPRESS_STDOUT.name);
    expect(env).not.toHaveProperty(LIBRARY_ENV.SUPPRESS_TAP_FILE.name);
  });

  test.each([
    [TapStreams.STDOUT, '1'],
    [TapStreams.STDERR, '2'],
    [TapStreams.BOTH, '3'],
    [TapStreams.NONE, '0'],
  ])('streams %s', (streams, into) => {
    const env = variables(container(inject(deployment(), { ...stdout, file: '/a.log', streams }), 'app'));
    expect(env.LLT_TAP_INTO).toBe(into);
  });

  test('keeps its preload list behind the library', () => {
    expect(container(inject(deployment(crowded), stdout), 'app').env?.slice(0, 2)).toEqual([
      { name: 'LD_PRELOAD', value: `${LIBRARY}:/opt/agent.so` },
      { name: 'A', value: '1' },
    ]);
  });

  test('keeps a preload list from a ConfigMap, defined before it is referred to', () => {
    expect(container(inject(deployment(crowded), stdout), 'web').env?.slice(0, 4)).toEqual([
      { name: 'BEFORE', value: '1' },
      { name: 'LLT_ORIG_LD_PRELOAD', valueFrom: { configMapKeyRef: { name: 'preload', key: 'list' } } },
      { name: 'LD_PRELOAD', value: `${LIBRARY}:$(LLT_ORIG_LD_PRELOAD)` },
      { name: 'AFTER', value: '2' },
    ]);
  });

  test('sets no variable twice', () => {
    const result = inject(deployment(crowded), stdout);
    for (const name of ['app', 'web']) {
      const names = container(result, name).env?.map((variable) => variable.name) ?? [];
      expect(names).toEqual([...new Set(names)]);
    }
  });

  test('keeps its own fields', () => {
    const result = inject(deployment(crowded), stdout);
    const { env: _, volumeMounts, ...rest } = container(result, 'app');
    expect(rest).toEqual({ name: 'app', image: 'orders:4.2' });
    expect(volumeMounts).toEqual([
      { name: 'data', mountPath: '/data' },
      MEMORY_MOUNT,
      { ...LIBRARY_MOUNT, readOnly: true },
    ]);
  });

  test('each container carries its own name', () => {
    const result = inject(deployment(crowded), stdout);
    expect(['app', 'web'].map((name) => variables(container(result, name)).LLT_CONTAINER)).toEqual(['app', 'web']);
  });

  test('containers may select init containers', () => {
    const result = inject(deployment(crowded), { ...stdout, containers: ['migrate', 'web'] });
    const tapped = ['app', 'web', 'migrate'].filter((name) => 'LLT_TARGET' in variables(container(result, name)));
    expect(tapped).toEqual(['web', 'migrate']);
    expect(container(result, 'app')).toEqual(crowded.containers[0]);
  });

  test('init containers of the application come after the shipper, and are tapped only if named', () => {
    const result = inject(deployment(crowded), stdout);
    expect(podTemplate(result).spec.initContainers?.map(({ name }) => name)).toEqual([
      'logtap-install',
      'logtap',
      'migrate',
    ]);
    expect(container(result, 'migrate')).toEqual({ name: 'migrate', image: 'orders:4.2' });
  });
});

interface Probe {
  readonly exec: { readonly command: readonly string[] };
  readonly timeoutSeconds: number;
  readonly periodSeconds: number;
}

describe('the shipper', () => {
  const result = inject(deployment(), { ...withPassword, shipper: { drainSeconds: 45 } });
  const shipper = container(result, 'logtap');

  test('is a native sidecar, and the application waits for it', () => {
    expect(shipper.restartPolicy).toBe('Always');
    expect(shipper.ports).toEqual([{ name: 'logtap', containerPort: 9598 }]);
    const waits = (seconds: string) => ({
      exec: { command: ['/.logtap-lib/logtap-probe', '9598', '/livez', seconds] },
    });
    expect(shipper.lifecycle).toMatchObject({ postStart: waits('60') });
    expect(shipper.livenessProbe).toMatchObject(waits('10'));
    expect(shipper).not.toHaveProperty('startupProbe');
    expect(shipper.volumeMounts).toContainEqual({ name: 'logtap-lib', mountPath: '/.logtap-lib', readOnly: true });
  });

  test('is asked at its own port, and a probe has more time than its program waits', () => {
    const props = { ...stdout, shipper: { statusPort: 9700, readinessProbe: true } };
    const asked = container(inject(deployment(), props), 'logtap');
    for (const probe of [asked.livenessProbe, asked.readinessProbe] as Probe[]) {
      const [, port, , seconds] = probe.exec.command;
      expect(port).toBe('9700');
      expect(probe.timeoutSeconds).toBeGreaterThan(Number(seconds));
      expect(probe.periodSeconds).toBeGreaterThanOrEqual(probe.timeoutSeconds);
    }
  });

  test('gets a preStop hook, because its signal comes only after the end of the application', () => {
    const command = ['/nodejs/bin/node', '/opt/logtap/dist/cli/logtap.js', 'terminate'];
    expect(shipper.lifecycle).toMatchObject({ preStop: { exec: { command } } });
    const dockerfile = readFileSync(join(__dirname, '../../../Dockerfile'), 'utf8');
    for (const path of command.slice(0, 2)) expect(dockerfile).toContain(`"${path}"`);
    const classic = container(inject(deployment(), { ...stdout, nativeSidecar: false }), 'logtap');
    expect(Object.keys(classic.lifecycle as object)).toEqual(['postStart']);
    expect(variables(classic)).not.toHaveProperty('LOGTAP_TERMINATION_GRACE_SECONDS');
  });

  test('has no readiness probe, which could remove the application from its Services', () => {
    expect(shipper).not.toHaveProperty('readinessProbe');
  });

  test('gets its socket, its sink and its time to drain', () => {
    expect(variables(shipper)).toEqual({
      LOGTAP_GRACE_SECONDS: '45',
      LOGTAP_OPENSEARCH_PASSWORD_FILE: '/etc/logtap/secrets/opensearch/password',
      LOGTAP_OPENSEARCH_URL: 'https://os:9200',
      LOGTAP_OPENSEARCH_USERNAME: 'shipper',
      LOGTAP_RING_DIR: '/.logtap/rings',
      LOGTAP_SINK: 'opensearch',
      LOGTAP_SOCKET: '/.logtap/run/logtap.sock',
      // All of the pod's, as below: after the hook the kill is so far away.
      LOGTAP_TERMINATION_GRACE_SECONDS: '80',
    });
    expect(podTemplate(result).spec.terminationGracePeriodSeconds).toBe(80);
  });

  test('gets the names of its pod from the Downward API, before the settings that may refer to them', () => {
    const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
    expect(shipper.env?.slice(0, 4)).toEqual([
      field('NODE_NAME', 'spec.nodeName'),
      field('POD_NAME', 'metadata.name'),
      field('POD_NAMESPACE', 'metadata.namespace'),
      field('POD_UID', 'metadata.uid'),
    ]);
  });

  test('mounts a key once even if two settings read it', () => {
    const pem = { name: 'tls', key: 'all.pem' };
    const secrets = { caSecret: pem, clientCertificateSecret: pem, clientKeySecret: { ...pem, key: 'key.pem' } };
    const sink = Sink.openSearch({ url: 'https://os:9200', ...secrets });
    const volume = podTemplate(inject(deployment(), { sink })).spec.volumes!.find(
      ({ name }) => name === 'logtap-secrets',
    )!;
    const { sources } = volume.projected as { sources: { secret: { items: { path: string }[] } }[] };
    expect(sources.map(({ secret }) => secret.items[0]?.path)).toEqual(['tls/all.pem', 'tls/key.pem']);
  });

  test('is the only container with the password, in a file', () => {
    const { spec } = podTemplate(result);
    expect(spec.volumes?.[2]).toEqual({
      name: 'logtap-secrets',
      projected: {
        sources: [
          { secret: { name: 'opensearch', items: [{ key: 'password', path: 'opensearch/password' }], optional: true } },
        ],
      },
    });
    const mounting = ['app', 'logtap', 'logtap-install'].filter((name) =>
      container(result, name).volumeMounts?.some((mount) => mount.name === 'logtap-secrets'),
    );
    expect(mounting).toEqual(['logtap']);
  });

  test.each(['logtap', 'logtap-install'])('%s meets the restricted standard and has no CPU limit', (name) => {
    const { securityContext, resources } = container(result, name);
    expect(securityContext).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsGroup: 65532,
      runAsNonRoot: true,
      runAsUser: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(resources).toEqual({ limits: { memory: '256Mi' }, requests: { cpu: '10m', memory: '64Mi' } });
  });

  test('runs the image of this version by default', () => {
    const { version } = require('../../../package.json');
    const images = (props: LogTapProps) =>
      ['logtap', 'logtap-install'].map((name) => container(inject(deployment(), props), name).image);
    expect(images(stdout)).toEqual([`cdk8s-logtap:${version}`, `cdk8s-logtap:${version}`]);
    expect(images({ ...stdout, shipper: { image: 'mirror/logtap@sha256:1' } })).toEqual([
      'mirror/logtap@sha256:1',
      'mirror/logtap@sha256:1',
    ]);
  });
});

describe('the manifest around it', () => {
  test.each(workloads(crowded).map((workload) => [workload.kind, workload] as const))(
    '%s: injecting twice is injecting once, and it can be taken out again',
    (_kind, workload) => {
      const once = inject(workload, withPassword);
      expect(inject(once, withPassword)).toEqual(once);
      expect(uninject(once)).toEqual(workload);
    },
  );

  test('injecting again replaces all settings', () => {
    const before = inject(deployment(crowded), { ...withPassword, containers: ['web'], shipper: { drainSeconds: 5 } });
    expect(inject(before, stdout)).toEqual(inject(deployment(crowded), stdout));
  });

  test('a container may have the name of a member of Object', () => {
    const spec = podSpec({ containers: [{ name: 'constructor', image: 'x' }] });
    const props = { ...stdout, perContainer: {} };
    expect(uninject(inject(deployment(spec), props))).toEqual(deployment(spec));
  });

  test('uninjecting removes a grace period that was absent before', () => {
    expect(podTemplate(uninject(inject(deployment(), stdout))).spec).not.toHaveProperty(
      'terminationGracePeriodSeconds',
    );
  });

  test('the input is not changed, and the result shares nothing with it or within itself', () => {
    const input = deployment(crowded);
    const copy = structuredClone(input);
    const result = inject(input, withPassword);
    expect(input).toEqual(copy);
    const seen = new Set<unknown>();
    const visit = (value: unknown) => {
      if (value === null || typeof value !== 'object') return;
      if (seen.has(value)) throw new Error(`shared: ${JSON.stringify(value)}`);
      seen.add(value);
      Object.values(value).forEach(visit);
    };
    visit(input);
    visit(result);
  });

  test('names and labels are untouched, annotations only added', () => {
    const input = deployment();
    const template = podTemplate(input);
    template.metadata = { ...template.metadata, annotations: { team: 'shop' } };
    const result = inject(input, stdout);
    expect(result.metadata).toEqual(input.metadata);
    expect(podTemplate(result).metadata?.labels).toEqual({ app: 'orders' });
    expect(podTemplate(result).metadata?.annotations).toMatchObject({ team: 'shop' });
  });

  test('keys are sorted, so that equal content is equal text', () => {
    const shuffled = {
      spec: deployment().spec,
      kind: 'Deployment',
      metadata: { name: 'orders', labels: { app: 'orders' } },
    };
    const text = JSON.stringify(inject({ ...shuffled, apiVersion: 'apps/v1' }, stdout));
    expect(text).toBe(JSON.stringify(inject(deployment(), stdout)));
    expect(text).toBe(JSON.stringify(canonicalObject(JSON.parse(text))));
    expect(text.startsWith('{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"labels"')).toBe(true);
  });

  test.each([
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'x' }, spec: { ports: [{ port: 80 }] } },
    { apiVersion: 'batch.volcano.sh/v1alpha1', kind: 'Job', metadata: { name: 'x' }, spec: {} },
    { apiVersion: 'v1', kind: 'Deployment', metadata: { name: 'x' } },
  ])('$apiVersion $kind is no workload and comes back as it is', (manifest) => {
    expect(inject(manifest, stdout)).toBe(manifest);
  });
});

describe('the digest', () => {
  const digest = (props: LogTapProps) =>
    podTemplate(inject(deployment(), props)).metadata?.annotations?.['logtap.dev/config-hash'];
  const group = (logGroup: string) => ({ sink: Sink.cloudWatch({ logGroup, region: 'eu-central-1' }) });

  test('changes with a setting', () => {
    expect(digest(group('/a'))).not.toBe(digest(group('/b')));
    expect(digest({ ...stdout, file: '/a.log' })).not.toBe(digest(stdout));
  });

  const token = (number: number) => `\${Token[TOKEN.${number}]}`;

  test('does not change with the numbering of AWS CDK tokens', () => {
    expect(digest(group(token(1)))).toBe(digest(group(token(2))));
  });
});

describe('refused', () => {
  const app = podSpec().containers[0]!;
  test.each([
    [
      'an unknown container',
      { ...stdout, containers: ['app', 'db'] },
      crowded,
      /'containers' \("db"\) must .*use some of app, web, migrate/,
    ],
    [
      'a container named as the shipper',
      stdout,
      podSpec({ containers: [{ name: 'logtap', image: 'x' }] }),
      /container name 'logtap' is reserved.*rename/,
    ],
    [
      'a volume named as ours',
      stdout,
      podSpec({ volumes: [{ name: 'logtap', emptyDir: {} }] }),
      /volume name 'logtap' is reserved.*rename/,
    ],
    [
      'a mount in our path',
      stdout,
      podSpec({ containers: [{ ...app, volumeMounts: [{ name: 'x', mountPath: '/.logtap/x' }] }] }),
      /\/\.logtap\/x mounted in container 'app' is reserved.*elsewhere/,
    ],
    [
      'a volume named as that of the library',
      stdout,
      podSpec({ volumes: [{ name: 'logtap-lib', persistentVolumeClaim: { claimName: 'evil' } }] }),
      /volume name 'logtap-lib' is reserved.*rename/,
    ],
    [
      'a mount over the library',
      stdout,
      podSpec({ containers: [{ ...app, volumeMounts: [{ name: 'x', mountPath: '/.logtap-lib/' }] }] }),
      /\/\.logtap-lib\/ mounted in container 'app' is reserved.*elsewhere/,
    ],
    [
      'a mount over the library in other words',
      stdout,
      podSpec({ containers: [{ ...app, volumeMounts: [{ name: 'x', mountPath: '/opt/..//.logtap-lib' }] }] }),
      /mounted in container 'app' is reserved.*elsewhere/,
    ],
    [
      'a port name as ours',
      stdout,
      podSpec({ containers: [{ ...app, ports: [{ name: 'logtap', containerPort: 1 }] }] }),
      /port name 'logtap' of container 'app'.*rename/,
    ],
    [
      'the status port',
      stdout,
      podSpec({ containers: [{ ...app, ports: [{ containerPort: 9598 }] }] }),
      /port 9598 of container 'app'.*set 'shipper.statusPort' to another port/,
    ],
    [
      'a variable of the library',
      stdout,
      podSpec({ containers: [{ ...app, env: [{ name: 'LLT_TARGET', value: 'x' }] }] }),
      /LLT_TARGET of container 'app' is reserved.*property/,
    ],
    [
      'a grace period in quotes',
      stdout,
      podSpec({ terminationGracePeriodSeconds: '60' as unknown as number }),
      /terminationGracePeriodSeconds' \("60"\).*without quotes/,
    ],
    [
      'no containers',
      stdout,
      podSpec({ containers: [] }),
      /'spec.template.spec.containers' must be a list with at least one container/,
    ],
    [
      'an environment that is no list',
      stdout,
      podSpec({ containers: [{ ...app, env: { A: 1 } as unknown as [] }] }),
      /'spec.template.spec.containers\[0\].env' must be a list/,
    ],
  ])('%s', (_what, props, spec, says) => {
    const input = deployment(spec);
    expect(() => inject(input, props)).toThrow(says);
    expect(() => inject(input, props)).toThrow(/^(LT\d+ )?Deployment\/orders: /);
  });

  test('a record of the original that injection did not write', () => {
    const input = inject(deployment(), stdout);
    podTemplate(input).metadata!.annotations!['logtap.dev/original'] = 'yes';
    expect(() => inject(input, stdout)).toThrow(
      /'logtap.dev\/original' \("yes"\) must be the text that injection wrote/,
    );
  });

  test('null lists count as absent, as in Kubernetes', () => {
    const empty = { env: null, ports: null, volumeMounts: null } as unknown as Partial<typeof app>;
    const spec = podSpec({ containers: [{ ...app, ...empty }], volumes: null as unknown as [] });
    expect(variables(container(inject(deployment(spec), stdout), 'app')).LD_PRELOAD).toBe(LIBRARY);
  });
});

test.each([
  ['apps.openshift.io/v1', 'DeploymentConfig'],
  ['argoproj.io/v1alpha1', 'Rollout'],
])('%s %s: its pods are tapped like those of a Deployment', (apiVersion, kind) => {
  const expected = inject(deployment(), stdout);
  const actual = inject({ ...deployment(), apiVersion, kind }, stdout);
  expect(actual).toEqual({ ...expected, apiVersion, kind });
  expect(uninject(actual)).toEqual({ ...uninject(expected), apiVersion, kind });
});
