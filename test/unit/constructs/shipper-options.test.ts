/** The shipper's own options, native and classic sidecars, and what keeps credentials with the shipper. */
import {
  FailurePolicy,
  ImagePullPolicy,
  LogTap,
  type LogTapProps,
  OpenSearchSigning,
  type ShipperOptions,
  Sink,
} from '../../../src/constructs/index.js';
import { type KubernetesObject, type PodSpec, podTemplate } from '../../../src/constructs/injection/workload.js';
import { parseSettings } from '../../../src/shipper/settings.js';
import { container, deployment, podSpec, variables, workloadOf, workloads } from '../../support/workloads.js';

const stdout: LogTapProps = { sink: Sink.stdout() };
const inject = (shipper: ShipperOptions, spec?: Partial<PodSpec>): KubernetesObject =>
  LogTap.inject(deployment(podSpec(spec)), { ...stdout, shipper });
const shipperOf = (manifest: KubernetesObject) => container(manifest, 'logtap');
const spec = (manifest: KubernetesObject) => podTemplate(manifest).spec;

describe('options', () => {
  test('image and pull policy apply to both injected containers', () => {
    const manifest = inject({ image: 'mirror/logtap:1', imagePullPolicy: ImagePullPolicy.ALWAYS });
    for (const name of ['logtap', 'logtap-install']) {
      expect(container(manifest, name)).toMatchObject({ image: 'mirror/logtap:1', imagePullPolicy: 'Always' });
    }
    expect(shipperOf(inject({}))).not.toHaveProperty('imagePullPolicy');
  });

  test('pull secrets are added to those of the pod, and uninjecting removes only the added ones', () => {
    const own = { imagePullSecrets: [{ name: 'own' }, { name: 'shared' }] };
    const manifest = inject({ imagePullSecrets: ['mirror', 'shared'] }, own);
    expect(spec(manifest).imagePullSecrets).toEqual([{ name: 'own' }, { name: 'shared' }, { name: 'mirror' }]);
    expect(spec(LogTap.uninject(manifest)).imagePullSecrets).toEqual(own.imagePullSecrets);
    expect(spec(inject({}))).not.toHaveProperty('imagePullSecrets');
  });

  test('requests and limit', () => {
    expect(shipperOf(inject({ memoryRequestMiB: 100, memoryLimitMiB: 400, cpuRequestMillis: 250 })).resources).toEqual({
      limits: { memory: '400Mi' },
      requests: { cpu: '250m', memory: '100Mi' },
    });
  });

  test('the memory limit covers rings, buffer and the rest', () => {
    const manifest = inject({ memoryBufferMiB: 500 });
    expect(shipperOf(manifest).resources).toMatchObject({ limits: { memory: '682Mi' } });
    expect(variables(shipperOf(manifest)).LOGTAP_MEMORY_MAX_BYTES).toBe(String(500 * 1024 ** 2));
    expect(shipperOf(inject({ memoryBufferMiB: 10 })).resources).toMatchObject({ limits: { memory: '256Mi' } });
  });

  test.each<[number | undefined, number, ShipperOptions]>([
    [undefined, 256, {}],
    [1024 * 1024, 256, {}],
    // 3 times the 56 MiB above the default.
    [64 * 1024 * 1024, 424, {}],
    [64 * 1024 * 1024, 850, { memoryBufferMiB: 500 }],
    [64 * 1024 * 1024, 300, { memoryLimitMiB: 300 }],
  ])('objects of S3 of %p bytes need a limit of %d MiB: %j', (objectBytes, limit, options) => {
    const s3 = Sink.s3({
      bucket: 'archive',
      region: 'eu-central-1',
      ...(objectBytes !== undefined && { objectBytes }),
    });
    const shipper = { diskBufferMiB: 64, ...options };
    const limits = { memory: `${limit}Mi` };
    for (const tap of [{ sink: s3 }, { sink: Sink.stdout(), perContainer: { app: { sink: s3 } } }]) {
      const manifest = LogTap.inject(deployment(), { ...tap, shipper });
      expect(shipperOf(manifest).resources).toMatchObject({ limits });
    }
  });

  test('a volume of bounded size for records and dead letters, only in the shipper', () => {
    const manifest = inject({ diskBufferMiB: 1000, deadLettersMiB: 24 });
    expect(spec(manifest).volumes).toContainEqual({ name: 'logtap-disk', emptyDir: { sizeLimit: '1056Mi' } });
    expect(shipperOf(manifest).volumeMounts).toContainEqual({ name: 'logtap-disk', mountPath: '/var/lib/logtap' });
    for (const name of ['app', 'logtap-install']) {
      expect(container(manifest, name).volumeMounts).not.toContainEqual(
        expect.objectContaining({ name: 'logtap-disk' }),
      );
    }
    expect(parseSettings(variables(shipperOf(manifest)), () => {})).toMatchObject({
      spoolDir: '/var/lib/logtap/spool',
      spoolMaxBytes: 1000 * 1024 ** 2,
      deadLetterFile: '/var/lib/logtap/dead-letters',
      deadLetterMaxBytes: 24 * 1024 ** 2,
    });
    expect(JSON.stringify(inject({}))).not.toContain('logtap-disk');
  });

  test('other settings', () => {
    const manifest = inject({ settings: { LOGTAP_ON_FULL: 'drop-oldest', LOGTAP_LINE_MAX_BYTES: '5000' } });
    expect(parseSettings(variables(shipperOf(manifest)), () => {})).toMatchObject({
      onFull: 'drop-oldest',
      lineMaxBytes: 5000,
    });
  });

  test.each<[string, ShipperOptions, RegExp]>([
    [
      'a bad pull policy',
      { imagePullPolicy: 'Sometimes' as ImagePullPolicy },
      /'shipper.imagePullPolicy' \("Sometimes"\)/,
    ],
    ['a bad pull secret', { imagePullSecrets: ['My Secret'] }, /'shipper.imagePullSecrets' \("My Secret"\)/],
    ['half a MiB', { diskBufferMiB: 0.5 }, /'shipper.diskBufferMiB' \(0.5\) must be a whole number of MiB/],
    ['no CPU', { cpuRequestMillis: 0 }, /'shipper.cpuRequestMillis' \(0\).*thousandths/],
    [
      'too small a limit',
      { memoryLimitMiB: 189 },
      /'shipper.memoryLimitMiB' \(189\) must be 190 or more: 32 for the rings, 8 /,
    ],
    [
      'a limit below its buffer',
      { memoryLimitMiB: 256, memoryBufferMiB: 75 },
      /\(256\) must be 257 or more.*75 for records/,
    ],
    ['a request above the limit', { memoryRequestMiB: 300 }, /'shipper.memoryRequestMiB' \(300\).*limit of 256/],
    [
      'no setting of the shipper',
      { settings: { PATH: '/x' } },
      /'shipper.settings': PATH is not a setting of the shipper/,
    ],
    ['a misspelt setting', { settings: { LOGTAP_ON_FUL: 'block' } }, /LOGTAP_ON_FUL .*Did you mean LOGTAP_ON_FULL\?/],
    [
      'a setting with a unit',
      { settings: { LOGTAP_LINE_MAX_BYTES: '1MiB' } },
      /LOGTAP_LINE_MAX_BYTES='1MiB': must be a/,
    ],
    ['a setting out of its bounds', { settings: { LOGTAP_RING_POOL: '1001' } }, /LOGTAP_RING_POOL='1001': .*0 to 1000/],
    ['a choice that there is not', { settings: { LOGTAP_SPOOL_SYNC: 'yes' } }, /LOGTAP_SPOOL_SYNC='yes': .*interval/],
    [
      'settings that do not go together',
      { settings: { LOGTAP_OPENSEARCH_RETENTION_DAYS: '7' } },
      /LOGTAP_OPENSEARCH_RETENTION_DAYS has no effect unless LOGTAP_OPENSEARCH_SETUP is true/,
    ],
    [
      'half of a pair',
      { settings: { LOGTAP_OPENSEARCH_CERT_FILE: '/c' } },
      /LOGTAP_OPENSEARCH_KEY_FILE belong together/,
    ],
    ['a proxy of another kind', { settings: { HTTPS_PROXY: 'socks5://p:1' } }, /HTTPS_PROXY='socks5:\/\/p:1': must be/],
    ["the pod's name", { settings: { POD_NAME: 'x' } }, /POD_NAME' \("x"\) must be left to injection/],
    [
      'what injection sets',
      { settings: { LOGTAP_GRACE_SECONDS: '1' } },
      /LOGTAP_GRACE_SECONDS.*set 'shipper.drainSeconds'/,
    ],
    ['a number', { settings: { LOGTAP_RING_POOL: 8 as unknown as string } }, /RING_POOL' \(8\) must be text/],
  ])('refuses %s', (_what, shipper, says) => {
    expect(() => new LogTap({ ...stdout, shipper })).toThrow(says);
  });

  test('rejects a secret as a setting without repeating it', () => {
    const act = () => inject({ settings: { LOGTAP_API_TOKEN: 'hunter2' } });
    expect(act).toThrow(/LOGTAP_API_TOKEN' \("\*\*\*"\).*Secret/);
    expect(act).not.toThrow(/hunter2/);
  });

  test('rejects a setting that the sink sets', () => {
    const sink = Sink.cloudWatch({ logGroup: '/a', region: 'eu-central-1' });
    const settings = { LOGTAP_CLOUDWATCH_LOG_GROUP: '/b' };
    expect(() => new LogTap({ sink, shipper: { settings } })).toThrow(/LOG_GROUP' \("\/b"\) must be left to the sink/);
  });
});

describe('failure policy', () => {
  test('closed: the application waits; open: it does not', () => {
    const open = LogTap.inject(deployment(), { ...stdout, failurePolicy: FailurePolicy.FAIL_OPEN });
    const closed = LogTap.inject(deployment(), { ...stdout, failurePolicy: FailurePolicy.FAIL_CLOSED });
    expect(closed).toEqual(LogTap.inject(deployment(), stdout));
    expect(shipperOf(open)).not.toHaveProperty('lifecycle.postStart');
    expect(shipperOf(open)).toHaveProperty('lifecycle.preStop');
    expect(shipperOf(open)).toHaveProperty('livenessProbe');
    expect(shipperOf(closed)).toHaveProperty('lifecycle.postStart');
  });
});

describe('a classic sidecar', () => {
  const classic: LogTapProps = { ...stdout, nativeSidecar: false };

  test('is an ordinary container before the others, with the library installed before', () => {
    const manifest = LogTap.inject(deployment(), classic);
    expect(spec(manifest).initContainers?.map(({ name }) => name)).toEqual(['logtap-install']);
    expect(spec(manifest).containers.map(({ name }) => name)).toEqual(['logtap', 'app']);
    expect(shipperOf(manifest)).not.toHaveProperty('restartPolicy');
  });

  test.each([
    [undefined, true],
    ['1.29', true],
    ['v1.33.2-eks-1a2b', true],
    ['1.28', false],
    ['1.9.11', false],
  ])('Kubernetes %s: native is %s', (kubernetesVersion, isNative) => {
    const manifest = LogTap.inject(deployment(), { ...stdout, ...(kubernetesVersion && { kubernetesVersion }) });
    expect('restartPolicy' in shipperOf(manifest)).toBe(isNative);
  });

  test.each(['1,28', '28', '2.0', ''])('refuses the version %j', (kubernetesVersion) => {
    expect(() => new LogTap({ ...stdout, kubernetesVersion })).toThrow(/'kubernetesVersion' .* write it as '1.29'/);
  });

  test('ends by itself in a pod that ends, and only there', () => {
    const seconds = workloads().map((workload) => {
      const { LOGTAP_EXIT_WITHOUT_WRITERS_SECONDS: value } = variables(shipperOf(LogTap.inject(workload, classic)));
      return [workload.kind, value];
    });
    expect(seconds.filter(([, value]) => value !== undefined)).toEqual([
      ['Job', '30'],
      ['CronJob', '30'],
    ]);
    const native = variables(shipperOf(LogTap.inject(workloadOf('Job'), stdout)));
    expect(native).not.toHaveProperty('LOGTAP_EXIT_WITHOUT_WRITERS_SECONDS');
  });

  test.each([
    // The shipper gives half of its time to processes that still write, and gets its signal together with them.
    [30, 25, '60', 65],
    [10, 25, '35', 40],
    [0, 25, '25', 30],
  ])('grace %d, drain %d: it waits for the application and then drains', (grace, drain, seconds, podGrace) => {
    const manifest = LogTap.inject(deployment(podSpec({ terminationGracePeriodSeconds: grace })), {
      ...classic,
      shipper: { drainSeconds: drain },
    });
    expect(variables(shipperOf(manifest)).LOGTAP_GRACE_SECONDS).toBe(seconds);
    expect(spec(manifest).terminationGracePeriodSeconds).toBe(podGrace);
  });
});

describe('keepAwsCredentials: false makes AWS credentials the shipper’s alone', () => {
  const SKIP = 'eks.amazonaws.com/skip-containers';
  const cloudwatch = Sink.cloudWatch({ logGroup: '/a', region: 'eu-central-1' });
  const signed = Sink.openSearch({ url: 'https://os', signing: OpenSearchSigning.DOMAIN, region: 'eu-central-1' });
  const alone = { keepAwsCredentials: false };
  const skipped = (props: LogTapProps, present?: string) => {
    const manifest = deployment(podSpec({ initContainers: [{ name: 'migrate', image: 'x' }] }));
    if (present !== undefined) podTemplate(manifest).metadata = { annotations: { [SKIP]: present } };
    const injected = LogTap.inject(manifest, props);
    expect(LogTap.uninject(injected)).toEqual(manifest);
    return podTemplate(injected).metadata?.annotations?.[SKIP];
  };

  test('with a sink at AWS', () => {
    expect(skipped({ ...alone, sink: cloudwatch })).toBe('app,migrate');
    expect(skipped({ ...alone, sink: signed })).toBe('app,migrate');
    expect(skipped({ ...alone, sink: Sink.openSearch({ url: 'https://os' }) })).toBeUndefined();
    expect(skipped({ ...alone, ...stdout })).toBeUndefined();
  });

  test('together with the containers that the pod names', () => {
    expect(skipped({ ...alone, sink: cloudwatch }, 'envoy, app')).toBe('envoy,app,migrate');
  });

  test('otherwise the application keeps its role', () => {
    for (const sink of [cloudwatch, signed, Sink.all([cloudwatch, Sink.stdout()])]) {
      expect(skipped({ sink })).toBeUndefined();
      expect(skipped({ sink }, 'envoy')).toBe('envoy');
    }
    expect(skipped({ sink: cloudwatch, keepAwsCredentials: true })).toBeUndefined();
    expect(skipped({ sink: cloudwatch, keepAwsCredentials: true }, 'envoy')).toBe('envoy');
  });
});

test('another port for probes and metrics', () => {
  const pod = podSpec({ containers: [{ name: 'app', image: 'a', ports: [{ containerPort: 9598 }] }] });
  const manifest = LogTap.inject(deployment(pod), { ...stdout, shipper: { statusPort: 9600 } });
  expect(shipperOf(manifest).ports).toEqual([{ name: 'logtap', containerPort: 9600 }]);
  expect(variables(shipperOf(manifest)).LOGTAP_STATUS_PORT).toBe('9600');
  const taken = podSpec({ containers: [{ name: 'app', image: 'a', ports: [{ containerPort: 9600 }] }] });
  expect(() => LogTap.inject(deployment(taken), { ...stdout, shipper: { statusPort: 9600 } })).toThrow(
    /LT010 .*port 9600/,
  );
  for (const statusPort of [80, 65_536, 9600.5]) {
    expect(() => new LogTap({ ...stdout, shipper: { statusPort } })).toThrow(
      /'shipper.statusPort' .* from 1024 to 65535/,
    );
  }
});

test('a readiness probe on request only', () => {
  const probeOf = (shipper: object) =>
    shipperOf(LogTap.inject(deployment(podSpec({})), { ...stdout, shipper })).readinessProbe;
  expect(probeOf({})).toBeUndefined();
  expect(probeOf({ readinessProbe: false })).toBeUndefined();
  expect(probeOf({ readinessProbe: true })).toMatchObject({
    exec: { command: ['/.logtap-lib/logtap-probe', '9598', '/readyz', '4'] },
  });
});
