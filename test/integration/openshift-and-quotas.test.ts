/** The guide to OpenShift and quotas: its commands, and its manifests before the rules that the page names. */
import { chmodSync, chownSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Testing } from 'cdk8s';
import { parse } from 'yaml';
import { ensureSchemas } from '../../scripts/kubernetes-schemas.js';
import { Sink, TappedDeployment } from '../../src/constructs/index.js';
import { parseQuantity } from '../../src/constructs/injection/quantity.js';
import { type KubernetesObject, type PodSpec, podTemplate } from '../../src/constructs/injection/workload.js';
import { describeWith } from '../support/capability.js';
import { NEWEST_VERSION, schemaErrors } from '../support/kubernetes-schemas.js';
import { runPage, stepsOf } from '../support/page.js';
import { logtap, run, temporaryDirectory } from '../support/run.js';
import { drain, startShipper, tapEnvironment } from '../support/tapped.js';

const steps = stepsOf('docs/guides/openshift-and-quotas.md');
const cwd = temporaryDirectory();
const objectIn = (file: string) => parse(readFileSync(join(cwd, file), 'utf8'));
const specOf = (file: string) => podTemplate(objectIn(file) as KubernetesObject).spec;
const containersOf = ({ containers, initContainers = [] }: PodSpec) => [...initContainers, ...containers];

interface SecurityContext {
  readonly runAsUser?: number;
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly capabilities?: { readonly add?: readonly string[] };
  readonly seccompProfile?: { readonly type?: string };
}

/** Fields that the SecurityContextConstraints `restricted-v2` refuse. What is absent, they fill in. */
function refusedByRestrictedV2(spec: PodSpec): string[] {
  const VOLUMES = ['configMap', 'downwardAPI', 'emptyDir', 'persistentVolumeClaim', 'projected', 'secret'];
  const kinds = (spec.volumes ?? []).flatMap(({ name: _, ...source }) => Object.keys(source));
  const host = ['hostNetwork', 'hostPID', 'hostIPC'].filter((name) => (spec as Record<string, unknown>)[name] === true);
  const ofContainers = containersOf(spec).flatMap(({ name, securityContext }) => {
    const context = (securityContext ?? {}) as SecurityContext;
    return [
      ...(context.runAsUser === undefined ? [] : ['runAsUser']),
      ...(['privileged', 'allowPrivilegeEscalation'] as const).filter((field) => context[field] === true),
      ...(context.capabilities?.add ?? []).filter((each) => each !== 'NET_BIND_SERVICE'),
      ...([undefined, 'RuntimeDefault'].includes(context.seccompProfile?.type) ? [] : ['seccompProfile']),
    ].map((field) => `${name}: ${field}`);
  });
  return [...host, ...kinds.filter((kind) => !VOLUMES.includes(kind)), ...ofContainers];
}

type Amounts = Record<string, unknown>;
const resourcesOf = (container: object) =>
  ({ requests: {}, limits: {}, ...(container as { resources?: object }).resources }) as Record<
    'requests' | 'limits',
    Amounts
  >;

/** Resources that a quota demands of each container, and that one lacks. */
function lackedForQuota(spec: PodSpec, hard: Amounts): string[] {
  return containersOf(spec).flatMap((container) =>
    Object.keys(hard)
      .filter((name) => {
        const [field, resource = ''] = name.split('.') as ['requests' | 'limits', string];
        return resourcesOf(container)[field][resource] === undefined;
      })
      .map((name) => `${container.name}: ${name}`),
  );
}

/** Amounts outside a LimitRange for containers. */
function outsideOfRange(spec: PodSpec, range: Record<'min' | 'max' | 'maxLimitRequestRatio' | 'default', Amounts>) {
  return containersOf(spec).flatMap((container) => {
    const { requests, limits } = resourcesOf(container);
    return ['cpu', 'memory'].flatMap((name) => {
      const [request, limit] = [requests, { ...range.default, ...limits }].map((each) => parseQuantity(each[name])!);
      const wrong = [
        ...(request! < parseQuantity(range.min[name])! ? ['min'] : []),
        ...(limit! > parseQuantity(range.max[name])! ? ['max'] : []),
        ...(limit! / request! > parseQuantity(range.maxLimitRequestRatio[name])! ? ['ratio'] : []),
      ];
      return wrong.map((rule) => `${container.name}: ${name} ${rule}`);
    });
  });
}

