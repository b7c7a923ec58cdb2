/** Annotations on the pod template: the same as properties, and over them; what is wrong names the annotation. */
import { LogTap, type LogTapProps, Sink, TapStreams } from '../../../src/constructs/index.js';
import type { KubernetesObject } from '../../../src/constructs/injection/workload.js';
import { podTemplate } from '../../../src/constructs/injection/workload.js';
import { container, podSpec, variables, workloads } from '../../support/workloads.js';

const stdout: LogTapProps = { sink: Sink.stdout() };
const spec = podSpec({
  containers: [
    { name: 'app', image: 'orders:4.2' },
    { name: 'web', image: 'nginx:1.27' },
  ],
  initContainers: [{ name: 'migrate', image: 'orders:4.2' }],
});

/** A workload of each kind with annotations on its pod template. */
function annotated(annotations: Record<string, string>): KubernetesObject[] {
  return workloads(spec).map((workload) => {
    const template = podTemplate(workload);
    template.metadata = { ...template.metadata, annotations };
    return workload;
  });
}
/** The tapped containers of a Deployment, with what the library is told there. */
function tapped(annotations: Record<string, string>, props = stdout) {
  const manifest = LogTap.inject(annotated(annotations)[1], props);
  return Object.fromEntries(
    ['app', 'web', 'migrate'].flatMap((name) => {
      const { LLT_TAP_INTO: into, LLT_TAP_FILE: file } = variables(container(manifest, name));
      return into === undefined ? [] : [[name, file === undefined ? into : `${into} ${file}`]];
    }),
  );
}

test('disabled: no kind of workload is injected, and an injected one loses its injection', () => {
  for (const workload of annotated({ 'logtap.dev/inject': 'disabled' })) {
    expect(LogTap.inject(workload, stdout)).toEqual(workload);
    expect(LogTap.check(workload, { ...stdout, containers: ['db'] })).toEqual([]);
    const injected = LogTap.inject(LogTap.uninject(workload), stdout);
    podTemplate(injected).metadata!.annotations!['logtap.dev/inject'] = 'disabled';
    expect(LogTap.inject(injected, stdout)).toEqual(workload);
  }
});

describe('on the metadata of the workload, and of a job template', () => {
  /** A workload of each kind with annotations on its own metadata, on that of its job template, and of its pod template. */
  const outer = (own: object, jobTemplate: object = {}, template: object = {}) =>
    workloads(spec).map((workload) => {
      const pod = podTemplate(workload);
      Object.assign(pod, { metadata: { ...pod.metadata, annotations: template } });
      const { jobTemplate: job } = (workload.spec ?? {}) as { jobTemplate?: object };
      if (job !== undefined) Object.assign(job, { metadata: { annotations: jobTemplate } });
      return { ...workload, metadata: { ...workload.metadata, annotations: own } };
    });
  const disabled = { 'logtap.dev/inject': 'disabled' };
  const enabled = { 'logtap.dev/inject': 'enabled' };
  const isTapped = (workload: KubernetesObject) =>
    'LLT_TARGET' in variables(container(LogTap.inject(workload, stdout), 'app'));

  test('a workload of any kind opts out', () => {
    expect(outer(disabled).map(isTapped)).toEqual(workloads().map(() => false));
    expect(outer({}, disabled).map(isTapped)).toEqual(workloads().map(({ kind }) => kind !== 'CronJob'));
  });

  test('the annotation nearest to the pod wins', () => {
    const cronJob = (...levels: [object, object, object]) => outer(...levels).at(-1)!;
    expect(isTapped(cronJob(disabled, enabled, {}))).toBe(true);
    expect(isTapped(cronJob(disabled, enabled, disabled))).toBe(false);
    expect(isTapped(cronJob(disabled, {}, enabled))).toBe(true);
  });

  test('every other annotation applies there, and an invalid one is reported', () => {
    const [, deployment] = outer({ 'logtap.dev/streams': 'stderr' });
    expect(variables(container(LogTap.inject(deployment, stdout), 'app')).LLT_TAP_INTO).toBe('2');
    for (const workload of outer({ 'logtap.dev/inject': false })) {
      expect(() => LogTap.inject(workload, stdout)).toThrow(/LT024 .*'logtap.dev\/inject' \(false\) must be a string/);
    }
  });

  test('a label does not opt out and is reported', () => {
    for (const workload of workloads(spec)) {
      Object.assign(workload, { metadata: { ...workload.metadata, labels: disabled } });
      expect(() => LogTap.inject(workload, stdout)).toThrow(/LT024 .*must be an annotation, not a label: move it/);
    }
  });
});

