/** TappedDeployment and its like: tapped, and with defaults under which legacy images run. */
import { type Chart, Cron, Testing, Yaml } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import {
  LogTap,
  Sink,
  TappedCronJob,
  TappedDaemonSet,
  TappedDeployment,
  TappedJob,
  type TappedProps,
  TappedStatefulSet,
} from '../../../src/constructs/index.js';
import { type KubernetesObject, podTemplate } from '../../../src/constructs/injection/workload.js';
import { container, variables } from '../../support/workloads.js';

const tap = { sink: Sink.stdout(), accept: ['LT029'] };
const containers: kplus.ContainerProps[] = [{ name: 'app', image: 'orders:4.2' }];
type Props = TappedProps & Pick<kplus.DeploymentProps, 'containers' | 'initContainers'>;
type Tapped = kplus.Workload & { logTap: LogTap };

const service = (chart: Chart) => new kplus.Service(chart, 's', { ports: [{ port: 80 }] });
const schedule = Cron.hourly();

/** How to make each kind, tapped and plain. */
const kinds: Record<string, [(chart: Chart, props: Props) => Tapped, (chart: Chart) => kplus.Workload]> = {
  Deployment: [
    (chart, props) => new TappedDeployment(chart, 'w', { replicas: 3, ...props }),
    (chart) => new kplus.Deployment(chart, 'w', { replicas: 3, containers }),
  ],
  StatefulSet: [
    (chart, props) => new TappedStatefulSet(chart, 'w', { service: service(chart), ...props }),
    (chart) => new kplus.StatefulSet(chart, 'w', { service: service(chart), containers }),
  ],
  DaemonSet: [
    (chart, props) => new TappedDaemonSet(chart, 'w', { minReadySeconds: 3, ...props }),
    (chart) => new kplus.DaemonSet(chart, 'w', { minReadySeconds: 3, containers }),
  ],
  Job: [
    (chart, props) => new TappedJob(chart, 'w', { backoffLimit: 1, ...props }),
    (chart) => new kplus.Job(chart, 'w', { backoffLimit: 1, containers }),
  ],
  CronJob: [
    (chart, props) => new TappedCronJob(chart, 'w', { schedule, ...props }),
    (chart) => new kplus.CronJob(chart, 'w', { schedule, containers }),
  ],
};

describe.each(Object.entries(kinds))('Tapped%s', (kind, [make, makePlain]) => {
  const contexts = (manifest: KubernetesObject, ...names: string[]) =>
    names.map((name) => {
      const { runAsNonRoot, readOnlyRootFilesystem } = container(manifest, name).securityContext as Record<
        string,
        boolean
      >;
      return { runAsNonRoot, readOnlyRootFilesystem };
    });
  const relaxed = { runAsNonRoot: false, readOnlyRootFilesystem: false };
  const strict = { runAsNonRoot: true, readOnlyRootFilesystem: true };

  function synth(props: Partial<Props>): KubernetesObject {
    const chart = Testing.chart();
    const initContainers = [{ name: 'migrate', image: 'orders:4.2' }];
    const workload = make(chart, { containers, initContainers, tap, ...props });
    expect(workload.logTap).toBeInstanceOf(LogTap);
    workload.addContainer({ name: 'late', image: 'late' });
    workload.addInitContainer({ name: 'seed', image: 'seed' });
    return Testing.synth(chart).find((manifest) => manifest.kind === kind);
  }

  test('makes this manifest', () => {
    const chart = Testing.chart();
    make(chart, {
      containers,
      tap: {
        accept: ['LT029'],
        sink: Sink.cloudWatch({ logGroup: '/shop/orders', region: 'eu-central-1' }),
        file: '/var/log/orders.log',
        shipper: { image: 'cdk8s-logtap:1.0.0' },
      },
    });
    expect(Yaml.stringify(...Testing.synth(chart))).toMatchSnapshot();
  });

  test('is tapped', () => {
    const manifest = synth({});
    expect(variables(container(manifest, 'app')).LLT_TARGET).toBe('ring:/.logtap/rings');
    expect(variables(container(manifest, 'late')).LLT_TARGET).toBe('ring:/.logtap/rings');
  });

  test('relaxes the security context for legacy images', () => {
    const manifest = synth({});
    expect(contexts(manifest, 'app', 'late', 'migrate', 'seed')).toEqual([relaxed, relaxed, relaxed, relaxed]);
    expect(podTemplate(manifest).spec.securityContext).toMatchObject({ runAsNonRoot: false });
  });

  test('relaxes an attached container, unless its security context is its own', () => {
    const attach = (props: Partial<Props>, securityContext?: kplus.ContainerSecurityContextProps) => {
      const chart = Testing.chart();
      const own = securityContext === undefined ? {} : { securityContext };
      make(chart, { containers, tap, ...props }).attachContainer(
        new kplus.Container({ name: 'attached', image: 'agent', ...own }),
      );
      const manifest = Testing.synth(chart).find((each) => each.kind === kind);
      return contexts(manifest, 'app', 'attached');
    };
    expect(attach({})).toEqual([relaxed, relaxed]);
    expect(attach({}, { user: 1000 })).toEqual([relaxed, strict]);
    expect(attach({}, { ensureNonRoot: false })).toEqual([relaxed, { ...strict, runAsNonRoot: false }]);
    expect(attach({ hardened: true })).toEqual([strict, strict]);
  });

  test('an added container keeps an explicit value that equals the default', () => {
    const chart = Testing.chart();
    const securityContext = { ensureNonRoot: true, readOnlyRootFilesystem: true };
    make(chart, { containers, tap }).addContainer({ name: 'late', image: 'late', securityContext });
    expect(
      contexts(
        Testing.synth(chart).find((each) => each.kind === kind),
        'late',
      ),
    ).toEqual([strict]);
  });

  test('hardened keeps the defaults of cdk8s-plus', () => {
    const manifest = synth({ hardened: true });
    expect(contexts(manifest, 'app', 'late', 'migrate', 'seed')).toEqual([strict, strict, strict, strict]);
    expect(podTemplate(manifest).spec.securityContext).toMatchObject({ runAsNonRoot: true });
  });

  test('a container keeps its own security context', () => {
    const securityContext = { ensureNonRoot: true, readOnlyRootFilesystem: true, user: 1000 };
    const manifest = synth({ containers: [{ ...containers[0]!, securityContext }] });
    expect(contexts(manifest, 'app', 'late')).toEqual([strict, relaxed]);
  });

  test('the injected containers are always restricted', () => {
    expect(contexts(synth({}), 'logtap', 'logtap-install')).toEqual([strict, strict]);
  });

  test('differs from the workload of cdk8s-plus in nothing but these defaults and the injection', () => {
    const chart = Testing.chart();
    make(chart, { containers, hardened: true, tap });
    const tapped = Testing.synth(chart).find((manifest) => manifest.kind === kind);
    const plain = Testing.chart();
    makePlain(plain);
    expect(LogTap.uninject(tapped)).toEqual(Testing.synth(plain).find((manifest) => manifest.kind === kind));
  });
});