describeWith(['kubernetes schemas'], 'the guide to OpenShift and quotas', () => {
  /** The pod without the options of the page. */
  let plain: PodSpec;
  beforeAll(async () => {
    await ensureSchemas();
    await runPage(steps, { cwd });
    const args = ['inject', 'orders.yaml', '--sink', 'stdout', '--image', 'a'];
    const { stdout } = await run(process.execPath, [logtap, ...args], { cwd });
    plain = podTemplate(parse(stdout)).spec;
  });

  test.each(['orders-openshift.yaml', 'orders-quota.yaml', 'orders-narrow.yaml', 'quota.yaml', 'limit-range.yaml'])(
    'Kubernetes accepts %s',
    (file) => {
      expect(schemaErrors(objectIn(file), NEWEST_VERSION)).toEqual([]);
    },
  );

  test('restricted-v2 refuses only the fixed user, and admits the pod of the page', () => {
    expect(refusedByRestrictedV2(plain)).toEqual(['logtap-install: runAsUser', 'logtap: runAsUser']);
    expect(refusedByRestrictedV2(specOf('orders-openshift.yaml'))).toEqual([]);
  });

  test.each([true, false])('restricted-v2 admits a TappedDeployment, hardened: %s', (hardened) => {
    const chart = Testing.chart();
    const tap = { sink: Sink.stdout(), shipper: { image: 'a', fixedUser: false } };
    new TappedDeployment(chart, 'Orders', { hardened, containers: [{ image: 'x' }], tap });
    const [deployment] = Testing.synth(chart);
    expect(refusedByRestrictedV2(podTemplate(deployment).spec)).toEqual([]);
  });

  test('a pod of the class Guaranteed stays in it with the settings for OpenShift', () => {
    for (const container of containersOf(specOf('orders-openshift.yaml'))) {
      const { requests, limits } = resourcesOf(container);
      expect([requests.cpu, requests.memory]).toEqual([limits.cpu, limits.memory]);
    }
  });

  test('the quota demands a CPU limit, which the pod of the page has', () => {
    const { hard } = objectIn('quota.yaml').spec;
    expect(lackedForQuota(plain, hard)).toEqual(['logtap-install: limits.cpu', 'logtap: limits.cpu']);
    expect(lackedForQuota(specOf('orders-quota.yaml'), hard)).toEqual([]);
  });

  test('the LimitRange refuses the defaults, and admits the pod of the page', () => {
    const [range] = objectIn('limit-range.yaml').spec.limits;
    const rules = ['cpu min', 'cpu ratio', 'memory min', 'memory ratio'];
    expect(outsideOfRange(plain, range)).toEqual(
      ['logtap-install', 'logtap'].flatMap((name) => rules.map((rule) => `${name}: ${rule}`)),
    );
    expect(outsideOfRange(specOf('orders-narrow.yaml'), range)).toEqual([]);
  });

  test('the patch gives the shipper a limit on its disk where the application has none', async () => {
    const { stdout } = await run(process.execPath, [logtap, 'inject', 'orders.yaml', '--config', 'disk.yaml'], { cwd });
    const { initContainers = [] } = podTemplate(parse(stdout)).spec;
    expect(initContainers.map((each) => resourcesOf(each).limits['ephemeral-storage'])).toEqual([undefined, '2160Mi']);
  });
});

describeWith(['root', 'network tools'], 'a user of the range of a namespace, whom no passwd file names', () => {
  const USER = 1_000_650_000;

  test('installs the library, taps the application and ships its lines', async () => {
    // Volumes as the kubelet mounts them: of root, of the group that OpenShift chooses, and writable for all.
    const volumes = ['memory', 'library'].map((name) => {
      const path = join(temporaryDirectory(), name);
      mkdirSync(path);
      chownSync(path, 0, USER);
      chmodSync(path, 0o2777);
      chmodSync(join(path, '..'), 0o755);
      return path;
    });
    const [memory = '', lib = ''] = volumes;
    const own = ['setpriv', `--reuid=${USER}`, '--regid=0', `--groups=${USER}`];
    const env = { HOME: '/' };
    const installed = await run(
      'setpriv',
      [...own.slice(1), process.execPath, logtap, 'install', lib, `${memory}/rings`],
      {
        env,
      },
    );
    expect(installed).toMatchObject({ code: 0, stderr: '' });
    const settings = {
      LOGTAP_SINK: 'stdout',
      LOGTAP_RING_DIR: `${memory}/rings`,
      LOGTAP_SOCKET: `${memory}/logtap.sock`,
    };
    const shipper = await startShipper({ ...env, ...settings }, own);
    const application = await run('setpriv', [...own.slice(1), 'echo', 'from the range'], {
      env: {
        ...tapEnvironment(settings.LOGTAP_SOCKET),
        LD_PRELOAD: `${lib}/liblogtap.so`,
        LLT_TARGET: `ring:${memory}/rings`,
      },
    });
    expect(application).toMatchObject({ code: 0, stdout: 'from the range\n' });
    const { code, stdout } = await drain(shipper);
    expect([code, stdout]).toEqual([0, expect.stringContaining('"message":"from the range"')]);
  });
});