test('enabled has no effect', () => {
  expect(tapped({ 'logtap.dev/inject': 'enabled' })).toEqual({ app: '3', web: '3' });
});

test('containers and exclude-containers', () => {
  expect(tapped({ 'logtap.dev/containers': 'app, migrate' })).toEqual({ app: '3', migrate: '3' });
  expect(tapped({ 'logtap.dev/exclude-containers': 'web' })).toEqual({ app: '3' });
  expect(tapped({ 'logtap.dev/exclude-containers': 'web' }, { ...stdout, containers: ['web', 'migrate'] })).toEqual({
    migrate: '3',
  });
});

test.each([
  ['stdout', '1'],
  ['stderr', '2'],
  ['both', '3'],
  ['stdout,stderr', '3'],
  ['stderr, stdout', '3'],
  ['none', '0 /a.log'],
])('streams %s', (streams, says) => {
  const file = streams === 'none' ? { 'logtap.dev/file': '/a.log' } : {};
  expect(tapped({ ...file, 'logtap.dev/streams': streams })).toEqual({ app: says, web: says });
});

test('precedence: pod property, pod annotation, container property, container annotation', () => {
  const props: LogTapProps = { ...stdout, file: '/pod.log', streams: TapStreams.STDERR };
  const perContainer = { web: { file: '/web-property.log' } };
  expect(tapped({}, props)).toEqual({ app: '2 /pod.log', web: '2 /pod.log' });
  const pod = { 'logtap.dev/file': '/annotation.log' };
  expect(tapped(pod, { ...props, perContainer })).toEqual({ app: '2 /annotation.log', web: '2 /web-property.log' });
  const web = { ...pod, 'web.logtap.dev/file': '/web.log', 'web.logtap.dev/streams': 'both' };
  expect(tapped(web, { ...props, perContainer })).toEqual({ app: '2 /annotation.log', web: '3 /web.log' });
});

test('a changed annotation changes the digest', () => {
  const digest = (annotations: Record<string, string>) =>
    podTemplate(LogTap.inject(annotated(annotations)[1], stdout)).metadata?.annotations?.['logtap.dev/config-hash'];
  expect(digest({ 'app.logtap.dev/file': '/a.log' })).not.toBe(digest({ 'app.logtap.dev/file': '/b.log' }));
});

test('foreign annotations are ignored', () => {
  expect(tapped({ 'example.com/file': 'x', 'notlogtap.dev/file': 'x', file: 'x' })).toEqual({ app: '3', web: '3' });
});

test.each([
  ['a relative file', 'logtap.dev/file', 'app.log', /"app.log"\) must be absolute paths.*start each with '\/'/],
  ['a directory', 'app.logtap.dev/file', '/var/log/', /must be absolute paths and patterns of files/],
  ['an unknown stream', 'web.logtap.dev/streams', 'stdin', /"stdin"\) must be stdout, stderr, both or none/],
  ['none and more', 'logtap.dev/streams', 'none,stdout', /must be stdout/],
  ['an empty list', 'logtap.dev/containers', '', /must be names of containers/],
  ['a hole in a list', 'logtap.dev/exclude-containers', 'web,', /must be names of containers/],
  [
    'a misspelt name',
    'logtap.dev/container',
    'app',
    /must be one of logtap.dev\/inject, .*did you mean 'containers'\?/,
  ],
  ['a name like no other', 'logtap.dev/colour', 'red', /must be one of .*: correct its name/],
  ['a misspelt stream', 'logtap.dev/streams', 'stdrr', /did you mean 'stderr'\?/],
  ['a misspelt option of a container', 'app.logtap.dev/stream', 'stdout', /did you mean 'streams'\?/],
  [
    'what a container cannot have',
    'app.logtap.dev/inject',
    'disabled',
    /use app.logtap.dev\/file or app.logtap.dev\/streams/,
  ],
  ['a boolean', 'logtap.dev/inject', true as unknown as string, /\(true\) must be a string: put it in quotes/],
])('refuses %s', (_what, name, value, says) => {
  const act = () => tapped({ [name]: value });
  expect(act).toThrow(says);
  expect(act).toThrow(`LT024 Deployment/orders: the annotation '${name}'`);
});

test('an annotation for a container that is not tapped', () => {
  expect(() => tapped({ 'migrate.logtap.dev/file': '/a.log' })).toThrow(
    /LT002 .*CONTAINER.logtap.dev\/... \("migrate"\) must name containers that are tapped: use some of app, web/,
  );
});
